"""The first and the last sheet of the workbook: what the day came to, and what it is signed on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from reports.cells import Cell
from reports.closing import Table
from reports.formats import Formats
from reports.printed import GroupLine, Printed

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

SUMMARY_WIDTHS: Final = (19, 17, 14, 9, 11, 11, 10, 10, 9, 11, 10, 13, 14, 13, 14, 10, 10, 10)
CLOSING_WIDTHS: Final = (24, 15, 16, 16, 46, 17, 14, 18, 11)
LAST: Final = len(CLOSING_WIDTHS) - 1


def summary_sheet(sheet: Worksheet, report: Printed, formats: Formats) -> None:
    """The form's head, the balance of the day, the table by group, issues carried over, and who was in charge."""
    for index, width in enumerate(SUMMARY_WIDTHS):
        sheet.set_column(index, index, width)
    row = _head(sheet, report, formats)
    row = _balance(sheet, row + 1, report, formats)
    row = _groups(sheet, row + 1, report, formats)
    row = _list(sheet, row + 1, report.wording.say("report.carried"), report.carried, report, formats)
    _table(sheet, row + 1, report.shifts, formats)
    sheet.set_first_sheet()
    sheet.activate()


def _head(sheet: Worksheet, report: Printed, formats: Formats) -> int:
    sheet.write_string(0, 0, report.title, formats.get("title"))
    sheet.write_string(1, 0, report.centre, formats.get("strong"))
    row = 2
    for banner in report.banners:
        sheet.merge_range(row, 0, row, 8, banner, formats.get("banner"))
        row += 1
    row += 1
    for label, value in (*report.head, *report.about):
        sheet.write_string(row, 0, label, formats.get("label"))
        sheet.merge_range(row, 1, row, 5, value, formats.get("text"))
        row += 1
    return row


def _balance(sheet: Worksheet, row: int, report: Printed, formats: Formats) -> int:
    words = report.wording
    row = _section(sheet, row, words.say("report.summary"), formats)
    sheet.write_string(row, 0, report.balance, formats.get("strong"))
    blocks: tuple[tuple[str, Sequence[tuple[str, Cell]]], ...] = (
        (words.say("report.planned"), report.main),
        (words.say("report.of_done"), report.of_done),
        (words.say("report.why_not_done"), report.why_not_done),
        (words.say("report.outside"), report.outside),
    )
    row += 1
    for index, (title, figures) in enumerate(blocks):
        column = 4 * index
        sheet.merge_range(row, column, row, column + 2, title, formats.get("heading"))
        for offset, (label, cell) in enumerate(figures, 1):
            sheet.merge_range(row + offset, column, row + offset, column + 1, label, formats.get("text"))
            sheet.write_number(row + offset, column + 2, float(_number(cell)), formats.get("count"))
    return row + 2 + max(len(figures) for _, figures in blocks)


def _number(cell: Cell) -> int | float:
    return cell.value if isinstance(cell.value, (int, float)) else 0


def _groups(sheet: Worksheet, row: int, report: Printed, formats: Formats) -> int:
    words = report.wording
    row = _section(sheet, row, words.say("report.by_group"), formats)
    headings = list(report.group_headings)
    shares = [f"{h} %" for h in headings[-5:-3]]
    rests = [f"{h}: {words.say('report.judged_only')}" for h in headings[-5:-3]]
    paired = [text for both in zip(shares, rests, strict=True) for text in both]
    for index, text in enumerate((*headings[:-5], *paired, *headings[-3:])):
        sheet.write_string(row, index, text, formats.get("heading"))
    sheet.set_row(row, 38)
    for line in report.groups:
        row += 1
        _group(sheet, row, line, formats)
    return row + 1


def _group(sheet: Worksheet, row: int, line: GroupLine, formats: Formats) -> None:
    column = 0
    for name in line.name:
        sheet.write_string(row, column, name, formats.get("text"))
        column += 1
    for count in line.counts:
        sheet.write_number(row, column, count, formats.get("count"))
        column += 1
    for share, rests_on in line.shares:
        _figure(sheet, row, column, share, "percent", formats)
        sheet.write_string(row, column + 1, rests_on, formats.get("right"))
        column += 2
    for cell, kind in zip(line.times, ("tenth", "tenth", "count"), strict=True):
        _figure(sheet, row, column, cell, kind, formats)
        column += 1


def _figure(sheet: Worksheet, row: int, column: int, cell: Cell, kind: str, formats: Formats) -> None:
    if isinstance(cell.value, (int, float)):
        sheet.write_number(row, column, cell.value, formats.get(kind))
    else:
        sheet.write_string(row, column, cell.text, formats.get("right"))


def closing_sheet(sheet: Worksheet, report: Printed, formats: Formats) -> None:
    """Issues, changes, the accounting rule, signatures, and what proves the day."""
    for index, width in enumerate(CLOSING_WIDTHS):
        sheet.set_column(index, index, width)
    words = report.wording
    sheet.write_string(0, 0, report.title, formats.get("title"))
    sheet.write_string(1, 0, f"{report.centre} · {report.number}", formats.get("strong"))
    row = _table(sheet, 3, report.troubles, formats)
    row = _table(sheet, row + 1, report.changes, formats)
    row = _list(sheet, row + 1, words.say("report.maintenance_windows"), report.windows, report, formats)
    row = _notes(sheet, row + 1, words.say("report.rule"), report.rules, formats)
    row = _signatures(sheet, row + 1, report, formats)
    for text in report.footer:
        sheet.write_string(row, 0, text, formats.get("muted"))
        row += 1


def _signatures(sheet: Worksheet, row: int, report: Printed, formats: Formats) -> int:
    """Three boxes side by side, with room for a pen."""
    row = _section(sheet, row, report.wording.say("report.closing"), formats)
    for index, (title, lines) in enumerate(report.signatures):
        column = 3 * index
        sheet.merge_range(row, column, row, column + 1, title, formats.get("heading"))
        sheet.merge_range(row + 1, column, row + 1, column + 1, "", formats.get("pen"))
        for offset, (label, value) in enumerate(lines, 2):
            sheet.write_string(row + offset, column, label, formats.get("label"))
            sheet.write_string(row + offset, column + 1, value, formats.get("text"))
    sheet.set_row(row + 1, 46)
    return row + 6


def _section(sheet: Worksheet, row: int, title: str, formats: Formats) -> int:
    for column in range(LAST + 1):
        sheet.write_blank(row, column, None, formats.get("section"))
    sheet.write_string(row, 0, title, formats.get("section"))
    return row + 1


def _table(sheet: Worksheet, row: int, table: Table, formats: Formats) -> int:
    row = _section(sheet, row, table.title, formats)
    for column, heading in enumerate(table.headings):
        sheet.write_string(row, column, heading, formats.get("heading"))
    for cells in table.rows:
        row += 1
        for column, text in enumerate(cells):
            sheet.write_string(row, column, text, formats.get("wrapped"))
    return row + 1


def _list(sheet: Worksheet, row: int, title: str, lines: Sequence[str], report: Printed, formats: Formats) -> int:
    return _notes(sheet, row, title, lines or (report.wording.say("report.nothing"),), formats)


def _notes(sheet: Worksheet, row: int, title: str, lines: Sequence[str], formats: Formats) -> int:
    row = _section(sheet, row, title, formats)
    for line in lines:
        sheet.merge_range(row, 0, row, LAST, line, formats.get("note"))
        if len(line) > 170:
            sheet.set_row(row, 25)
        row += 1
    return row
