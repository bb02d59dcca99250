"""The verbs by which people write into the record: test record, maintenance, peak, sign."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from siaga.cli import hand_kept
from siaga.cli.app import run
from storage.journal import Journal, Note
from storage.maintenance import Windows
from storage.peak import Peak
from storage.results import Results
from storage.values import Cause, Planned
from tests.siaga.book import Book, open_book


@pytest.fixture
def book(nowhere: Path) -> Iterator[Book]:
    with open_book(nowhere) as opened:
        yield opened


def notes(book: Book, kind: str) -> list[Note]:
    return [note for note in Journal(book.found.database).read() if note.kind == kind]


def object_of(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert run([*words, "--json"]) == 0, capsys.readouterr().err
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def slot_of_now() -> datetime:
    """The last full hour: the slot that a test done now fills (the centre's zone is whole hours from UTC)."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


RECORD = ("test", "record", "ig", "--access", "ok", "--agent", "ok", "--connected", "148", "--by", "Budi S.")


@pytest.mark.usefixtures("book")
def test_a_planned_manual_test_fills_its_slot(capsys: pytest.CaptureFixture[str]) -> None:
    row = object_of(capsys, *RECORD)
    assert (row["verdict"], row["trigger"], row["channel"]) == ("pass", "schedule", "manual")
    assert row["slot"] == f"{slot_of_now():%Y-%m-%dT%H:%M:%S}.000Z"
    assert (row["accessibility"], row["availability"]) == ("ok", "ok")
    assert row["timings"]["time_to_agent_s"] == 148.0


def test_a_slot_that_waits_for_a_person_is_taken_by_the_first(book: Book, capsys: pytest.CaptureFixture[str]) -> None:
    slot = slot_of_now()
    waiting = _waiting(slot)
    assert book.runs.submit(waiting)
    first, second = object_of(capsys, *RECORD), object_of(capsys, *RECORD)
    assert (first["run_id"], first["trigger"]) == (waiting.run_id, "schedule")
    assert (second["trigger"], second["slot"]) == ("manual", None)


def test_what_was_already_missed_stays_missed_and_the_late_test_stands_beside_it(
    book: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    slot = slot_of_now()
    assert book.runs.submit_missed([_waiting(slot)], Cause.LATE) == 1
    row = object_of(capsys, *RECORD)
    assert (row["trigger"], row["slot"]) == ("manual", None)
    [note] = notes(book, "remark")
    assert note.body["late"] is True
    assert note.text is not None
    assert note.text["by"] == "Budi S."


def _waiting(slot: datetime) -> Planned:
    return Planned(
        run_id="20261120T000000Z-waits1", probe="ig", channel="manual", service="digital", skill=None,
        trigger="schedule", slot=slot, due=slot, expires=slot + timedelta(hours=13),
    )  # fmt: skip


@pytest.mark.usefixtures("book")
def test_a_test_beside_the_plan_is_marked_manual(capsys: pytest.CaptureFixture[str]) -> None:
    row = object_of(capsys, "test", "record", "ivr", "--access", "nok", "--reason", "ivr_silent", "--remark", "hening")
    assert (row["trigger"], row["slot"], row["verdict"]) == ("manual", None, "fail")
    assert (row["stage"], row["reason"], row["owner"]) == ("ivr", "ivr_silent", "ioc")
    assert (row["accessibility"], row["availability"]) == ("not_ok", "not_judged")


@pytest.mark.parametrize(
    ("words", "stage", "reason", "owner"),
    [
        (["--access", "nok"], "access", "not_observed", "ioc"),
        (["--access", "ok", "--agent", "nok"], "queue", "agent_timeout", "team_leader"),
        (["--access", "ok", "--agent", "nok", "--reason", "voicemail"], "agent", "voicemail", "team_leader"),
        (["--access", "ok", "--agent", "ok", "--reason", "slow"], "queue", "slow", "team_leader"),
    ],
)
@pytest.mark.usefixtures("book")
def test_stage_and_owner_follow_from_what_was_seen(
    capsys: pytest.CaptureFixture[str], words: list[str], stage: str, reason: str, owner: str
) -> None:
    row = object_of(capsys, "test", "record", "ivr", *words)
    assert (row["stage"], row["reason"], row["owner"]) == (stage, reason, owner)


@pytest.mark.parametrize(
    "words",
    [
        ["ivr", "--access", "maybe"], ["ivr", "--access", "nok", "--agent", "ok"], ["nobody", "--access", "ok"],
        ["ivr", "--access", "ok", "--reason", "ivr_silent"], ["ivr", "--access", "nok", "--reason", "gone"],
        ["ivr", "--access", "ok", "--connected", "3"], ["ivr", "--access", "ok", "--at", "2099-01-01"],
        ["ivr", "--access", "ok", "--agent", "ok", "--connected", "inf"],
        ["ivr", "--access", "ok", "--greeting", "nan"],
        ["ivr", "--access", "ok", "--agent", "ok", "--connected", "3", "--queue", "4"],
        ["ivr", "--access", "ok", "--slot", "2026-11-20T08:00"], ["ivr", "--access", "ok", "--remark", "\udcff"],
        ["ig", "--access", "ok", "--slot", "2026-11-20T08:13"], ["ivr", "--access", "ok", "--evidence", "no-such.png"],
    ],
)  # fmt: skip
def test_a_contradiction_is_wrong_usage_and_enters_nothing(
    book: Book, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert run(["test", "record", *words]) == 64
    assert capsys.readouterr().out == ""
    assert Results(book.found.database, book.found.evidence).page() == []


def test_a_test_whose_remark_cannot_be_entered_is_not_entered_either(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise OSError("no space left")

    monkeypatch.setattr(hand_kept, "enter", broken)
    assert run(list(RECORD)) != 0
    assert Results(book.found.database, book.found.evidence).page() == []


@pytest.mark.usefixtures("book")
def test_a_picture_becomes_evidence_and_the_record_stays_sound(
    capsys: pytest.CaptureFixture[str], nowhere: Path
) -> None:
    (nowhere / "Layar.PNG").write_bytes(b"\x89PNG")
    row = object_of(capsys, *RECORD, "--evidence", "Layar.PNG")
    [kept] = row["evidence"]
    assert Path(kept["path"]).read_bytes() == b"\x89PNG"
    assert run(["verify"]) == 0


def test_the_name_of_the_tester_is_in_no_hashed_row(book: Book, capsys: pytest.CaptureFixture[str]) -> None:
    object_of(capsys, *RECORD, "--remark", "Dewi menutup chat")
    with book.found.database.read() as connection:
        for table in ("result", "journal"):
            rows = str(connection.exec_driver_sql(f"SELECT * FROM {table}").all())  # noqa: S608 - two fixed names
            assert "Budi" not in rows
            assert "Dewi" not in rows


def test_maintenance_is_said_in_a_line_and_ended(book: Book, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["maintenance", "add", "inbound", "--to", "2h", "--reason", "Migrasi", "--by", "Dewi"]) == 0
    [window] = Windows(book.found.database).list()
    assert not window.backdated
    assert window.to - window.from_ == timedelta(hours=2)
    assert run(["maintenance", "list"]) == 0
    assert "Migrasi" in capsys.readouterr().out
    assert run(["maintenance", "end", str(window.id)]) == 0
    assert run(["maintenance", "end", str(window.id)]) == 64
    assert [note.body["action"] for note in notes(book, "maintenance")] == ["add", "end"]


def test_maintenance_that_has_begun_is_marked(book: Book, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["maintenance", "add", "ivr", "--from", "3h-ago", "--to", "1h"]) == 0
    assert "entered late" in capsys.readouterr().out
    assert Windows(book.found.database).list()[0].backdated


def test_maintenance_entered_by_mistake_is_taken_back_and_stays_visible(
    book: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["maintenance", "add", "ivr", "--from", "yesterday", "--to", "1h"]) == 0
    [window] = Windows(book.found.database).list()
    assert run(["maintenance", "withdraw", str(window.id), "--by", "Dewi"]) == 0
    assert run(["maintenance", "withdraw", str(window.id)]) == 64
    capsys.readouterr()
    assert run(["maintenance", "list"]) == 0
    assert "withdrawn" not in capsys.readouterr().out
    assert run(["maintenance", "list", "--all"]) == 0
    assert "withdrawn" in capsys.readouterr().out
    assert [note.body["action"] for note in notes(book, "maintenance")] == ["add", "withdraw"]


@pytest.mark.parametrize("verb", ["end", "withdraw"])
@pytest.mark.parametrize("number", ["99999999999999999999", "0", "7"])
@pytest.mark.usefixtures("book")
def test_a_number_of_no_maintenance_is_wrong_usage(verb: str, number: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["maintenance", verb, number]) == 64
    assert "maintenance list" in capsys.readouterr().err


def test_an_end_before_the_beginning_says_what_was_understood(book: Book, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["maintenance", "add", "ivr", "--to", "kemarin"]) == 64
    yesterday = datetime.now(book.found.zone) - timedelta(days=1)
    assert f"'kemarin' is {yesterday:%Y-%m-%d} 00.00, which is not after" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["nobody", "--to", "1h"], ["ivr", "--to", "soon"], ["ivr", "--to", "2026-01-01"], ["ivr", "--to", "kemarin"],
        ["ivr", "--from", "3h", "--to", "1h"], ["ivr", "--from", "0001-01-01", "--to", "1h"],
        ["ivr", "--to", "9999-12-31T23:59"],
    ],
)  # fmt: skip
def test_maintenance_that_makes_no_sense_is_wrong_usage(book: Book, words: list[str]) -> None:
    assert run(["maintenance", "add", *words]) == 64
    assert Windows(book.found.database).list() == ()


def test_peak_mode_is_switched_on_told_and_switched_off(book: Book, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["peak"]) == 0
    assert "not on" in capsys.readouterr().out
    assert run(["peak", "--until", "3h", "--reason", "Lebaran"]) == 0
    assert Peak(book.found.database).at(datetime.now(UTC)) is not None
    assert run(["peak", "--end"]) == 0
    assert Peak(book.found.database).at(datetime.now(UTC)) is None
    assert run(["peak", "--until", "2026-01-01"]) == 64
    assert run(["peak", "--until", "3h", "--end"]) == 64


def test_a_shift_and_a_day_are_signed_with_name_and_time(book: Book, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sign", "--shift", "pagi", "--day", "2026-11-19", "--name", "Dewi A."]) == 0
    assert run(["sign", "--as", "approved", "--day", "2026-11-19", "--name", "Sari", "--role", "Manajer"]) == 0
    said = ["Shift pagi of 2026-11-19 signed by Dewi A.", "Report of 2026-11-19 signed by Sari, who approved it."]
    assert capsys.readouterr().out.splitlines() == [f"{said[0]}.", said[1]]
    shift, day = notes(book, "sign")
    assert (shift.subject, shift.text) == ("2026-11-19/shift:pagi", {"name": "Dewi A.", "role": "PIC"})
    assert (day.subject, day.text) == ("2026-11-19/approved", {"name": "Sari", "role": "Manajer"})


@pytest.mark.parametrize(
    "words", [[], ["--shift", "malam"], ["--shift", "pagi", "--as", "made"], ["--as", "made", "--day", "2099-01-01"]]
)
def test_a_signature_needs_one_box_that_exists(book: Book, words: list[str]) -> None:
    assert run(["sign", *words]) == 64
    assert notes(book, "sign") == []


@pytest.mark.usefixtures("book")
def test_a_probe_for_people_is_not_played(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["probe", "ig", "--json"]) == 64
    told = capsys.readouterr()
    assert told.out == ""
    assert "siaga test record ig" in told.err
