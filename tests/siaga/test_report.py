"""``siaga report``: files where they were asked for, an entry in the journal, and refusals that say what to do."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from probe.reasons import Reason
from siaga.cli.app import run
from siaga.config import load
from siaga.reporting import Day, known_probes, report_of, waiting
from storage.journal import Journal, Note
from storage.plans import Plans
from storage.results import Results
from tests.siaga.book import Book, open_book

WIB = ZoneInfo("Asia/Jakarta")


@pytest.fixture
def book(nowhere: Path) -> Iterator[Book]:
    """Yesterday: a test that passed, one that failed and one that was missed."""
    with open_book(nowhere) as opened:
        opened.done(slot(8))
        opened.done(slot(8, 30), Reason.AGENT_TIMEOUT)
        opened.missed(slot(9))
        yield opened


def yesterday() -> datetime:
    """Its first instant at the centre."""
    today = datetime.now(WIB).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=1)


def slot(hour: int, minute: int = 0) -> datetime:
    return (yesterday() + timedelta(hours=hour, minutes=minute)).astimezone(UTC)


def exports(book: Book) -> list[Note]:
    return Journal(book.found.database).read(kind="export")


def whole(printed: datetime | None = None) -> Day:
    start = yesterday()
    return Day(
        day=start.date(),
        start=start.astimezone(UTC),
        end=(start + timedelta(days=1)).astimezone(UTC),
        printed=printed or datetime.now(UTC),
    )


@pytest.mark.usefixtures("book")
def test_the_report_of_yesterday_is_written_where_it_was_asked_for(
    nowhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", "daily", "--date", "yesterday", "-o", "hari.xlsx"]) == 0
    sheet = openpyxl.load_workbook(nowhere / "hari.xlsx").worksheets[1]
    assert [row[0] for row in sheet.iter_rows(min_row=7, values_only=True)] == [1, 2, 3]
    assert f"IVR-AA/{yesterday():%Y/%m/%d} (rev. 0), 3 rows" in capsys.readouterr().out


@pytest.mark.usefixtures("book")
def test_both_formats_go_into_a_folder_that_is_made(nowhere: Path) -> None:
    assert run(["report", "daily", "--date", "yesterday", "--format", "both", "--language", "id", "-o", "laporan"]) == 0
    name = f"laporan-ivr-aa-{yesterday():%Y-%m-%d}"
    assert sorted(path.name for path in (nowhere / "laporan").iterdir()) == [f"{name}.html", f"{name}.xlsx"]
    assert 'lang="id"' in (nowhere / "laporan" / f"{name}.html").read_text("utf-8")


def test_each_export_stands_in_the_journal_and_a_correction_is_a_new_revision(book: Book) -> None:
    order = ["report", "daily", "--date", "yesterday", "-o", "a.html"]
    assert [run(order), run(order)] == [0, 0]
    [entry] = Results(book.found.database, book.found.evidence).on_day(slot(8, 30), slot(8, 31))
    Journal(book.found.database).write("remark", entry.run_id, {}, {"by": "Dewi A.", "text": "AUX"}, datetime.now(UTC))
    assert run(order) == 0
    assert [note.body["rev"] for note in exports(book)] == [0, 0, 1]
    assert {note.subject for note in exports(book)} == {f"IVR-AA/{yesterday():%Y/%m/%d}"}
    assert all(note.body["closed"] and note.text and note.text["by"] for note in exports(book))


def test_maintenance_written_into_the_configuration_afterwards_is_marked_and_entered(nowhere: Path, book: Book) -> None:
    path = nowhere / "siaga.toml"
    text = f"from = {yesterday():%Y-%m-%dT%H:%M:%S}\nto = {yesterday():%Y-%m-%dT12:00:00}\n"
    path.write_text(path.read_text("utf-8") + f'[[maintenance]]\ntarget = "ivr"\n{text}reason = "rapi-rapi"\n', "utf-8")
    order = ["report", "daily", "--date", "yesterday", "--language", "id", "-o", "a.html"]
    assert [run(order), run(order), run(["report", "daily", "--language", "id", "-o", "b.html"])] == [0, 0, 0]
    assert "rapi-rapi (dicatat susulan)" in (nowhere / "a.html").read_text("utf-8")
    [note] = Journal(book.found.database).read(kind="maintenance")
    assert (note.subject, note.body["action"], note.body["backdated"]) == ("ivr", "config", True)
    assert "dari konfigurasi" in (nowhere / "b.html").read_text("utf-8")


def test_today_is_provisional_and_no_revision(book: Book, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "daily", "-o", "hari-ini.xlsx"]) == 0
    assert "(PROVISIONAL)" in capsys.readouterr().out
    [note] = exports(book)
    assert (note.body["closed"], note.body["rev"]) == (False, None)


def test_slots_without_a_row_make_the_report_provisional_and_are_counted(book: Book) -> None:
    config, database = book.found.config, book.found.database
    Plans(database).open("ivr", slot(7, 30))
    day = whole()
    late = list(waiting(config, database, day, Results(database, book.found.evidence).on_day(day.start, day.end)))
    first = slot(8)
    known = {slot(8), slot(8, 30), slot(9)}
    every = {first + timedelta(minutes=30 * n) for n in range(32)}
    assert {moment for _, moment in late} == every - known
    report = report_of(config, database, day, "0.1.0")
    assert (report.rev, report.period.waiting) == (None, len(late))


@pytest.mark.usefixtures("book")
def test_the_list_of_contacts_has_what_went_out(nowhere: Path) -> None:
    assert run(["report", "exclusion", "--date", "yesterday", "-o", "kecuali.csv"]) == 0
    with (nowhere / "kecuali.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 1 + 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--date", "besok"], "is no day"),
        (["--date", "2199-01-01"], "has not begun"),
        (["--service", "nope"], "unknown service 'nope'"),
        (["-o", "a.pdf"], "allowed endings: .xlsx, .html"),
        (["-o", "a.xlsx", "--format", "html"], "do not go together"),
        (["-o", "a.xlsx", "--format", "both"], "do not go together"),
    ],
)
def test_wrong_usage_writes_nothing_and_says_what_is_allowed(
    book: Book, nowhere: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    before = sorted(nowhere.iterdir())
    assert run(["report", "daily", *words]) == 64
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""
    assert sorted(nowhere.iterdir()) == before
    assert exports(book) == []


def test_a_file_that_cannot_be_written_leaves_no_entry(
    book: Book, nowhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (nowhere / "ordinary").write_text("")
    assert run(["report", "daily", "-o", "ordinary/hari.xlsx"]) == 3
    assert "cannot be written" in capsys.readouterr().err
    assert exports(book) == []


@pytest.mark.usefixtures("book")
def test_one_service_alone_is_a_report_of_its_own(nowhere: Path) -> None:
    assert run(["report", "daily", "--date", "yesterday", "--service", "digital", "-o", "digital.xlsx"]) == 0
    sheet = openpyxl.load_workbook(nowhere / "digital.xlsx").worksheets[1]
    assert "/DIGITAL" in sheet.cell(2, 1).value
    assert sheet.max_row == 6


def test_the_test_number_is_what_the_trunk_shows_to_the_centre(config: Path) -> None:
    text = config.read_text("utf-8").replace("register = false", 'register = false\nfrom = "+622150009999"')
    config.write_text(text, "utf-8")
    known = known_probes(load(config))
    assert (known["lewat-trunk"].tester, known["lewat-trunk"].route) == ("+622150009999", "line")
    assert (known["jawab"].tester, known["jawab"].route) == (None, None)
