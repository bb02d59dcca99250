"""The daily report as XLSX: three A4 landscape sheets, one fact per column, numbers as numbers.

Texts are written as texts, whatever they begin with: ``=cmd`` of a far end must never become a formula.
"""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import xlsxwriter

from reports.cells import LATER, Cell
from reports.formats import Formats
from reports.grid import height_of, lines_of
from reports.printed import Printed
from reports.worksheets import closing_sheet, summary_sheet

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

WIDTHS: Final = {
    "no": 4.5, "slot": 11.5, "time": 10.5, "service": 8.5, "channel": 9, "target": 15, "skill": 9, "test_number": 12,
    "route": 8.5, "kind": 9, "accessibility": 9.5, "t_greeting": 7.5, "availability": 9, "t_queue": 7, "t_agent": 9,
    "issue": 19, "reported": 6, "reported_to": 7.5, "ticket": 7, "progress": 9, "solved": 6.5, "pic": 8.5,
    "remark": 20, "run": 13,
}  # fmt: skip
"""Of each fact, in characters."""
KINDS: Final = {"no": "text", "slot": "text", "accessibility": "centre", "availability": "centre"}
"""Of texts that are not simply wrapped."""
TIMES: Final = frozenset({"time", "reported", "solved"})
SECONDS: Final = frozenset({"t_greeting", "t_queue", "t_agent"})
HEAD_ROWS: Final = 6
"""Rows above the first test, repeated on each page: title, number, about, a gap, and two of headings."""


def workbook(report: Printed) -> bytes:
    """The file's bytes."""
    kept = BytesIO()
    book = xlsxwriter.Workbook(kept, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": report.title, "subject": report.number, "author": "siaga"})
    formats = Formats(book, report.language)
    summary_sheet(_sheet(book, report, "report.summary"), report, formats)
    _details(_sheet(book, report, "report.details"), report, formats)
    closing_sheet(_sheet(book, report, "report.closing"), report, formats)
    book.close()
    return kept.getvalue()


def _sheet(book: Workbook, report: Printed, key: str) -> Worksheet:
    """An empty sheet with the form's head and foot on each page."""
    sheet = book.add_worksheet(report.wording.say(key))
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.35, right=0.35, top=0.75, bottom=0.65)
    sheet.hide_gridlines(2)
    page = report.wording.say("report.page", page="&P", pages="&N")
    left, title = _escaped(report.centre, 35), _escaped(report.title, 55)
    document, number = _escaped(report.document, 95), _escaped(report.number, 36)
    sheet.set_header(f"&L&8{left}&C&8{title}\n{document}&R&8{number}")
    sheet.set_footer(f"&L&8{_escaped(report.footer[0], 110)}&R&8{page}")
    return sheet


def _escaped(text: str, longest: int) -> str:
    """An ampersand begins a code in headers; all three parts together may have 255 characters."""
    return text[:longest].replace("&", "&&")


def _details(sheet: Worksheet, report: Printed, formats: Formats) -> None:
    """The 16 columns: every entry of the day is a row, and nothing stands below them."""
    sheet.write_string(0, 0, report.title, formats.get("title"))
    sheet.write_string(1, 0, f"{report.centre} · {report.number}", formats.get("strong"))
    sheet.write_string(2, 0, " · ".join(f"{label}: {value}" for label, value in report.about), formats.get("plain"))
    column = 0
    for heading, facts in report.columns:
        last = column + len(facts) - 1
        if len(facts) > 1:
            sheet.merge_range(HEAD_ROWS - 2, column, HEAD_ROWS - 2, last, heading, formats.get("heading"))
        else:
            sheet.write_string(HEAD_ROWS - 2, column, heading, formats.get("heading"))
        for offset, fact in enumerate(facts):
            sheet.write_string(HEAD_ROWS - 1, column + offset, fact, formats.get("subheading"))
        column = last + 1
    for index, width in enumerate(WIDTHS.values()):
        sheet.set_column(index, index, width)
    sheet.set_row(HEAD_ROWS - 2, height_of(3))
    sheet.set_row(HEAD_ROWS - 1, height_of(3))
    for number, line in enumerate(report.lines, HEAD_ROWS):
        texts = [lines_of(cell.text, WIDTHS[fact]) for fact, cell in line.cells.items() if cell.value is None]
        sheet.set_row(number, height_of(max(texts)))
        for index, (fact, cell) in enumerate(line.cells.items()):
            _write(sheet, number, index, fact, cell, line.tone, formats, report.wording.zone)
    sheet.freeze_panes(HEAD_ROWS, 3)
    sheet.repeat_rows(HEAD_ROWS - 2, HEAD_ROWS - 1)
    sheet.autofilter(HEAD_ROWS - 1, 0, max(HEAD_ROWS, HEAD_ROWS + len(report.lines) - 1), column - 1)


def _write(
    sheet: Worksheet, row: int, column: int, fact: str, cell: Cell, tone: str, formats: Formats, zone: ZoneInfo
) -> None:
    if isinstance(cell.value, datetime):
        local = cell.value.astimezone(zone).replace(tzinfo=None, microsecond=0)
        kind = "clock" if fact != "time" else "later" if cell.text.endswith(LATER) else "second"
        sheet.write_datetime(row, column, local, formats.get(kind, tone))
    elif cell.value is not None:
        sheet.write_number(row, column, cell.value, formats.get("tenth" if fact in SECONDS else "count", tone))
    else:
        kind = "right" if fact in SECONDS or fact in TIMES else KINDS.get(fact, "wrapped")
        sheet.write_string(row, column, cell.text, formats.get(kind, tone))
