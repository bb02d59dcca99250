"""Everything about one call on one HTML file for people: it loads nothing, works without scripts, and prints.

What came from a far end is text here, never markup; numbers are masked, names of people are left out.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from probe.words import Language
from reports.call_page_said import Said
from reports.call_page_values import Call
from reports.wording import Wording


def page(call: Call, language: Language) -> str:
    """The file's text."""
    view = Said(call, Wording(language, call.zone))
    style, script = _part("call.css"), _part("call.js")
    return (
        _environment()
        .get_template("call.html")
        .render(
            v=view,
            call=call,
            say=view.say,
            style=Markup(style),  # noqa: S704 - ours
            script=Markup(script),  # noqa: S704 - ours
            style_hash=_hash(style),
            script_hash=_hash(script),
            language=language,
        )
    )


def _hash(text: str) -> str:
    """As a Content-Security-Policy names what may run or style the page, and nothing else does."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _part(name: str) -> str:
    return (Path(__file__).with_name("templates") / name).read_text("utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
