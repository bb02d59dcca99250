"""The drawings of a call's page as inline SVG: sound with its labels, the course of stages and steps, weights of signs.

Places along the time are percentages of the width, so that the reader can widen the drawing and letters stay letters.
Colours come from the page's style; no drawing needs them to be understood.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from reports.call_page_labels import Label, Lane
from reports.call_page_sound import LOUDEST, Outline

LANE_PX: Final = 26
"""Height of a row of labels, and of the half of the outline that one direction takes."""
SOUND_PX: Final = 76
AXIS_PX: Final = 24
_TICKS_S: Final = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800)
_MOST_TICKS: Final = 16
_LETTER_PERCENT: Final = 0.62
"""Width of a letter where the drawing is 1100 points wide, as it is on a usual screen."""

_SOME_PERCENT: Final = 2.5
"""Of a narrower label not even three letters could be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A label with its words in the reader's language, and its place in the table."""

    number: int
    label: Label
    words: str
    short: str
    """What its row alone does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A recording on the time of the call: seconds after t0 of its beginning and end."""

    outline: Outline
    from_s: float
    until_s: float


def sound(labels: Sequence[Named], track: Track | None, end_s: float, words: dict[str, str]) -> Markup:
    """All labels above the outline. ``words``: ``label``, what it shows; ``minutes``, its unit."""
    rows = rows_of(labels)
    parts = [Markup('<g class="axis">'), *_axis(end_s, height(rows, track), words), Markup("</g>")]
    for row, lane in enumerate(rows):
        parts.append(_lane(lane, row * LANE_PX, [n for n in labels if n.label.lane is lane], end_s))
    if track is not None:
        top = len(rows) * LANE_PX
        parts += [_outline(track, track.outline.theirs, "theirs", top, end_s)]
        parts += [_outline(track, track.outline.ours, "ours", top + SOUND_PX, end_s)]
    cursor = '<line id="cursor" class="cursor" x1="0" x2="0" y1="0" y2="100%" visibility="hidden"/>'
    return Markup(
        '<svg id="sound" class="sound" width="100%" height="{height}" role="img" aria-label="{label}" data-end="{end}">'
        "{inside}{cursor}</svg>"
    ).format(
        height=height(rows, track),
        label=words["label"],
        end=f"{end_s:.3f}",
        inside=Markup("").join(parts),
        cursor=Markup(cursor),  # noqa: S704 - ours
    )


def rows_of(labels: Sequence[Named]) -> tuple[Lane, ...]:
    """The rows that have something in them, in their order."""
    there = {named.label.lane for named in labels}
    return tuple(lane for lane in Lane if lane in there)


def height(rows: Sequence[Lane], track: Track | None) -> int:
    """Of the whole drawing."""
    return len(rows) * LANE_PX + (2 * SOUND_PX if track is not None else 0) + AXIS_PX


def _axis(end_s: float, high: int, words: dict[str, str]) -> Iterator[Markup]:
    step = next((s for s in _TICKS_S if end_s / s <= _MOST_TICKS), 3600)
    for index in range(int(end_s / step) + 1):
        at_s = index * step
        if at_s > 0.97 * end_s and index:  # its letters would stick out
            break
        said = f"{at_s / 60:g}{words['minutes']}" if step >= 60 else f"{at_s:g}"
        yield Markup(
            '<line x1="{x}" x2="{x}" y1="0" y2="{y}"/><text x="{x}" dx="4" y="{letters}">{said}</text>'
        ).format(x=_percent(at_s, end_s), y=high - AXIS_PX + 8, letters=high - 7, said=said)


def _lane(lane: Lane, top: int, labels: Sequence[Named], end_s: float) -> Markup:
    spans = [n for n in labels if n.label.until_s is not None]
    # in a row of spans, instants would hide the words of the spans; the table has them
    points = [] if lane is Lane.AGENT else [n for n in labels if n.label.until_s is None]
    parts = [Markup('<rect class="row" width="100%" y="{y}" height="{h}"/>').format(y=top, h=LANE_PX - 1)]
    parts += [_span(named, top, end_s) for named in spans]
    follow = [*(n.label.at_s for n in points[1:]), end_s][: len(points)]
    parts += [_point(named, top, next_s, end_s) for named, next_s in zip(points, follow, strict=True)]
    return Markup('<g class="lane {lane}">{inside}</g>').format(lane=lane.value, inside=Markup("").join(parts))


def _span(named: Named, top: int, end_s: float) -> Markup:
    """An inner drawing cuts off what does not fit, however wide the reader makes it."""
    label = named.label
    until_s = label.at_s if label.until_s is None else label.until_s
    width = max(0.15, 100 * (min(until_s, end_s) - max(0.0, label.at_s)) / end_s)
    return Markup(
        '<svg class="span {what}" x="{x}" y="{y}" width="{w:.3f}%" height="{h}" data-at="{at}" data-until="{until}">'
        '<title>{words}</title><rect width="100%" height="100%" rx="3"/>{letters}</svg>'
    ).format(
        what=label.what,
        x=_percent(label.at_s, end_s),
        y=top + 2,
        w=width,
        h=LANE_PX - 5,
        at=f"{label.at_s:.3f}",
        until=f"{until_s:.3f}",
        words=named.words,
        letters=Markup('<text x="6" y="15">{short}</text>').format(short=named.short) if width >= _SOME_PERCENT else "",
    )


def _point(named: Named, top: int, next_s: float, end_s: float) -> Markup:
    """A mark, with its words beside it where there is room for them before the next one or the edge."""
    at_s, needed = named.label.at_s, len(named.short) * _LETTER_PERCENT + 1.5
    letters = Markup("")
    if 100 * (next_s - at_s) / end_s >= needed:
        letters = Markup('<text x="8" y="17">{words}</text>').format(words=named.short)
    elif next_s >= end_s and 100 * at_s / end_s >= needed:
        letters = Markup('<text x="-8" y="17" text-anchor="end">{words}</text>').format(words=named.short)
    return Markup(
        '<svg class="point {what}" x="{x}" y="{y}" overflow="visible" width="1" height="{h}" data-at="{at}">'
        '<title>{words}</title><path d="M0 4l6 8-6 8-6-8z"/>{letters}</svg>'
    ).format(
        what=named.label.what,
        x=_percent(at_s, end_s),
        y=top,
        h=LANE_PX,
        at=f"{at_s:.3f}",
        words=named.words,
        letters=letters,
    )


def _outline(track: Track, heights: Sequence[int], which: str, top: int, end_s: float) -> Markup:
    """Upper half as steps, lower half as its mirror image."""
    before, steps = 0, list[str]()
    for high in heights:
        steps.append(f"v{before - high}h1" if high != before else "h1")
        before = high
    width = 100 * (track.until_s - track.from_s) / end_s
    return Markup(
        '<svg class="outline {which}" x="{x}" y="{y}" width="{w:.3f}%" height="{h}" viewBox="0 -{top} {count} {all}" '
        'preserveAspectRatio="none"><path id="{which}" d="M0 0{path}v{back}z"/>'
        '<use href="#{which}" transform="scale(1 -1)"/></svg>'
    ).format(
        which=which, x=_percent(track.from_s, end_s), y=top, w=width, h=SOUND_PX, top=LOUDEST, all=2 * LOUDEST,
        count=max(1, len(heights)), path="".join(steps), back=before,
    )  # fmt: skip


def course(from_s: float, until_s: float, end_s: float, kind: str, marks: Sequence[tuple[str, float]] = ()) -> Markup:
    """One bar of a waterfall; ``marks`` are limits inside the time of the call, by their kind."""
    lines = [
        Markup('<line class="{kind}" x1="{x}" x2="{x}" y1="0" y2="100%"/>').format(kind=what, x=_percent(at_s, end_s))
        for what, at_s in marks
        if 0 <= at_s <= end_s
    ]
    return Markup(
        '<svg class="course" width="100%" height="18" aria-hidden="true">'
        '<rect class="ground" width="100%" height="18"/>'
        '<rect class="{kind}" x="{x}" y="3" width="{w:.3f}%" height="12" rx="2"/>{lines}</svg>'
    ).format(
        kind=kind,
        x=_percent(from_s, end_s),
        w=max(0.4, 100 * (min(until_s, end_s) - from_s) / end_s if end_s else 0.4),
        lines=Markup("").join(lines),
    )


def weight(value: float, largest: float) -> Markup:
    """A bar from the middle: to the right for a person, to the left against."""
    share = 50 * min(1.0, abs(value) / largest) if largest else 0.0
    x, kind = (50.0, "for") if value >= 0 else (50.0 - share, "against")
    return Markup(
        '<svg class="weight" width="100%" height="14" aria-hidden="true"><rect class="{kind}" x="{x:.2f}%" y="2" '
        'width="{w:.2f}%" height="10" rx="2"/><line x1="50%" x2="50%" y1="0" y2="14"/></svg>'
    ).format(kind=kind, x=x, w=share)


def arrow(sent: bool) -> Markup:
    """One rung of the ladder between two lines of life, from who sent to who received."""
    head = "M-9 -5L0 0L-9 5" if sent else "M9 -5L0 0L9 5"
    return Markup(
        '<svg class="arrow {way}" width="100%" height="38" aria-hidden="true">'
        '<line class="life" x1="12%" x2="12%" y1="0" y2="38"/><line class="life" x1="88%" x2="88%" y1="0" y2="38"/>'
        '<line x1="12%" x2="88%" y1="19" y2="19"/>'
        '<svg x="{x}" y="19" overflow="visible" width="1" height="1"><path d="{head}"/></svg></svg>'
    ).format(way="sent" if sent else "received", x="88%" if sent else "12%", head=head)


def _percent(at_s: float, end_s: float) -> str:
    return f"{100 * min(max(at_s, 0.0), end_s) / end_s:.3f}%" if end_s else "0%"
