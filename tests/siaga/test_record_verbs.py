"""The verbs that read the record: log, show, plan, runs, verify."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from probe.reasons import Reason
from siaga.cli.app import run
from siaga.cli.waterfall import WIDTH, bars
from storage.plans import Plans
from storage.values import Cause, Figures
from tests.siaga.book import DAY, Book, open_book
from tests.siaga.test_json import INSTANT, KEYS

HALF_HOUR = timedelta(minutes=30)


@pytest.fixture
def book(nowhere: Path) -> Iterator[Book]:
    with open_book(nowhere) as opened:
        yield opened


@pytest.fixture
def day(book: Book) -> Book:
    """A morning: pass, fail, missed, degraded."""
    book.done(DAY)
    book.done(DAY + HALF_HOUR, Reason.AGENT_TIMEOUT)
    book.missed(DAY + 2 * HALF_HOUR)
    book.done(DAY + 3 * HALF_HOUR, Reason.SLOW, agent_s=320.0)
    return book


def lines(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert run([*words]) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("day")
def test_the_log_as_json_holds_every_row_oldest_first(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [json.loads(line) for line in lines(capsys, "log", "--json")]
    assert [row["verdict"] for row in rows] == ["pass", "fail", "inconclusive", "degraded"]
    assert [row["reason"] for row in rows] == [None, "agent_timeout", "down", "slow"]
    for row in rows:
        assert list(row) == KEYS
        assert INSTANT.fullmatch(row["started_at"])
        assert row["target"] == "sip:1500@127.0.0.1:9"
        assert row["message"]
    assert rows[0]["evidence"][0]["path"].startswith("/")
    assert rows[0]["timings"]["time_to_agent_s"] == 30.0


def test_the_log_goes_on_past_one_page(book: Book, capsys: pytest.CaptureFixture[str]) -> None:
    slots = [DAY + n * HALF_HOUR for n in range(1203)]
    assert book.runs.submit_missed([book.planned(slot) for slot in slots], Cause.LATE) == len(slots)
    rows = [json.loads(line) for line in lines(capsys, "log", "--json")]
    assert [row["slot"] for row in rows] == sorted({row["slot"] for row in rows})
    assert len(rows) == len(slots)


@pytest.mark.parametrize(
    ("words", "verdicts"),
    [
        (["--verdict", "fail"], ["fail"]), (["--owner", "team_leader"], ["fail"]),
        (["--state", "missed"], ["inconclusive"]), (["--limit", "2"], ["inconclusive", "degraded"]),
        (["--since", "2026-11-20T01:00"], ["inconclusive", "degraded"]), (["--until", "2026-11-20T00:30"], ["pass"]),
        (["--service", "digital"], []), (["--skill", "tier-1", "--verdict", "pass"], ["pass"]), (["--probe", "ig"], []),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("day")
def test_the_log_is_filtered(capsys: pytest.CaptureFixture[str], words: list[str], verdicts: list[str]) -> None:
    assert [json.loads(line)["verdict"] for line in lines(capsys, "log", "--json", *words)] == verdicts


@pytest.mark.usefixtures("day")
def test_the_log_for_people_has_a_line_per_test_in_their_words(capsys: pytest.CaptureFixture[str]) -> None:
    head, *rows = lines(capsys, "log")
    assert head.split()[:2] == ["Test", "time"]
    assert len(rows) == 4
    assert rows[0].startswith("2026-11-20 00.00.00")
    assert "Pass" in rows[0]
    assert "30.0" in rows[0]
    assert "Queue: Agent not reached in time" in rows[1]
    assert "Missed: siaga was down" in rows[2]


@pytest.mark.parametrize(
    "words", [["--verdict", "good"], ["--since", "soon"], ["--state", "queued"], ["--owner", "me"]]
)
@pytest.mark.usefixtures("day")
def test_a_filter_that_is_none_is_wrong_usage(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert run(["log", *words]) == 64
    told = capsys.readouterr()
    assert told.out == ""
    assert "allowed:" in told.err


def test_a_test_is_shown_with_stages_steps_and_evidence(book: Book, capsys: pytest.CaptureFixture[str]) -> None:
    entry = book.done(DAY)
    shown = "\n".join(lines(capsys, "show", entry.run_id))
    for told in ("What the customer met.", "expect agent", "Queue", "█", entry.hash[:16], "intact", "sip.txt"):
        assert told in shown
    book.found.evidence.joinpath(entry.evidence[0].path).write_bytes(b"forged")
    assert "ALTERED" in "\n".join(lines(capsys, "show", entry.run_id))


def test_a_missed_test_is_shown_too(book: Book, capsys: pytest.CaptureFixture[str]) -> None:
    book.missed(DAY, Cause.BUDGET)
    [row] = [json.loads(line) for line in lines(capsys, "log", "--json")]
    assert "Limit of calls or minutes reached" in "\n".join(lines(capsys, "show", row["run_id"]))
    assert json.loads(lines(capsys, "show", row["run_id"], "--json")[0]) == row


@pytest.mark.usefixtures("book")
def test_an_unknown_test_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "20261120T000000Z-abcdef"]) == 64
    assert "siaga log" in capsys.readouterr().err


def test_the_plan_of_a_day_says_what_came_of_each_slot(day: Book, capsys: pytest.CaptureFixture[str]) -> None:
    Plans(day.found.database).open("ivr", DAY - HALF_HOUR)
    rows = [json.loads(line) for line in lines(capsys, "plan", "--day", "2026-11-20", "--probe", "ivr", "--json")]
    assert len(rows) == 48
    assert [row["state"] for row in rows[:4]] == ["done", "done", "missed", "done"]
    assert {row["state"] for row in rows[4:]} <= {"unaccounted", "due"}
    assert all(row["slot"] <= row["due"] for row in rows)
    said = lines(capsys, "plan", "--day", "2026-11-20")
    assert len(said) == 1 + 1 + 48 + 24 + 1
    assert re.match(r"\d+ tests: 3 done, 1 missed", said[-1])


@pytest.mark.usefixtures("book")
def test_slots_from_before_a_probe_was_planned_are_not_counted(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [json.loads(line) for line in lines(capsys, "plan", "--day", "2026-11-19", "--json")]
    assert {row["state"] for row in rows} == {"before"}
    assert lines(capsys, "plan", "--day", "2026-11-19")[-1].startswith("0 tests")


@pytest.mark.usefixtures("book")
def test_the_plan_agrees_with_the_day_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    future = (datetime.now(UTC) + timedelta(days=3)).date()
    rows = [json.loads(line) for line in lines(capsys, "plan", "--day", str(future), "--json")]
    assert {row["state"] for row in rows} == {"due"}
    assert run(["plan", "--probe", "nobody"]) == 64


def test_what_is_on_its_way_is_told(book: Book, capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(capsys, "runs", "now") == ["No test is running or waiting."]
    waiting, playing = book.planned(DAY), book.planned(DAY + HALF_HOUR)
    book.runs.beat(book.owner, DAY, timedelta(days=1))
    assert book.runs.submit(waiting)
    assert book.runs.submit(playing)
    assert book.runs.claim(playing.run_id, book.owner, "k", DAY) == "claimed"
    rows = [json.loads(line) for line in lines(capsys, "runs", "now", "--json")]
    assert [(row["run_id"], row["state"]) for row in rows] == [
        (waiting.run_id, "queued"),
        (playing.run_id, "running"),
    ]
    assert len(lines(capsys, "runs", "now")) == 3


@pytest.mark.usefixtures("day")
def test_a_sound_record_is_called_sound(capsys: pytest.CaptureFixture[str]) -> None:
    [said] = lines(capsys, "verify")
    assert said.startswith("Sound: 4 rows, 3 files")


@pytest.mark.usefixtures("day")
def test_an_altered_file_is_named_and_exits_1(capsys: pytest.CaptureFixture[str]) -> None:
    [first, *_] = [json.loads(line) for line in lines(capsys, "log", "--json")]
    Path(first["evidence"][0]["path"]).write_bytes(b"forged")
    assert run(["verify", "--json"]) == 1
    [finding] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert Path(first["evidence"][0]["path"]).name in finding["where"]
    assert first["run_id"] in finding["where"]


def test_the_stages_follow_each_other_and_fill_the_width() -> None:
    drawn = bars(
        Figures(setup_ms=400, greeting_ms=1200, menu_ms=4000, queue_ms=20_000, agent_ms=25_200, total_ms=33_000)
    )
    assert [bar.key for bar in drawn] == ["ringing", "answered", "greeting", "queue", "agent"]
    for one, two in pairwise(drawn):
        assert one.end_ms == two.start_ms
    assert (drawn[0].start_ms, drawn[-1].end_ms) == (0, 33_000)
    assert all("█" in bar.drawn(33_000) for bar in drawn)
    assert len(drawn[-1].drawn(33_000)) == WIDTH


def test_a_call_that_was_never_answered_has_one_stage() -> None:
    assert [bar.key for bar in bars(Figures(total_ms=30_000))] == ["ringing"]
