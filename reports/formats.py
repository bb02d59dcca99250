"""What the cells of a workbook look like: each format is made once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from probe.words import Language

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook

INK, MUTED, EDGE, HEAD = "#1b2733", "#5b6b7a", "#c9d2da", "#e8eef3"
TONES: Final = {
    "pass": {},
    "degraded": {"bg_color": "#fff6d6"},
    "fail": {"bg_color": "#fde3e0"},
    "inconclusive": {"bg_color": "#eceff2"},
    "missed": {"bg_color": "#eceff2", "font_color": MUTED},
    "lost": {"bg_color": "#eceff2"},
    "left_out": {"bg_color": "#e6f0f8", "font_color": MUTED},
}
"""By verdict or state: colour helps the eye, the words alone say it."""
LOCALES: Final = {"id": "[$-421]", "en": "[$-409]"}
"""Windows' numbers of the languages: programs that look at them write a decimal comma in Indonesian."""
_BASE: Final[dict[str, Any]] = {"font_name": "Arial", "font_size": 9, "font_color": INK, "valign": "top"}
_BOX: Final[dict[str, Any]] = {"border": 1, "border_color": EDGE}


def _kinds(language: Language) -> dict[str, dict[str, Any]]:
    locale = LOCALES[language]
    colon = '"."' if language == "id" else ":"
    heading = {**_BOX, "bold": True, "bg_color": HEAD, "text_wrap": True, "align": "center", "valign": "vcenter"}
    return {
        "title": {"bold": True, "font_size": 14},
        "strong": {"bold": True},
        "section": {"bold": True, "font_size": 11, "bottom": 1, "bottom_color": INK},
        "plain": {},
        "muted": {"font_color": MUTED},
        "banner": {"bold": True, "font_color": "#9a3412", "bg_color": "#fff6d6"},
        "label": {**_BOX, "font_color": MUTED},
        "heading": heading,
        "subheading": {**heading, "bold": False, "font_size": 8},
        "text": _BOX,
        "wrapped": {**_BOX, "text_wrap": True},
        "centre": {**_BOX, "text_wrap": True, "align": "center"},
        "right": {**_BOX, "align": "right"},
        "count": {**_BOX, "num_format": f"{locale}#,##0"},
        "tenth": {**_BOX, "num_format": f"{locale}#,##0.0"},
        "percent": {**_BOX, "num_format": f"{locale}0.0%"},
        "second": {**_BOX, "num_format": f"hh{colon}mm{colon}ss", "align": "right"},
        "later": {**_BOX, "num_format": f'hh{colon}mm{colon}ss" (+1)"', "align": "right"},
        "clock": {**_BOX, "num_format": f"hh{colon}mm", "align": "right"},
        "note": {"text_wrap": True},
        "pen": {**_BOX, "italic": True, "font_color": MUTED, "align": "center", "valign": "bottom"},
    }


class Formats:
    """The formats of one workbook."""

    def __init__(self, book: Workbook, language: Language) -> None:
        self._book = book
        self._kinds = _kinds(language)
        self._made: dict[tuple[str, str], Format] = {}

    def get(self, kind: str, tone: str = "pass") -> Format:
        """The format of a kind of cell, in the colours of a tone."""
        key = (kind, tone)
        if key not in self._made:
            self._made[key] = self._book.add_format({**_BASE, **self._kinds[kind], **TONES[tone]})
        return self._made[key]
