"""The golden day as one value: every entry is a row, and the figures are those of the record."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from probe.reasons import Verdict
from reports.cells import cells, issue
from reports.daily import daily
from reports.material import Material, gather, number_of, revision
from reports.printed import printed
from reports.values import DailyReport, KnownProbe, Row
from reports.wording import DASH, Wording
from storage.database import Database
from storage.journal import TEXT, Journal, Note
from storage.maintenance import Windows
from storage.results import DETAIL
from storage.values import Cause
from tests.reports import golden
from tests.reports.conftest import gathered
from tests.reports.golden import at, run

WORDS = Wording("id", golden.WIB)


def of(report: DailyReport, number: int) -> Row:
    """The row of a run of the golden day."""
    return next(row for row in report.rows if row.entry.run_id == run(number))


def told(report: DailyReport, number: int, fact: str) -> str:
    """What a fact of that row reads like in Indonesian."""
    return cells(of(report, number), WORDS)[fact].text


def test_each_slot_and_each_other_run_of_the_day_is_one_row(report: DailyReport) -> None:
    made = golden.day_rows()
    assert [row.no for row in report.rows] == list(range(1, len(made) + 1))
    assert {row.entry.run_id for row in report.rows} == {run(int(one["run_id"][4:])) for one in made}
    assert len(report.rows) == report.total.planned + sum(report.total.apart.values())


def test_planned_is_executed_and_not_executed_and_the_verdicts_are_those_of_the_executed(report: DailyReport) -> None:
    slots = [one for one in golden.day_rows() if one["slot_ms"] is not None]
    states = Counter(one["state"] for one in slots)
    total = report.total
    assert (total.planned, total.done, total.lost) == (len(slots), states["done"], states["lost"])
    assert total.missed_all == states["missed"]
    assert total.planned == total.done + total.lost + total.missed_all
    assert sum(total.verdicts.values()) == total.done
    assert dict(total.apart) == {"retest": 1, "manual": 1, "cli": 1}
    assert [total.missed[c] for c in (Cause.DOWN, Cause.BUSY, Cause.MAINTENANCE, Cause.COURTESY)] == [1, 1, 1, 1]


def test_the_groups_add_up_to_the_whole(report: DailyReport) -> None:
    assert [tuple(group.line) for group in report.groups] == [
        ("digital", "manual", "cs-digital"),
        ("digital", "whatsapp", "cs-digital"),
        ("inbound", "sip", "tier-1"),
        ("inbound", "sip", "tier-2"),
        (None, "sip", None),
    ]
    for name in ("planned", "done", "lost", "missed_all", "left_out"):
        assert sum(getattr(g.account, name) for g in report.groups) == getattr(report.total, name)
    assert sum(g.account.accessibility.ok for g in report.groups) == report.total.accessibility.ok
    assert sum(len(g.rows) for g in report.groups) == len(report.rows)


def test_a_slot_before_midnight_is_a_row_of_its_day_also_when_it_was_tested_after(report: DailyReport) -> None:
    assert told(report, 19, "slot") == "23.30\N{EN DASH}24.00"
    assert told(report, 19, "time") == "00.01.40 (+1)"
    assert run(92) not in {row.entry.run_id for row in report.rows}  # 23.30 of the day before, played at 00.10


def test_a_failed_test_and_its_re_test_are_both_rows_and_know_each_other(report: DailyReport) -> None:
    first, second = of(report, 6), of(report, 7)
    assert (first.again, second.of) == (second.no, first.no)
    assert second.interval == first.interval
    assert told(report, 6, "progress") == f"lihat no. {second.no}"
    assert told(report, 7, "kind") == "Tes ulang"
    escalation = [told(report, 7, f) for f in ("reported", "reported_to", "ticket", "progress", "solved")]
    assert escalation == ["09.05", "IOC", "4711", "Media server dinyalakan ulang", "09.31"]


def test_a_failure_that_nobody_escalated_says_so(report: DailyReport) -> None:
    assert told(report, 11, "progress") == "belum dicatat"
    assert told(report, 4, "progress") == DASH


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, DASH),
        (3, "Tidak terlaksana: siaga tidak berjalan"),
        (5, "Di luar standar: Lebih lambat dari standar (Antrean)"),
        (9, "Tidak dapat dinilai: Kehadiran Agent tidak dapat dibuktikan"),
        (10, "Terhenti di tengah jalan"),
        (11, "Antrean: Belum terhubung ke Agent sampai batas waktu"),
        (13, "Tidak terlaksana: Pemeliharaan terencana"),
        (16, "Tidak terlaksana: tes dikurangi (mode puncak)"),
    ],
)
def test_what_went_wrong_stands_in_its_row(report: DailyReport, number: int, said: str) -> None:
    assert issue(of(report, number), WORDS) == said


def test_what_did_not_happen_has_no_test_time(report: DailyReport) -> None:
    assert told(report, 3, "time") == DASH
    assert told(report, 10, "time") == "10.34.00"  # it was lost on its way, not missed


def test_peak_mode_is_remarked_and_never_reads_as_agent_reached(report: DailyReport) -> None:
    assert told(report, 15, "remark") == "Sampai antrean (mode puncak)"
    assert told(report, 16, "remark") == "Dilewati (mode puncak)"
    as_if_reached = replace(
        of(report, 15), entry=replace(of(report, 15).entry, availability=of(report, 4).entry.availability)
    )
    assert cells(as_if_reached, WORDS)["availability"].text == "Tidak dinilai"


def test_a_manual_test_is_marked_with_who_entered_it_and_when(report: DailyReport) -> None:
    assert told(report, 17, "kind") == "Manual"
    assert told(report, 17, "remark") == "Dicatat susulan oleh Budi S., 11.20: tangkapan layar"
    assert told(report, 17, "slot") == "11.00\N{EN DASH}12.00"


def test_maintenance_stays_visible_and_leaves_the_denominators(report: DailyReport) -> None:
    whatsapp = report.groups[1].account
    assert (whatsapp.planned, whatsapp.left_out, whatsapp.accessibility.judged) == (4, 2, 1)
    for number in (13, 14):
        assert told(report, number, "remark").startswith("Pemeliharaan 13.00\N{EN DASH}14.00: IOC: pergantian router")
        assert "dicatat susulan" in told(report, number, "remark")
    assert told(report, 14, "progress") == DASH


def test_a_remark_made_later_names_its_day(report: DailyReport) -> None:
    assert told(report, 11, "remark") == "Antrean padat, 2 Agent AUX (Dewi A., 21 November 2026 02.00)"


def test_the_person_in_charge_is_the_probe_s_or_that_of_the_shift_over_midnight_too(report: DailyReport) -> None:
    assert [told(report, number, "pic") for number in (1, 4, 15)] == ["Rudi H.", "Dewi A.", "Budi S."]


def test_the_night_shift_is_in_charge_on_both_sides_of_midnight(material: Material) -> None:
    asked = golden.asked()
    night = [replace(shift, pic="Malam") if shift.name == "malam" else shift for shift in asked.shifts]
    tested = {name: replace(one, pic=None) for name, one in asked.tested.items()}
    report = daily(replace(asked, shifts=night, tested=tested), material)
    assert [of(report, number).pic for number in (1, 19, 4)] == ["Malam", "Malam", "Dewi A."]


def test_our_number_is_masked_and_the_route_is_named(report: DailyReport) -> None:
    assert (told(report, 1, "test_number"), told(report, 1, "route")) == ("0811••••321", "jalur-a")
    assert (told(report, 4, "test_number"), told(report, 4, "route")) == (DASH, "langsung")


def test_a_probe_that_left_the_configuration_keeps_its_rows(material: Material) -> None:
    report = daily(golden.asked(tested={}), material)
    assert told(report, 4, "slot") == "08.00"
    assert told(report, 4, "target") == "1500@pbx.example"  # the record knows whom it called
    assert told(report, 3, "target") == DASH


def test_what_was_erased_is_a_dash_and_the_row_stays(database: Database, material: Material, tmp_path: Path) -> None:
    rows = len(daily(golden.asked(), material).rows)
    with database.write() as connection:
        connection.execute(delete(DETAIL))
        connection.execute(delete(TEXT))
    report = daily(golden.asked(tested={}), gathered(database, tmp_path))
    assert len(report.rows) == rows
    assert told(report, 4, "target") == DASH
    assert told(report, 17, "remark") == f"Dicatat susulan oleh {DASH}, 11.20"


def test_one_service_alone_has_its_own_number_rows_and_figures(material: Material) -> None:
    report = daily(golden.asked(service="digital"), material)
    assert report.number == "IVR-AA/2026/11/20/DIGITAL"
    assert {row.entry.service for row in report.rows} == {"digital"}
    assert report.total.planned == 4
    assert report.seal == daily(golden.asked(), material).seal


def test_the_seal_is_the_last_entry_of_the_record_within_the_day(material: Material, report: DailyReport) -> None:
    assert report.seal is not None
    assert report.seal.seq == max(entry.seq for entry in material.entries)
    assert report.seal.hash in {entry.hash for entry in material.entries}


def test_an_issue_of_the_evening_before_is_carried_over(report: DailyReport) -> None:
    [carried] = report.carried
    assert (carried.probe, carried.since) == ("wa-ke-agent", at(-2))
    assert carried.run_id == run(90)


def test_signatures_stand_where_they_were_given(report: DailyReport) -> None:
    assert [(s.part, s.name) for s in report.signatures] == [("made", "Dewi A.")]
    assert [line.signature.name if line.signature else None for line in report.shifts] == ["Dewi A.", None, None]


def test_a_day_that_is_not_over_or_not_accounted_for_is_provisional(material: Material) -> None:
    for change in ({"printed": at(14)}, {"waiting": 2}):
        period = replace(golden.asked().period, **change)
        report = daily(golden.asked(period=period), material, lambda _: 7)
        assert report.rev is None
        assert len(printed(report, "id").banners) == 1
    assert daily(golden.asked(), material, lambda _: 7).rev == 7


def test_signing_printing_and_language_leave_the_content_alone(
    database: Database, material: Material, tmp_path: Path
) -> None:
    before = daily(golden.asked(), material).content
    Journal(database).write("sign", f"{golden.DAY}/approved", {}, {"name": "R. H."}, at(33))
    later = replace(golden.asked().period, printed=at(40))
    assert daily(golden.asked(period=later), gathered(database, tmp_path)).content == before


@pytest.mark.parametrize("change", ["remark", "maintenance", "target", "document"])
def test_whatever_a_reader_would_see_changes_the_content(
    database: Database, material: Material, tmp_path: Path, change: str
) -> None:
    asked, before = golden.asked(), daily(golden.asked(), material).content
    if change == "remark":
        Journal(database).write("remark", run(4), {}, {"by": "Dewi A.", "text": "catatan"}, at(33))
    elif change == "maintenance":
        Windows(database).add("ivr-ke-agent", at(9), at(10), "susulan", at(34))
    elif change == "target":
        asked = replace(asked, tested={**asked.tested, "ivr-malam": KnownProbe(target="+6221000", every_s=3600)})
    else:
        asked = replace(asked, head=replace(asked.head, document_code="FR-OPS-005"))
    assert daily(asked, gathered(database, tmp_path)).content != before


def note(content: str, *, closed: bool = True) -> Note:
    body: dict[str, Any] = {"content": content, "closed": closed}
    return Note(seq=1, at=at(33), kind="export", subject="x", body=body, text=None, erased=False)


@pytest.mark.parametrize(
    ("exports", "content", "rev"),
    [
        ([], "a", 0),
        (["a"], "a", 0),
        (["a", "a"], "a", 0),
        (["a"], "b", 1),
        (["a", "b"], "b", 1),
        (["a", "b"], "a", 2),
        (["a", "b", "b"], "c", 2),
    ],
)
def test_a_revision_is_a_changed_content_since_it_was_issued(exports: list[str], content: str, rev: int) -> None:
    assert revision([note(one) for one in exports], content) == rev


def test_provisional_prints_are_no_revisions() -> None:
    assert revision([note("a", closed=False), note("b", closed=False)], "c") == 0


def test_an_empty_day_is_a_report_too(database: Database, tmp_path: Path) -> None:
    empty = gather(database, tmp_path, golden.START, golden.END, (), ())
    report = daily(golden.asked(), empty)
    assert report.rows == ()
    assert report.seal is None
    said = printed(report, "id")
    assert said.footer[0] == "Tidak ada entri pada hari itu."


def test_the_number_of_the_report_names_its_day() -> None:
    assert number_of(golden.DAY, None) == "IVR-AA/2026/11/20"


def test_verdicts_of_all_kinds_are_in_the_golden_day(report: DailyReport) -> None:
    assert {row.entry.verdict for row in report.rows} == set(Verdict)
    first: datetime = report.period.start
    assert report.period.end - first == timedelta(days=1)


def test_the_golden_day_reads_the_same_from_each_kind_of_database(database_url: str, tmp_path: Path) -> None:
    made = Database(database_url)
    try:
        golden.enter(made)
        report = daily(golden.asked(), gathered(made, tmp_path))
    finally:
        made.close()
    assert len(report.rows) == len(golden.day_rows())
    assert (report.total.planned, report.total.accessibility.ok, report.total.median_ms) == (16, 9, 44_000)
    assert [len(part) for part in (report.carried, report.troubles, report.changes, report.windows)] == [1, 3, 2, 1]


def test_the_log_of_issues_names_whom_each_was_passed_on_to(report: DailyReport) -> None:
    table = printed(report, "id").troubles
    column = table.headings.index("Eskalasi")
    assert [row[column] for row in table.rows] == [DASH, "09.05 · IOC · 4711 · Media server dinyalakan ulang", DASH]
