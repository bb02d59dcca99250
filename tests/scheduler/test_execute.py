"""A claimed run ends in the record once, whatever the target, the budget, the database or another worker does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from probe.observation import Answered, Ended, Placed, Refused
from probe.outcome import MediaFigures, Record
from probe.reasons import Reason, Verdict
from probe.script import call_script
from scheduler import run as run_path
from scheduler.house import CHANNEL_WAIT_S, NotNowError
from scheduler.order import Order
from scheduler.run import Done, End, Gone, Missed, execute
from storage.database import DatabaseError
from storage.runs import Also, Runs
from storage.values import Cause, Entry, Run, RunState
from tests.scheduler.house import STAMP, Surroundings, order

ANSWERED = (Placed(at=0), Answered(at=0))
SLOT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
Make = Callable[..., Surroundings]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Surroundings] = []

    def surroundings(*arguments: Any, **settings: Any) -> Surroundings:
        made.append(Surroundings(tmp_path, *arguments, **settings))
        return made[-1]

    yield surroundings
    for around in made:
        around.close_record()


def claimed(around: Surroundings, asked: Order, expires_s: float = 1800.0) -> Run:
    """A run of this order that the worker ``service`` has claimed."""
    now = datetime.now(UTC)
    planned = asked.planned("run-1", now, now + timedelta(seconds=expires_s))
    runs = around.runs()
    runs.beat("service", now, timedelta(minutes=1))
    assert runs.submit(planned)
    assert runs.claim("run-1", "service", asked.lease, now) == "claimed"
    return Run(planned=planned, state=RunState.RUNNING, owner="service", started_at=now)


def scheduled(**more: Any) -> Order:
    return replace(order(), probe="ivr", service="inbound", skill="tier-1", slot=SLOT, trigger="schedule", **more)


async def do(around: Surroundings, asked: Order, stop: asyncio.Future[Reason] | None = None) -> End:
    return await execute(claimed(around, asked), asked, around.house(), stop=stop)


async def test_a_scheduled_run_is_done_once_and_its_target_is_free_again(make: Make) -> None:
    around = make(ANSWERED)
    end = await do(around, scheduled())
    assert isinstance(end, Done)
    assert end.entry is not None
    entry = around.runs().entry("run-1")
    assert entry == end.entry
    assert (entry.state, entry.verdict, entry.slot, entry.trigger) == (
        RunState.DONE,
        Verdict.PASS,
        SLOT,
        "schedule",
    )
    assert end.record.slot == SLOT
    assert [(kept.kind, kept.path) for kept in entry.evidence][2] == ("result", "run-1/result.json")
    now = datetime.now(UTC)
    runs = around.runs()
    assert runs.submit(order().planned("run-2", now, now))
    assert runs.claim("run-2", "service", scheduled().lease, now) == "claimed"


@pytest.mark.parametrize(("reason", "cause"), [(Reason.BUDGET, Cause.BUDGET), (Reason.LEASE_BUSY, Cause.BUSY)])
async def test_a_planned_run_that_was_refused_its_means_is_missed_and_leaves_no_folder(
    make: Make, tmp_path: Path, reason: Reason, cause: Cause
) -> None:
    around = make(ANSWERED, not_now=NotNowError(reason, "20 calls an hour"))
    end = await do(around, scheduled())
    assert isinstance(end, Missed)
    assert (end.entry.state, end.entry.cause, end.entry.reason) == (RunState.MISSED, cause, reason)
    assert around.runs().live() == []
    assert not (tmp_path / "run-1").exists()


@pytest.mark.parametrize("trigger", ["cli", "manual", "retest"])
async def test_a_run_that_somebody_asked_for_is_told_of_it_instead(make: Make, trigger: Any) -> None:
    around = make(ANSWERED, not_now=NotNowError(Reason.BUDGET, "20 calls an hour"))
    end = await do(around, replace(order(), trigger=trigger))
    assert isinstance(end, Done)
    assert end.record.outcome.reason is Reason.BUDGET
    assert end.record.trigger == trigger
    assert end.entry is not None
    assert (end.entry.state, end.entry.reason) == (RunState.DONE, Reason.BUDGET)


async def test_evidence_that_cannot_be_kept_is_no_missed_slot(make: Make) -> None:
    end = await do(make(ANSWERED, fails="folder"), scheduled())
    assert isinstance(end, Done)
    assert end.entry is not None
    assert (end.entry.reason, end.entry.evidence) == (Reason.INTERNAL_ERROR, ())


async def test_a_number_that_is_refused_at_last_is_ours_and_nothing_is_opened(make: Make) -> None:
    around = make(ANSWERED, refuse=True)
    end = await do(around, scheduled())
    assert isinstance(end, Done)
    assert end.entry is not None
    assert end.entry.reason is Reason.INTERNAL_ERROR
    assert "open" not in around.log


async def test_a_planned_run_waits_for_its_trunk_until_it_expires_and_others_do_not(make: Make, tmp_path: Path) -> None:
    around = make(ANSWERED)
    await do(around, scheduled())
    [waited] = around.waits
    assert 1700 < waited <= 1800
    other = Surroundings(tmp_path / "other", ANSWERED)
    other.folder.mkdir()
    await do(other, order())
    assert other.waits == [CHANNEL_WAIT_S]
    other.close_record()


async def test_a_shutdown_is_a_result(make: Make) -> None:
    stop: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()
    around = make(on_open=lambda: asyncio.get_running_loop().call_soon(stop.set_result, Reason.SHUTDOWN))
    end = await do(around, scheduled(), stop)
    assert isinstance(end, Done)
    assert end.entry is not None
    assert (end.entry.state, end.entry.reason) == (RunState.DONE, Reason.SHUTDOWN)


async def test_a_run_that_was_swept_meanwhile_stays_lost(make: Make) -> None:
    around = make(ANSWERED)
    later = datetime.now(UTC) + timedelta(hours=1)
    around.on_open = lambda: around.runs().sweep(later)
    end = await do(around, scheduled())
    assert isinstance(end, Gone)
    assert end.record.outcome.verdict is Verdict.PASS
    entry = around.runs().entry("run-1")
    assert entry is not None
    assert entry.state is RunState.LOST


class Moody(Runs):
    """The record, refusing for a while what it is asked to finish."""

    def __init__(self, around: Surroundings, *errors: Exception, commits: bool = False) -> None:
        super().__init__(around.database(), STAMP, around.folder)
        self.errors, self.commits = list(errors), commits

    def finish(self, run_id: str, owner: str, record: Record, also: Also | None = None) -> Entry:
        if self.errors and self.commits:
            super().finish(run_id, owner, record, also)
        if self.errors:
            raise self.errors.pop(0)
        return super().finish(run_id, owner, record, also)


async def with_mood(around: Surroundings, moody: Moody, stop: asyncio.Future[Reason] | None = None) -> End:
    asked = scheduled()
    house = replace(around.house(), runs=lambda: moody, patience_s=around.patience_s)
    return await execute(claimed(around, asked), asked, house, stop=stop)


async def test_a_result_waits_for_a_database_that_is_away(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_path, "RETRY_S", 0.0)
    around = make(ANSWERED)
    end = await with_mood(around, Moody(around, DatabaseError("restarting"), OSError("away")))
    assert isinstance(end, Done)
    assert end.entry is not None
    assert end.record.outcome.verdict is Verdict.PASS


async def test_a_commit_whose_answer_was_lost_is_not_entered_twice(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_path, "RETRY_S", 0.0)
    around = make(ANSWERED)
    end = await with_mood(around, Moody(around, DatabaseError("the connection broke"), commits=True))
    assert isinstance(end, Done)
    assert end.entry == around.runs().entry("run-1")
    assert end.record.outcome.verdict is Verdict.PASS


async def test_a_result_that_no_database_takes_is_told_as_ours_and_the_run_is_lost(make: Make) -> None:
    around = make(ANSWERED, patience_s=0.0)
    with capture_logs() as logs:
        end = await with_mood(around, Moody(around, DatabaseError("siaga.db is full; make room")))
    assert [line["entered"] for line in logs if line["event"] == "run ended"] == [False]
    assert isinstance(end, Done)
    assert end.entry is None
    assert end.record.outcome.reason is Reason.INTERNAL_ERROR
    assert "siaga.db is full; make room" in end.record.message
    entry = around.runs().entry("run-1")
    assert entry is not None
    assert entry.state is RunState.LOST


async def test_who_is_told_to_end_does_not_wait_for_ever(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_path, "RETRY_S", 0.0)
    monkeypatch.setattr(run_path, "CHANNEL_WAIT_S", 0.0)
    stop: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()
    stop.set_result(Reason.SHUTDOWN)
    around = make(ANSWERED, patience_s=float("inf"))
    end = await with_mood(around, Moody(around, *[DatabaseError("away")] * 5), stop)
    assert isinstance(end, Done)
    assert end.entry is None


async def test_our_own_mistake_in_entering_frees_the_target(make: Make) -> None:
    around = make(ANSWERED)
    end = await with_mood(around, Moody(around, ValueError("a bug")))
    assert isinstance(end, Done)
    assert end.entry is None
    assert around.runs().live() == []


BUSY = (Placed(at=0), Refused(at=0, code=486, phrase="Busy Here"))


async def test_a_fail_in_access_through_a_trunk_is_believed_when_our_side_works(make: Make) -> None:
    around = make(BUSY)
    end = await do(around, scheduled(trunk="pstn"))
    assert isinstance(end, Done)
    assert end.record.outcome.reason is Reason.BUSY
    assert around.log.index("own side of pstn") < around.log.index("leave given back") < around.log.index("keep")


@pytest.mark.parametrize("wrong", ["the trunk pstn does not answer", RuntimeError("+62811 a bug")])
async def test_else_it_judges_nobody(make: Make, wrong: Any) -> None:
    around = make(BUSY, own_side=wrong)
    end = await do(around, scheduled(trunk="pstn"))
    assert isinstance(end, Done)
    assert end.entry is not None
    outcome = end.record.outcome
    assert (end.entry.verdict, end.entry.reason) == (Verdict.INCONCLUSIVE, Reason.TRUNK_DOWN)
    assert (outcome.accessibility, outcome.availability) == ("not_judged", "not_judged")
    assert [step.verdict for step in outcome.steps] == ["inconclusive", "not_reached"]
    assert outcome.timings.total_s is not None
    assert [e.kind for e in outcome.evidence] == ["recording", "observations", "result"]
    assert "+62811" not in end.record.message
    if isinstance(wrong, str):
        assert wrong in end.record.message


DROPPED = (Placed(at=0), Answered(at=0), Ended(at=0, by_us=False))


@pytest.mark.parametrize(
    ("lines", "trunk"),
    [(BUSY, None), (ANSWERED, "pstn"), (DROPPED, "pstn")],
    ids=["no trunk", "no fail", "a fail past the access"],
)
async def test_our_side_is_asked_only_about_a_fail_through_a_trunk(make: Make, lines: Any, trunk: str | None) -> None:
    around = make(lines, own_side="broken")
    script = call_script(("1",), "answer", 10.0) if lines is DROPPED else order().script
    end = await do(around, replace(scheduled(trunk=trunk), script=script))
    assert isinstance(end, Done)
    assert (end.record.outcome.verdict is Verdict.PASS) is (lines is ANSWERED)
    assert end.record.outcome.reason is not Reason.TRUNK_DOWN
    assert not [line for line in around.log if line.startswith("own side")]


SOUND = MediaFigures(codec="PCMA", packets=100, lost=0, jitter_ms=1.0, rtt_ms=4.0, mos=3.8)


async def test_a_call_that_sounds_worse_than_the_last_ones_of_its_probe_is_degraded(make: Make) -> None:
    around = make(ANSWERED, media=SOUND, usual_mos=4.4)
    end = await do(around, scheduled())
    assert isinstance(end, Done)
    assert end.record.outcome.reason is Reason.QUALITY_LOW
    assert "usual MOS of ivr" in around.log


@pytest.mark.parametrize("usual_mos", [None, 4.2, DatabaseError("away")])
async def test_where_nothing_usual_is_known_the_limit_alone_holds(make: Make, usual_mos: Any) -> None:
    end = await do(make(ANSWERED, media=SOUND, usual_mos=usual_mos), scheduled())
    assert isinstance(end, Done)
    assert end.record.outcome.verdict is Verdict.PASS
