"""The list of test contacts: who was contacted when, so that the centre finds and leaves out each of them."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from reports.exclusion import COLUMNS, as_csv, as_workbook, contacts, harmless
from reports.values import DailyReport
from reports.wording import Wording
from tests.reports import golden
from tests.reports.golden import run
from tests.reports.readback import opened

ID, EN = Wording("id", golden.WIB), Wording("en", golden.WIB)


def test_every_contact_is_listed_and_what_never_went_out_is_not(report: DailyReport) -> None:
    went_out = [one for one in golden.day_rows() if one["state"] in ("done", "lost")]
    listed = {contact.row.entry.run_id for contact in contacts(report.rows)}
    assert listed == {run(int(one["run_id"][4:])) for one in went_out}


def test_the_csv_opens_in_a_spreadsheet_of_the_language(report: DailyReport) -> None:
    found = contacts(report.rows)
    for words, comma in ((ID, ";"), (EN, ",")):
        data = as_csv(found, words)
        assert data.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(StringIO(data.decode("utf-8-sig")), delimiter=comma))
        assert [len(row) for row in rows] == [len(COLUMNS)] * (1 + len(found))


def test_our_number_is_there_in_full_with_the_times_of_the_contact(report: DailyReport) -> None:
    rows = list(csv.reader(StringIO(as_csv(contacts(report.rows), ID).decode("utf-8-sig")), delimiter=";"))
    first = rows[1]
    assert first[1:4] == ["2026-11-20", "00.01.32", "00.02.17"]
    assert first[8] == "+628111234321"
    assert first[9] == "00.02.03"
    assert first[-1] == run(1)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("+628111234321", "+628111234321"),
        ("sip", "sip"),
    ],
)
def test_no_field_becomes_a_formula(text: str, written: str) -> None:
    assert harmless(text) == written


def test_the_workbook_has_the_same_contacts_and_no_formula(report: DailyReport) -> None:
    found = contacts(report.rows)
    sheet = opened(as_workbook(found, ID, golden.DAY)).worksheets[0]
    rows = list(sheet.iter_rows(min_row=5, values_only=True))
    assert [row[-1] for row in rows] == [contact.row.entry.run_id for contact in found]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} <= {"s", "n"}
    assert golden.INJECTION in {row[6] for row in rows}
