"""A day at a glance: each test as a mark between 00.00 and 24.00, drawn as inline SVG without any library."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from markupsafe import Markup

from reports.printed import tone
from reports.values import Row

WIDTH: Final = 720
HEIGHT: Final = 16
MARK: Final = 5
"""Width of a mark; hours lie 30 apart."""


def strip(rows: Sequence[Row], start: datetime, end: datetime, label: str) -> Markup:
    """The marks of some rows; worse ones are drawn over better ones. Colours come from the page's style."""
    seconds = (end - start).total_seconds()
    hours = range(0, round(seconds / 3600) + 1, 6)
    lines = "".join(f'<path class="hour" d="M{hour * 3600 / seconds * WIDTH:.1f} 0V{HEIGHT}"/>' for hour in hours)
    order = ("missed", "left_out", "pass", "inconclusive", "lost", "degraded", "fail")
    marks = []
    for row in sorted(rows, key=lambda r: order.index(tone(r))):
        share = min(max((row.entry.at - start).total_seconds() / seconds, 0.0), 1.0)
        kind = "apart" if row.entry.trigger != "schedule" else ""
        top, height = (3, HEIGHT - 6) if kind else (1, HEIGHT - 2)
        x = share * (WIDTH - MARK)
        marks.append(f'<rect class="{tone(row)}" x="{x:.1f}" y="{top}" width="{MARK}" height="{height}" rx="1"/>')
    return Markup(
        '<svg class="strip" viewBox="0 0 {width} {height}" role="img" aria-label="{label}">{inside}</svg>'
    ).format(width=WIDTH, height=HEIGHT, label=label, inside=Markup(lines + "".join(marks)))  # noqa: S704 - as above
