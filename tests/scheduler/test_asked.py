"""A run that somebody waits for: it waits for its target a while, and whatever comes of it stands in the record."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from probe.observation import Answered, Placed
from probe.outcome import Record
from probe.reasons import Reason, Verdict
from scheduler import asked as asked_path
from scheduler.asked import perform
from scheduler.house import RefusedError
from scheduler.order import Order
from storage.database import DatabaseError
from storage.runs import Runs
from storage.values import Entry, Run, RunState
from tests.scheduler.house import Surroundings, order

ANSWERED = (Placed(at=0), Answered(at=0))
MINE = replace(order(), probe="ivr", service="inbound", skill="tier-1")
"""One order of the skill that ``taken`` occupies."""


@pytest.fixture
def around(tmp_path: Path) -> Iterator[Surroundings]:
    made = Surroundings(tmp_path, ANSWERED)
    made.runs().beat("cli", datetime.now(UTC), timedelta(minutes=5))
    yield made
    made.close_record()


async def do(around: Surroundings, asked: Order, stop: asyncio.Future[Reason] | None = None) -> Record:
    return await perform(asked, around.house(), "cli", stop=stop)


def taken(around: Surroundings, *, by: str = "other") -> None:
    """Another living worker tests the same skill."""
    now = datetime.now(UTC)
    around.runs().beat(by, now, timedelta(minutes=5))
    around.runs().submit(MINE.planned("theirs", now, now))
    assert around.runs().claim("theirs", by, MINE.lease, now) == "claimed"


async def second_run(around: Surroundings) -> Run:
    """The run that waits for the skill, once it was submitted; a row of a database announces itself to nobody."""
    while True:
        for run in around.runs().live():
            if run.planned.run_id != "theirs":
                return run
        await asyncio.sleep(0)


def entry_of(around: Surroundings, record: Record) -> Entry:
    entry = around.runs().entry(record.run_id)
    assert entry is not None
    assert (entry.verdict, entry.reason) == (record.outcome.verdict, record.outcome.reason)
    return entry


async def test_ad_hoc_calls_to_one_address_do_not_wait_for_each_other(around: Surroundings) -> None:
    asked = order()
    around.runs().beat("other", datetime.now(UTC), timedelta(minutes=5))
    around.runs().submit(asked.planned("theirs", datetime.now(UTC), datetime.now(UTC)))
    assert around.runs().claim("theirs", "other", asked.lease, datetime.now(UTC)) == "claimed"
    assert (await do(around, asked)).outcome.verdict == "pass"


async def test_what_is_told_stands_in_the_record(around: Surroundings) -> None:
    record = await do(around, MINE)
    entry = entry_of(around, record)
    assert (entry.state, entry.trigger, entry.slot) == (RunState.DONE, "cli", None)
    assert (entry.probe, entry.service, entry.skill) == ("ivr", "inbound", "tier-1")
    assert around.runs().live() == []


async def test_no_service_takes_a_run_that_somebody_plays_himself(around: Surroundings) -> None:
    taken(around)
    stop: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(do(around, MINE, stop))
    waiting = await second_run(around)
    assert (waiting.state, waiting.owner) == (RunState.QUEUED, "cli")
    assert around.runs().queued(datetime.now(UTC) + timedelta(hours=1)) == []
    assert around.runs().claim(waiting.planned.run_id, "other", "to:x", datetime.now(UTC)) == "gone"
    stop.set_result(Reason.INTERRUPTED)
    await task


async def test_a_busy_target_is_waited_for(around: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked_path, "POLL_S", 0.001)
    taken(around)
    task = asyncio.create_task(do(around, MINE))
    await second_run(around)
    assert "open" not in around.log
    around.runs().leave("other")
    around.runs().sweep(datetime.now(UTC))
    record = await task
    assert record.outcome.verdict is Verdict.PASS
    assert entry_of(around, record).state is RunState.DONE


async def test_one_that_stays_busy_is_told_so_and_nothing_is_dialled(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked_path, "CHANNEL_WAIT_S", 0.0)
    taken(around)
    record = await do(around, MINE)
    assert record.outcome.reason is Reason.LEASE_BUSY
    assert "masih dites" in record.message
    assert "open" not in around.log
    assert entry_of(around, record).state is RunState.DONE
    assert [e.kind for e in record.outcome.evidence] == ["result"]
    assert [run.planned.run_id for run in around.runs().live()] == ["theirs"]


async def test_another_skill_and_an_address_without_one_are_free(around: Surroundings) -> None:
    taken(around)
    assert (await do(around, replace(MINE, skill="tier-2"))).outcome.verdict is Verdict.PASS
    assert (await do(around, order())).outcome.verdict is Verdict.PASS


async def test_a_stop_ends_the_wait_for_the_target_and_is_stored(around: Surroundings) -> None:
    taken(around)
    stop: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(do(around, MINE, stop))
    await second_run(around)
    stop.set_result(Reason.INTERRUPTED)
    record = await task
    assert record.outcome.reason is Reason.INTERRUPTED
    entry_of(around, record)


async def test_a_stop_before_anything_is_stored_as_well(around: Surroundings) -> None:
    stop: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()
    stop.set_result(Reason.INTERRUPTED)
    record = await do(around, MINE, stop)
    assert entry_of(around, record).reason is Reason.INTERRUPTED
    assert "open" not in around.log


async def test_a_refused_number_leaves_no_trace(around: Surroundings) -> None:
    around.refuse = True
    with pytest.raises(RefusedError):
        await do(around, MINE)
    assert around.runs().live() == []


async def test_without_a_database_nobody_is_called(around: Surroundings) -> None:
    def no_database() -> Runs:
        raise DatabaseError("siaga.db cannot be opened; check [storage] url")

    house = replace(around.house(), runs=no_database)
    record = await perform(MINE, house, "cli")
    assert record.outcome.reason is Reason.INTERNAL_ERROR
    assert "siaga.db cannot be opened; check [storage] url" in record.message
    assert "open" not in around.log


async def test_a_run_swept_while_it_was_played_is_told_as_lost(around: Surroundings) -> None:
    around.on_open = lambda: around.runs().sweep(datetime.now(UTC) + timedelta(hours=1))
    record = await do(around, MINE)
    assert record.outcome.reason is Reason.LOST
    assert entry_of(around, record).state is RunState.LOST


async def test_a_run_swept_while_it_waited_is_told_as_lost(around: Surroundings) -> None:
    taken(around)
    task = asyncio.create_task(do(around, MINE))
    await second_run(around)
    around.runs().beat("other", datetime.now(UTC), timedelta(hours=2))
    around.runs().sweep(datetime.now(UTC) + timedelta(hours=1))
    record = await task
    assert record.outcome.reason is Reason.LOST
    assert entry_of(around, record).state is RunState.LOST
