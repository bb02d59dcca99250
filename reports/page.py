"""The daily report as one HTML file: nothing outside it is loaded, it works without scripts, and prints on A4."""

from __future__ import annotations

import base64
import re
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports.printed import Printed
from reports.strip import strip

LOGO_BYTES: Final = 500_000
"""A logo is put into the file; a larger one would make each report heavy."""
_KINDS: Final = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}


def page(report: Printed) -> str:
    """The file's text."""
    period = report.report.period
    strips = [
        strip(line.group.rows, period.start, period.end, " · ".join(line.name)) if line.group else ""
        for line in report.groups
    ]
    template = _environment().get_template("daily.html")
    return template.render(
        r=report, say=report.wording.say, logo=_logo(report.logo), strips=strips, counters=_counters(report)
    )


def _counters(report: Printed) -> Markup:
    """*Page x of y* as CSS: the browser counts when it prints."""
    page, pages = "\N{LATIN LETTER WYNN}", "\N{LATIN SMALL LETTER EZH}"  # two letters that no language of ours has
    said = css_string(report.wording.say("report.page", page=page, pages=pages))
    for letter, counter in ((page, "page"), (pages, "pages")):
        said = Markup(said.replace(f"\\{ord(letter):X} ", Markup(f'" counter({counter}) "')))  # noqa: S704 - ours
    return said


@cache
def _environment() -> Environment:
    folder = Path(__file__).with_name("templates")
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["css"] = css_string
    return made


def css_string(text: str) -> Markup:
    """A text as a string of CSS: every sign that is no plain letter or digit as its number."""
    plain = re.sub(r"[^A-Za-z0-9]", lambda sign: f"\\{ord(sign[0]):X} ", text)
    return Markup(f'"{plain}"')  # noqa: S704 - nothing but letters, digits, backslashes and blanks is left


def _logo(path: Path | None) -> str | None:
    """The picture as an address of its own content; None when there is none that can be used."""
    kind = _KINDS.get(path.suffix.lower()) if path is not None else None
    if path is None or kind is None:
        return None
    try:
        data = path.read_bytes()
    except OSError:
        return None  # the report matters more than its logo
    return f"data:{kind};base64,{base64.b64encode(data).decode()}" if len(data) <= LOGO_BYTES else None
