"""The one run path makes a Record whatever happens, and gives back what it took."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from probe.observation import Answered, Placed, Refused
from probe.outcome import Record
from probe.play import Event, StepEnded
from probe.reasons import Judged, Reason, Stage, Verdict
from scheduler import conversation
from scheduler.asked import perform
from scheduler.house import NotNowError, RefusedError
from scheduler.order import Order
from tests.scheduler import house as fakes
from tests.scheduler.house import Surroundings, order

ANSWERED = (Placed(at=0), Answered(at=0))


async def do(around: Surroundings, asked: Order | None = None, stop: asyncio.Future[Reason] | None = None) -> Record:
    """As a command line does it: a worker for the length of one run."""
    around.runs().beat("cli", datetime.now(UTC), timedelta(minutes=1))
    return await perform(asked or order(), around.house(), "cli", stop=stop)


def assert_ours(record: Record, reason: Reason) -> None:
    outcome = record.outcome
    assert (outcome.verdict, outcome.stage, outcome.reason) == (Verdict.INCONCLUSIVE, Stage.PROBE, reason)
    assert outcome.accessibility is outcome.availability is Judged.NOT_JUDGED
    assert record.message


async def test_a_conversation_passes_through_every_station_in_order(tmp_path: Path) -> None:
    around = Surroundings(tmp_path, ANSWERED)
    record = await do(around)
    assert record.outcome.verdict is Verdict.PASS
    assert around.log == ["admit", "admit", "leave taken", "open", "end", "close", "leave given back", "keep"]
    assert [e.kind for e in record.outcome.evidence] == ["recording", "observations", "result"]
    assert record.started_at <= record.ended_at


async def test_the_channel_is_told_what_the_dial_guard_made_of_the_number(tmp_path: Path) -> None:
    around = Surroundings(tmp_path, ANSWERED)
    record = await do(around)
    assert around.targets[0].to == "sip:1500@127.0.0.1;dialled"
    assert record.target == "sip:1500@127.0.0.1"
    assert around.targets[0].evidence == tmp_path / record.run_id


async def test_a_failed_target_is_a_record_and_no_exception(tmp_path: Path) -> None:
    around = Surroundings(tmp_path, (Placed(at=0), Refused(at=0, code=486, phrase="Busy Here")))
    record = await do(around)
    assert (record.outcome.verdict, record.outcome.reason) == (Verdict.FAIL, Reason.BUSY)
    assert "Nomor sibuk" in record.message


async def test_a_refused_number_raises_before_anything_else_happens(tmp_path: Path) -> None:
    around = Surroundings(tmp_path, refuse=True)
    with pytest.raises(RefusedError):
        await do(around)
    assert around.log == ["admit"]


@pytest.mark.parametrize("reason", [Reason.BUDGET, Reason.LEASE_BUSY])
async def test_without_leave_nothing_is_dialled_and_the_reason_is_told(tmp_path: Path, reason: Reason) -> None:
    around = Surroundings(tmp_path, ANSWERED, not_now=NotNowError(reason, "20 calls an hour"))
    record = await do(around)
    assert_ours(record, reason)
    assert "20 calls an hour" in record.message
    assert around.log == ["admit", "admit", "keep"]
    assert {step.verdict for step in record.outcome.steps} == {"not_reached"}


@pytest.mark.parametrize("where", ["folder", "open", "observations", "keep"])
async def test_our_own_exception_is_told_as_ours_without_its_text(tmp_path: Path, where: str) -> None:
    around = Surroundings(tmp_path, (), fails=where)
    record = await do(around, order(cap_s=0.05))
    assert_ours(record, Reason.INTERNAL_ERROR)
    assert "+62811" not in record.message
    assert around.log.count("leave taken") == around.log.count("leave given back")


async def test_a_session_that_cannot_close_costs_the_evidence_and_not_the_verdict(tmp_path: Path) -> None:
    around = Surroundings(tmp_path, ANSWERED, fails="close")
    record = await do(around)
    assert record.outcome.verdict is Verdict.PASS
    assert [e.kind for e in record.outcome.evidence] == ["observations", "result"]
    assert around.log[-2:] == ["leave given back", "keep"]


async def test_a_session_that_never_closes_is_left_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: fakes.ScriptedSession) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(conversation, "CLOSE_S", 0.05)
    monkeypatch.setattr(fakes.ScriptedSession, "close", never)
    record = await do(Surroundings(tmp_path, ANSWERED))
    assert record.outcome.verdict is Verdict.PASS


async def test_a_stop_during_the_conversation_hangs_up_and_says_interrupted(tmp_path: Path) -> None:
    stop: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()
    around = Surroundings(
        tmp_path, on_open=lambda: asyncio.get_running_loop().call_soon(stop.set_result, Reason.INTERRUPTED)
    )
    record = await do(around, stop=stop)
    assert_ours(record, Reason.INTERRUPTED)
    assert around.log[-4:] == ["end", "close", "leave given back", "keep"]


async def test_a_stop_before_the_conversation_keeps_it_from_being_dialled(tmp_path: Path) -> None:
    stop: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()
    stop.set_result(Reason.INTERRUPTED)
    around = Surroundings(tmp_path, ANSWERED)
    record = await do(around, stop=stop)
    assert_ours(record, Reason.INTERRUPTED)
    assert "open" not in around.log


async def test_a_stop_ends_the_wait_for_leave(tmp_path: Path) -> None:
    stop: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()
    around = Surroundings(tmp_path, ANSWERED, leave_never_comes=True)
    task = asyncio.create_task(do(around, stop=stop))
    await around.asked_for_leave.wait()
    stop.set_result(Reason.INTERRUPTED)
    assert_ours(await task, Reason.INTERRUPTED)
    assert around.log == ["admit", "admit", "keep"]


async def test_a_run_cancelled_while_it_waits_for_leave_takes_none(tmp_path: Path) -> None:
    around = Surroundings(tmp_path, ANSWERED, leave_never_comes=True)
    task = asyncio.create_task(do(around))
    await around.asked_for_leave.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert around.log == ["admit", "admit"]


async def test_a_cancelled_run_closes_its_session_and_gives_back_its_leave(tmp_path: Path) -> None:
    opened = asyncio.Event()
    around = Surroundings(tmp_path, on_open=opened.set)
    task = asyncio.create_task(do(around))
    await opened.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert around.log[-2:] == ["close", "leave given back"]


async def test_the_cap_ends_a_run_that_nothing_else_ends(tmp_path: Path) -> None:
    record = await do(Surroundings(tmp_path), order(cap_s=0.05))
    assert record.outcome.verdict is Verdict.INCONCLUSIVE
    assert record.outcome.reason is Reason.CAP_REACHED


async def test_whoever_watches_is_told_of_every_step(tmp_path: Path) -> None:
    events: list[Event] = []
    await perform(order(), Surroundings(tmp_path, ANSWERED).house(), "cli", on_event=events.append)
    assert [e.index for e in events if isinstance(e, StepEnded)] == [0, 1]


async def test_a_full_disk_is_called_that(tmp_path: Path) -> None:
    around = Surroundings(tmp_path, ANSWERED)
    around.fails = "keep"
    record = await do(around)
    assert_ours(record, Reason.INTERNAL_ERROR)
    assert "disk penuh" in record.message
    assert "EvidenceError" not in record.message
