"""All test contacts of a day, for the centre to leave out of its KPI, quality sampling and surveys; CSV and XLSX.

Our numbers stand here in full, unlike on the report: by them the centre finds the contacts in its own systems.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO, StringIO
from typing import Final

import xlsxwriter

from probe.reasons import Stage
from reports.cells import Cell
from reports.formats import Formats
from reports.masking import bare
from reports.values import Row
from reports.wording import DASH, Wording
from storage.values import Entry, RunState

COLUMNS: Final = (
    ("contact.no", 5), ("contact.date", 12), ("contact.start", 10), ("contact.end", 10), ("col.service", 14),
    ("col.channel", 16), ("col.target", 30), ("col.skill", 16), ("contact.tester", 22), ("contact.agent_at", 12),
    ("contact.held", 14), ("col.kind", 14), ("col.run", 26),
)  # fmt: skip
"""Key of each heading, and its width in characters."""
_ACTIVE: Final = re.compile(r"[=+\-@\t\r]")
_NUMBER: Final = re.compile(r"\+?[0-9]+(?:[.,][0-9]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One contact that the centre has counted. Instants; ``agent_at`` None when no agent was reached."""

    no: int
    row: Row
    start: datetime
    end: datetime | None
    agent_at: datetime | None
    held_ms: int | None


def contacts(rows: Iterable[Row]) -> tuple[Contact, ...]:
    """Those of the day's rows that reached out to the centre: done, or lost half-way."""
    found = (row for row in rows if _went_out(row.entry))
    return tuple(_contact(no, row) for no, row in enumerate(found, 1))


def _went_out(entry: Entry) -> bool:
    """What was lost may have called; of what was done, our own trouble can have come before the first packet."""
    ours_alone = entry.stage is Stage.PROBE and entry.figures.total_ms is None
    return entry.state is RunState.LOST or (entry.state is RunState.DONE and not ours_alone)


def _contact(no: int, row: Row) -> Contact:
    entry = row.entry
    agent_ms = entry.figures.agent_ms
    return Contact(
        no=no,
        row=row,
        start=entry.at,
        end=entry.ended_at,
        agent_at=None if agent_ms is None else entry.at + timedelta(milliseconds=agent_ms),
        held_ms=entry.figures.agent_held_ms,
    )


def as_csv(found: Iterable[Contact], words: Wording) -> bytes:
    """CSV as spreadsheets of the language open it: UTF-8 with its mark; semicolons where commas are decimal."""
    text = StringIO()
    writer = csv.writer(text, delimiter=";" if words.language == "id" else ",")
    writer.writerow([words.say(key) for key, _ in COLUMNS])
    for contact in found:
        writer.writerow([harmless(cell.text) for cell in _cells(contact, words)])
    return text.getvalue().encode("utf-8-sig")


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula; numbers stay as they are."""
    return f"'{text}" if _ACTIVE.match(text) and not _NUMBER.fullmatch(text) else text


def as_workbook(found: Iterable[Contact], words: Wording, day: date) -> bytes:
    """The same as XLSX."""
    kept = BytesIO()
    book = xlsxwriter.Workbook(kept, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    formats = Formats(book, words.language)
    sheet = book.add_worksheet(day.isoformat())
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.write_string(0, 0, words.say("report.exclusion"), formats.get("title"))
    sheet.write_string(1, 0, words.day(day), formats.get("strong"))
    for column, (key, width) in enumerate(COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(3, column, words.say(key), formats.get("heading"))
    for row, contact in enumerate(found, 4):
        for column, cell in enumerate(_cells(contact, words)):
            if isinstance(cell.value, (int, float)):
                sheet.write_number(row, column, cell.value, formats.get("tenth" if column else "count"))
            else:
                sheet.write_string(row, column, cell.text, formats.get("text"))
    sheet.freeze_panes(4, 0)
    sheet.repeat_rows(3)
    book.close()
    return kept.getvalue()


def _cells(contact: Contact, words: Wording) -> Iterator[Cell]:
    row, entry = contact.row, contact.row.entry
    yield Cell(str(contact.no), contact.no)
    yield Cell(words.local_day(contact.start).isoformat())
    yield Cell(words.second(contact.start))
    yield Cell(words.second(contact.end) if contact.end else DASH)
    yield Cell(words.text(entry.service))
    yield Cell(words.channel(entry.channel))
    yield Cell(words.text(bare(row.target or "")))
    yield Cell(words.text(entry.skill))
    yield Cell(words.text(bare(row.tester or "")))
    yield Cell(words.second(contact.agent_at) if contact.agent_at else DASH)
    yield Cell(DASH) if contact.held_ms is None else Cell(words.seconds(contact.held_ms), contact.held_ms / 1000)
    yield Cell(words.say("trigger.manual" if row.manual else f"trigger.{entry.trigger}"))
    yield Cell(entry.run_id)
