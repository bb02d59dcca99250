"""The workbook as another library reads it: complete, typed, harmless, ready for A4."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import openpyxl.cell.cell as kinds
import pytest

from probe.words import Language
from reports.daily import daily
from reports.material import Material
from reports.printed import printed
from reports.values import DailyReport, Letterhead
from reports.wording import DASH
from reports.workbook import workbook
from tests.reports import golden
from tests.reports.readback import HEADINGS_ROW, groups_of, opened, rows_of

SIXTEEN = {
    "id": [
        "No", "Interval", "Waktu tes (WIB)", "Layanan/Kanal", "Tujuan/Skill", "Nomor penguji", "Jenis tes",
        "IVR/VA Accessibility", "Respons IVR/VA (dtk)", "Agent Availability", "Waktu antre (dtk)",
        "Terhubung Agent (dtk)", "Kendala", "Eskalasi", "PIC", "Keterangan + ID tes",
    ],
    "en": [
        "No", "Interval", "Test time (WIB)", "Service/Channel", "Target/Skill", "Test number", "Kind",
        "IVR/bot accessibility", "Time to greeting (s)", "Agent availability", "Queue time (s)", "Time to agent (s)",
        "Issue", "Escalation", "PIC", "Remark + test ID",
    ],
}  # fmt: skip


@pytest.fixture(params=["id", "en"])
def language(request: pytest.FixtureRequest) -> Language:
    found: Language = request.param
    return found


def test_the_form_has_its_sixteen_columns_in_order(report: DailyReport, language: Language) -> None:
    sheet = opened(workbook(printed(report, language))).worksheets[1]
    assert [cell.value for cell in sheet[HEADINGS_ROW] if cell.value is not None] == SIXTEEN[language]


def test_each_entry_is_a_row_and_no_cell_is_left_blank(report: DailyReport, language: Language) -> None:
    rows = rows_of(workbook(printed(report, language)))
    assert len(rows) == len(golden.day_rows())
    assert list(rows.iloc[:, 0]) == list(range(1, len(rows) + 1))
    assert not rows.isna().any().any()
    assert not (rows == "").any().any()


def test_numbers_are_numbers_and_times_are_times(report: DailyReport) -> None:
    rows = rows_of(workbook(printed(report, "id")))
    passed = rows[rows["Keterangan + ID tes/ID tes"] == golden.run(4)].iloc[0]
    assert passed["Terhubung Agent (dtk)/Terhubung Agent (dtk)"] == 52.9
    assert passed["Waktu tes (WIB)/Waktu tes (WIB)"] == datetime(2026, 11, 20, 8, 1, 12)  # noqa: DTZ001 - sheets know no zones
    late = rows[rows["Keterangan + ID tes/ID tes"] == golden.run(19)].iloc[0]
    assert late["Waktu tes (WIB)/Waktu tes (WIB)"] == datetime(2026, 11, 21, 0, 1, 40)  # noqa: DTZ001 - as above
    missed = rows[rows["Keterangan + ID tes/ID tes"] == golden.run(3)].iloc[0]
    assert missed["Terhubung Agent (dtk)/Terhubung Agent (dtk)"] == DASH


def test_numbers_have_the_format_of_the_language(report: DailyReport) -> None:
    for language, locale, time in (("id", "[$-421]", 'hh"."mm"."ss'), ("en", "[$-409]", "hh:mm:ss")):
        sheet = opened(workbook(printed(report, language))).worksheets[1]  # type: ignore[arg-type]
        formats = {cell.number_format for row in sheet.iter_rows(min_row=HEADINGS_ROW + 2) for cell in row}
        assert f"{locale}#,##0.0" in formats
        assert time in formats


def test_nothing_that_a_far_end_sent_becomes_a_formula_or_a_link(material: Material, language: Language) -> None:
    head = Letterhead(centre="=1+1", code="@SUM(A1)", document_code="+1", revision="-1", title="=cmd|' /C calc'!A0")
    book = opened(workbook(printed(daily(golden.asked(head=head), material), language)))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {kinds.TYPE_STRING, kinds.TYPE_NUMERIC, "d"}
    assert not any(cell.hyperlink for cell in cells)
    assert golden.INJECTION in {cell.value for cell in cells}  # as the text that it is
    assert head.title in {cell.value for cell in cells}


def test_it_is_ready_for_a4_landscape_with_headings_and_numbers_on_each_page(report: DailyReport) -> None:
    book = opened(workbook(printed(report, "id")))
    for sheet in book.worksheets:
        assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.oddFooter.right.text == "Halaman &P dari &N"
        assert "IVR-AA/2026/11/20 · rev. 0" in sheet.oddHeader.right.text
        assert "Kode Dokumen: FR-OPS-004" in sheet.oddHeader.center.text
    tests = book.worksheets[1]
    assert tests.print_title_rows == f"${HEADINGS_ROW}:${HEADINGS_ROW + 1}"
    assert tests.freeze_panes == "D7"


def test_a_head_that_is_too_long_for_a_page_header_is_cut_and_not_lost(material: Material) -> None:
    head = Letterhead(centre="A & B " * 60, title="T & U " * 60, document_code="D & E " * 60)
    book = opened(workbook(printed(daily(golden.asked(head=head), material), "id")))
    assert book.worksheets[0].oddHeader.left.text


def everything(data: bytes) -> str:
    return "\n".join(str(c.value) for s in opened(data).worksheets for row in s.iter_rows() for c in row if c.value)


def test_what_is_not_registered_is_said_and_never_invented(material: Material) -> None:
    text = everything(workbook(printed(daily(golden.asked(head=Letterhead()), material), "id")))
    assert text.count("belum terdaftar") >= 4


def test_the_closing_sheet_has_signatures_the_seal_and_the_rule(report: DailyReport) -> None:
    text = everything(workbook(printed(report, "id")))
    assert report.seal is not None
    assert f"Hash akhir hari itu: {report.seal.hash[:16]}" in text
    for said in ("periksa dengan `siaga verify`", "Rencana = Terlaksana + Tidak terlaksana", "ditandatangani di sistem",
                 "bukan SCR", "Disetujui oleh", "Manajer Operasional", "nearest rank"):  # fmt: skip
        assert said in text


def test_no_number_of_ours_stands_there_in_full(report: DailyReport, language: Language) -> None:
    text = everything(workbook(printed(report, language)))
    for tester in (t.tester for t in golden.asked().tested.values() if t.tester):
        assert tester not in text
    assert "8111234321" not in text


def test_the_table_by_group_is_that_of_the_record(report: DailyReport) -> None:
    *lines, last = groups_of(workbook(printed(report, "id")))
    for line, group in zip(lines, report.groups, strict=True):
        account = group.account
        assert line[3:6] == [account.planned, account.done, account.lost + account.missed_all]
        assert line[12] == f"{account.accessibility.ok} dari {account.accessibility.judged}" or line[12] == DASH
        assert _share(line[11]) == (
            None if account.accessibility.percent is None else account.accessibility.percent / 100
        )
        assert _share(line[15]) == (None if account.median_ms is None else account.median_ms / 1000)
    assert last[3] == report.total.planned


def _share(value: Any) -> Any:
    return None if value == DASH else pytest.approx(value, abs=0.0006)


def test_five_thousand_rows_are_five_thousand_rows(report: DailyReport) -> None:
    many = [report.rows[n % len(report.rows)] for n in range(5_000)]
    large = printed(
        DailyReport(**{**{f: getattr(report, f) for f in report.__dataclass_fields__}, "rows": tuple(many)}), "id"
    )
    assert len(rows_of(workbook(large))) == 5_000
