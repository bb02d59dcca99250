"""Every slot of a planned probe has a row, whatever happened to the service; and those rows come first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.accounting import Accounting
from scheduler.books import Missed
from scheduler.worker import TTL, Worker
from storage.alive import Alive
from storage.database import Database
from storage.journal import Journal
from storage.plans import Plans
from storage.results import Filter, Results
from storage.runs import Runs
from storage.values import Cause, Entry, Planned, RunState
from tests.scheduler.desk import Desk
from tests.scheduler.plans import SLOT, probe_plan

Rows = Callable[[], list[Entry]]


@pytest.fixture
def desk(record: Database, runs: Runs) -> Desk:
    return Desk(record, runs)


@pytest.fixture
def rows(record: Database, tmp_path: Path) -> Rows:
    results = Results(record, tmp_path / "evidence")
    return lambda: sorted(
        results.page(Filter(), None, 10_000, newest_first=False), key=lambda entry: (entry.slot or SLOT, entry.seq)
    )


def told(entries: list[Entry]) -> list[tuple[str | None, str, Cause | None]]:
    zone = probe_plan().plan.times.zone
    return [(e.probe, f"{e.slot.astimezone(zone):%H:%M}" if e.slot else "", e.cause) for e in entries]


async def test_a_new_probe_is_planned_from_now_on(desk: Desk, rows: Rows) -> None:
    async with desk.open(probe_plan()):
        pass
    assert rows() == []
    [plan] = Plans(desk.database).all()
    assert (plan.probe, plan.since) == ("ivr", SLOT)


async def test_what_was_due_while_the_service_was_down_is_entered_before_it_goes_on(desk: Desk, rows: Rows) -> None:
    probes = [probe_plan("ivr"), probe_plan("wa")]
    desk.pass_by(minutes=-5)
    async with desk.open(*probes) as accounting:
        desk.pass_by(minutes=5)  # 08:00
        for probe in probes:
            await accounting.submit(probe.name, SLOT)
        desk.pass_by(minutes=5)
    desk.pass_by(hours=3, minutes=35)  # 11:40
    async with desk.open(*probes):
        missed = rows()
    assert [row for row in told(missed) if row[0] == "ivr"] == [
        ("ivr", time, Cause.DOWN) for time in ("08:30", "09:00", "09:30", "10:00", "10:30", "11:00", "11:30")
    ]
    assert len(missed) == 14
    assert {run.planned.slot for run in desk.runs.live()} == {SLOT}, "and what was queued stays queued"


async def test_a_slot_is_submitted_once_and_told(desk: Desk) -> None:
    async with desk.open(probe_plan()) as accounting:
        await accounting.submit("ivr", SLOT)
        await accounting.submit("ivr", SLOT)
        await accounting.submit("unknown", SLOT)
    assert [planned.slot for planned in desk.submitted] == [SLOT]
    assert len(desk.runs.live()) == 1


async def test_slots_that_are_due_together_are_queued_together(desk: Desk) -> None:
    probes = [probe_plan(f"p-{n}") for n in range(50)]
    async with desk.open(*probes) as accounting:
        await asyncio.gather(*(accounting.submit(probe.name, SLOT) for probe in probes))
    assert {planned.probe for planned in desk.submitted} == {probe.name for probe in probes}
    assert len(desk.runs.live()) == 50


async def test_what_comes_too_late_is_entered_as_late(desk: Desk, rows: Rows) -> None:
    async with desk.open(probe_plan()) as accounting:
        await accounting.submit("ivr", SLOT - timedelta(minutes=5, seconds=1))
        accounting.missed("ivr", SLOT - timedelta(minutes=30))
        while len(rows()) < 2:  # noqa: ASYNC110 - a database tells nobody
            await asyncio.sleep(0.01)
    assert [row[2] for row in told(rows())] == [Cause.LATE, Cause.LATE]
    assert desk.submitted == []


@pytest.mark.parametrize("lived_s", [600.0, 5.0])
async def test_after_time_that_nobody_lived_through_the_gap_is_entered_first(
    desk: Desk, rows: Rows, lived_s: float
) -> None:
    """Stopped for ten minutes, or the clock set forward by them."""
    async with desk.open(probe_plan(every_s=120)) as accounting:
        desk.pass_by(minutes=10, lived_s=lived_s)
        assert desk.timepiece.look() is not None
        await accounting.submit("ivr", SLOT + timedelta(minutes=10))
        before = rows()
    assert [row[1] for row in told(before)] == ["08:02", "08:04", "08:06", "08:08", "08:10"]
    assert {entry.cause for entry in before} == {Cause.DOWN}
    assert desk.submitted == [], "the slot at the gap's end belongs to the gap"
    [note] = Journal(desk.database).read("clock")
    assert note.body["lived_s"] == lived_s


async def test_after_a_gap_nothing_new_is_queued_before_it_is_entered(
    desk: Desk, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter = desk.runs.submit_missed

    def slowly(planned: Sequence[Planned], cause: Cause) -> int:
        time.sleep(0.5)
        return enter(planned, cause)

    async with desk.open(probe_plan(every_s=120)) as accounting:
        monkeypatch.setattr(desk.runs, "submit_missed", slowly)
        desk.pass_by(minutes=12, lived_s=5)
        desk.timepiece.look()
        await accounting.submit("ivr", SLOT + timedelta(minutes=14))
        assert len(rows()) == 6
        assert [planned.slot for planned in desk.submitted] == [SLOT + timedelta(minutes=14)]


@pytest.mark.parametrize("at_a_reload", [False, True])
async def test_what_a_living_service_could_not_enter_was_late(desk: Desk, rows: Rows, at_a_reload: bool) -> None:
    """The database took nothing for twenty minutes, neither runs nor beats; the service lived through them."""
    async with desk.open(probe_plan(every_s=300)) as accounting:
        for _ in range(3 * 20 + 5):
            desk.pass_by(seconds=20)
            desk.timepiece.look()
        if at_a_reload:
            await accounting.replace([], desk.wall)
        else:
            await accounting.look_through()
        assert [row[1:] for row in told(rows())] == [(f"08:{m:02}", Cause.LATE) for m in (5, 10, 15, 20)]


async def test_a_clock_set_back_lets_no_slot_happen_twice(desk: Desk, rows: Rows) -> None:
    async with desk.open(probe_plan()) as accounting:
        for _ in range(3):
            await accounting.submit("ivr", desk.wall)
            desk.pass_by(minutes=30)
        desk.pass_by(hours=-1, lived_s=1)
        assert desk.timepiece.look() is not None
        await accounting.submit("ivr", SLOT + timedelta(minutes=30))
        await accounting.settled()
    assert len(desk.submitted) == 3
    assert rows() == []


async def test_a_probe_that_leaves_the_configuration_is_planned_no_more(desk: Desk, rows: Rows) -> None:
    ivr, wa = probe_plan("ivr"), probe_plan("wa")
    async with desk.open(ivr, wa) as accounting:
        desk.pass_by(minutes=31, lived_s=31 * 60)
        await accounting.replace([wa], desk.wall)
        assert told(rows()) == [("ivr", "08:30", Cause.DOWN)], "what it lacks until then is entered: nobody beat"
        desk.pass_by(hours=2)
        desk.timepiece.look()
        await accounting.settled()
    assert {row[0] for row in told(rows()[1:])} == {"wa"}
    assert [plan.probe for plan in Plans(desk.database).all()] == ["wa"]
    desk.pass_by(hours=5)
    async with desk.open(ivr):
        pass
    assert [row for row in told(rows()) if row[0] == "ivr"] == [("ivr", "08:30", Cause.DOWN)], "and planned anew"


async def test_a_probe_with_another_interval_is_accounted_for_by_the_old_one_until_now(desk: Desk, rows: Rows) -> None:
    async with desk.open(probe_plan(every_s=1800)) as accounting:
        desk.pass_by(minutes=40, lived_s=40 * 60)
        await accounting.replace([probe_plan(every_s=600)], desk.wall)
        assert [row[1] for row in told(rows())] == ["08:30"]
        desk.pass_by(minutes=21, lived_s=1)
        desk.timepiece.look()
        await accounting.settled()
    assert [row[1] for row in told(rows())] == ["08:30", "08:50", "09:00"]


async def test_while_another_service_lives_its_slots_are_left_to_it(desk: Desk, rows: Rows) -> None:
    async with desk.open(probe_plan()):
        pass
    desk.pass_by(minutes=31)
    alive = Alive(desk.database)
    for second in range(0, 60, 20):  # the other service beats until now
        alive.beat("other/1:1:1:0", desk.wall - timedelta(seconds=60 - second))
    alive.beat("other/1:1:1:0", desk.wall)
    desk.runs.beat("other/1:1:1:0", desk.wall, TTL)
    async with desk.open(probe_plan()):
        assert rows() == []
    desk.pass_by(minutes=6)
    async with desk.open(probe_plan()):
        assert told(rows()) == [("ivr", "08:30", Cause.LATE)]


async def test_ten_thousand_slots_are_entered_in_chunks_while_the_loop_goes_on(desk: Desk, rows: Rows) -> None:
    probes = [probe_plan(f"p-{n}", 300) for n in range(10)]
    async with desk.open(*probes):
        pass
    desk.pass_by(hours=80)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    ticking = asyncio.create_task(tick())
    async with desk.open(*probes):
        ticking.cancel()
    assert len(rows()) == 10 * 80 * 12
    assert ticks > 10, "other work had its turn"


async def test_nothing_is_settled_before_the_plan_is_known(desk: Desk) -> None:
    alive = Alive(desk.database)
    async with Worker(desk.runs) as worker, Accounting(desk.runs, Plans(desk.database), alive, worker) as accounting:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(accounting.settled(), 0.2)
        await accounting.replace([], desk.wall)
        await accounting.settled()


async def test_a_name_that_another_run_has_is_no_reason_to_lose_a_slot(desk: Desk, rows: Rows) -> None:
    probe = probe_plan()
    async with desk.open(probe):
        pass
    desk.pass_by(minutes=31)
    taken = Missed(probe, probe.due(SLOT + timedelta(minutes=30)), Cause.DOWN).planned()
    desk.runs.submit(probe_plan("other").planned(SLOT, taken.run_id))
    async with desk.open(probe):
        assert told(rows()) == [("ivr", "08:30", Cause.DOWN)]
    assert {run.state for run in desk.runs.live()} == {RunState.QUEUED}
