"""Writing on a worksheet in rows: sections, tables over several columns, and rows as high as their text."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Final

from reports.closing import Table
from reports.formats import Formats

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

LINE_PT: Final = 12.0
"""Height of a line of 9 pt; programs other than Excel do not find the height of wrapped text by themselves."""
WIDER: Final = 1.2
"""Letters of Arial 9 in the width of one digit of the sheet's own font, on the safe side."""


class Grid:
    """A worksheet that is filled from above; ``row`` is the next free one."""

    def __init__(self, sheet: Worksheet, widths: Sequence[float], formats: Formats) -> None:
        self.sheet, self.formats, self.widths = sheet, formats, widths
        self.row = 0
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)

    def text(self, text: str, kind: str, column: int = 0) -> None:
        """A text that may run over the empty cells beside it."""
        self.sheet.write_string(self.row, column, text, self.formats.get(kind))
        self.row += 1

    def put(self, column: int, span: int, text: str, kind: str, *, below: int = 0) -> None:
        """A text in one cell, or in several made one; the row stays."""
        row = self.row + below
        if span > 1:
            self.sheet.merge_range(row, column, row, column + span - 1, "", self.formats.get(kind))
        self.sheet.write_string(row, column, text, self.formats.get(kind))

    def section(self, title: str) -> None:
        """A heading with a line under it, after an empty row."""
        self.row += 1
        for column in range(len(self.widths)):
            self.sheet.write_blank(self.row, column, None, self.formats.get("section"))
        self.text(title, "section")

    def table(self, table: Table, spans: Sequence[int], nothing: str) -> None:
        """A section with headings and rows; each heading is over so many columns."""
        self.section(table.title)
        if not table.rows:
            self.text(nothing, "plain")
            return
        self._line(table.headings, spans, "heading")
        for cells in table.rows:
            self._line(cells, spans, "wrapped")

    def notes(self, title: str, lines: Sequence[str]) -> None:
        """A section with one text per row, over all columns."""
        self.section(title)
        for line in lines:
            self._line((line,), (len(self.widths),), "note")

    def _line(self, cells: Sequence[str], spans: Sequence[int], kind: str) -> None:
        column, lines = 0, 1
        for text, span in zip(cells, spans, strict=True):
            self.put(column, span, text, kind)
            lines = max(lines, lines_of(text, sum(self.widths[column : column + span])))
            column += span
        self.sheet.set_row(self.row, height_of(lines))
        self.row += 1


def lines_of(text: str, width: float) -> int:
    """How many lines a text takes in a column, in characters of width; words are not torn."""
    return ceil(len(text) / (width * WIDER)) if len(text) > width else 1


def height_of(lines: int) -> float:
    """Points of a row."""
    return LINE_PT * lines + 2
