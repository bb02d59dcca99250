"""The first and the last sheet of the workbook: what the day came to, and what it is signed on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from reports.cells import Cell
from reports.formats import Formats
from reports.grid import Grid, height_of
from reports.printed import GroupLine, Printed

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

SUMMARY_WIDTHS: Final = (17, 14, 12, 8.5, 9.5, 9.5, 8.5, 8.5, 8.5, 8.5, 8.5, 12, 11, 11, 11, 8.5, 8.5, 9)
CLOSING_WIDTHS: Final = (14,) * 12
SHIFT_SPANS: Final = (1, 1, 2, 5)
TROUBLE_SPANS: Final = (2, 1, 1, 1, 2, 1, 1, 1, 1, 1)
CHANGE_SPANS: Final = (1, 1, 8, 2)
BLOCKS: Final = ((0, 3), (4, 4), (9, 4), (14, 4))
"""First column and columns of each block of figures."""
BOX: Final = 4
"""Columns of a box for a signature."""


def summary_sheet(sheet: Worksheet, report: Printed, formats: Formats) -> None:
    """The form's head, the balance of the day, the table by group, issues carried over, and who was in charge."""
    grid, words = Grid(sheet, SUMMARY_WIDTHS, formats), report.wording
    grid.text(report.title, "title")
    grid.text(report.centre, "strong")
    for banner in report.banners:
        grid.put(0, 9, banner, "banner")
        grid.row += 1
    grid.row += 1
    for (label, value), (label_2, value_2) in zip(report.head, report.about, strict=True):
        grid.put(0, 1, label, "label")
        grid.put(1, 5, value, "text")
        grid.put(7, 3, label_2, "label")
        grid.put(10, 5, value_2, "text")
        grid.row += 1
    _balance(grid, report)
    _groups(grid, report)
    grid.notes(words.say("report.carried"), report.carried or (words.say("report.nothing"),))
    grid.table(report.shifts, SHIFT_SPANS, words.say("report.nothing"))
    sheet.activate()


def _balance(grid: Grid, report: Printed) -> None:
    words = report.wording
    grid.section(words.say("report.summary"))
    grid.text(report.balance, "strong")
    grid.row += 1
    blocks: tuple[tuple[str, Sequence[tuple[str, Cell]]], ...] = (
        (words.say("report.planned"), report.main),
        (words.say("report.of_done"), report.of_done),
        (words.say("report.why_not_done"), report.why_not_done),
        (words.say("report.outside"), report.outside),
    )
    for (title, figures), (column, span) in zip(blocks, BLOCKS, strict=True):
        grid.put(column, span, title, "heading")
        for below, (label, cell) in enumerate(figures, 1):
            grid.put(column, span - 1, label, "wrapped", below=below)
            _figure(grid, grid.row + below, column + span - 1, cell, "count")
    deepest = max(len(figures) for _, figures in blocks)
    for below, (label, _) in enumerate(report.why_not_done, 1):
        grid.sheet.set_row(grid.row + below, height_of(1 if len(label) <= 32 else 2))
    grid.row += 1 + deepest


def _groups(grid: Grid, report: Printed) -> None:
    words = report.wording
    grid.section(words.say("report.by_group"))
    headings = list(report.group_headings)
    shares = [(f"{h} %", f"{h}: {words.say('report.judged_only')}") for h in headings[-5:-3]]
    for column, text in enumerate((*headings[:-5], *(text for pair in shares for text in pair), *headings[-3:])):
        grid.put(column, 1, text, "heading")
    grid.sheet.set_row(grid.row, height_of(4))
    for line in report.groups:
        grid.row += 1
        _group(grid, line)
    grid.row += 1


def _group(grid: Grid, line: GroupLine) -> None:
    for column, name in enumerate(line.name):
        grid.put(column, 1, name, "text")
    column = len(line.name)
    for count in line.counts:
        grid.sheet.write_number(grid.row, column, count, grid.formats.get("count"))
        column += 1
    for share, rests_on in line.shares:
        _figure(grid, grid.row, column, share, "percent")
        grid.put(column + 1, 1, rests_on, "right")
        column += 2
    for cell, kind in zip(line.times, ("tenth", "tenth", "count"), strict=True):
        _figure(grid, grid.row, column, cell, kind)
        column += 1


def _figure(grid: Grid, row: int, column: int, cell: Cell, kind: str) -> None:
    if isinstance(cell.value, (int, float)):
        grid.sheet.write_number(row, column, cell.value, grid.formats.get(kind))
    else:
        grid.sheet.write_string(row, column, cell.text, grid.formats.get("right"))


def closing_sheet(sheet: Worksheet, report: Printed, formats: Formats) -> None:
    """Issues, changes, the accounting rule, signatures, and what proves the day."""
    grid, words = Grid(sheet, CLOSING_WIDTHS, formats), report.wording
    nothing = words.say("report.nothing")
    grid.text(report.title, "title")
    grid.text(f"{report.centre} · {report.number}", "strong")
    grid.table(report.troubles, TROUBLE_SPANS, nothing)
    grid.table(report.changes, CHANGE_SPANS, nothing)
    grid.notes(words.say("report.maintenance_windows"), report.windows or (nothing,))
    grid.notes(words.say("report.rule"), report.rules)
    _signatures(grid, report)
    for text in report.footer:
        grid.text(text, "muted")


def _signatures(grid: Grid, report: Printed) -> None:
    """Three boxes side by side, with room for a pen."""
    words = report.wording
    grid.section(words.say("report.closing"))
    for index, (title, lines) in enumerate(report.signatures):
        first = BOX * index
        grid.put(first, BOX, title, "heading")
        signed = words.say("report.in_system") if lines[0][1] else ""
        grid.put(first, BOX, signed, "pen", below=1)
        for below, (label, value) in enumerate(lines, 2):
            grid.put(first, 1, label, "label", below=below)
            grid.put(first + 1, BOX - 1, value, "text", below=below)
    grid.sheet.set_row(grid.row + 1, height_of(4))
    grid.row += 6
