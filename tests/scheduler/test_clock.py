"""The clock submits each slot once when it is due, whatever happens to the configuration or to time."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.events import EVENT_JOB_MODIFIED

from probe.calendar import offset_s
from scheduler.clock import MAX_INSTANCES, Clock, SlotTrigger
from scheduler.timepiece import Timepiece
from scheduler.timetable import ProbePlan
from tests.scheduler.plans import SLOT, probe_plan

PATIENCE_S = 60.0


class Desk:
    """Notes what is submitted; may hang or fail."""

    def __init__(self) -> None:
        self.submitted: list[tuple[str, datetime]] = []
        self.missed: list[tuple[str, datetime]] = []
        self.changed = asyncio.Event()
        self.hangs = False
        self.fails = False
        self.wall = timedelta()
        self.timepiece = Timepiece(lambda: datetime.now(UTC) + self.wall)

    async def submit(self, name: str, slot: datetime) -> None:
        self.submitted.append((name, slot))
        self.changed.set()
        if self.hangs:
            await asyncio.Event().wait()
        if self.fails:
            raise OSError("disk full")

    def miss(self, name: str, slot: datetime) -> None:
        self.missed.append((name, slot))
        self.changed.set()

    def clock(self) -> Clock:
        return Clock(self.submit, self.miss, timepiece=self.timepiece)

    async def until(self, count: int, what: list[tuple[str, datetime]]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while len(what) < count:
                self.changed.clear()
                await self.changed.wait()


def quick(name: str = "ivr", every_s: float = 1.0) -> ProbePlan:
    return probe_plan(name, every_s, spread_s=every_s * 0.2)


def now() -> datetime:
    return datetime.now(UTC)


async def test_each_slot_is_submitted_once_and_in_its_time() -> None:
    desk = Desk()
    async with desk.clock() as clock:
        since = now()
        clock.replace([quick("a"), quick("b")], since)
        await desk.until(8, desk.submitted)
    until = now()
    for name in ("a", "b"):
        mine = [slot for probe, slot in desk.submitted if probe == name]
        due = [one.slot for one in quick(name).dues(since, until)]
        assert mine == due[: len(mine)]
        assert len(mine) >= len(due) - 1
        assert all(quick(name).due(slot).at <= until for slot in mine)


async def test_a_slot_that_falls_due_while_the_jobs_are_made_is_submitted_all_the_same() -> None:
    desk, since = Desk(), now()
    hourly = probe_plan(every_s=3600)
    slot = next(hourly.plan.slots(since - timedelta(hours=1), since))
    spread_s = ((since - slot).total_seconds() + 0.05) / offset_s(hourly.name, slot, 1.0)
    due_soon = replace(hourly, spread_s=spread_s)
    async with desk.clock() as clock:
        clock._not_before = since
        while now() <= due_soon.due(slot).at:
            time.sleep(0.01)  # noqa: ASYNC251 - something else holds up the loop
        clock.replace([due_soon], since)
        await desk.until(1, desk.submitted)
    assert desk.submitted == [("ivr", slot)]


async def test_an_unchanged_probe_is_not_touched_by_a_new_configuration() -> None:
    desk, touched = Desk(), list[str]()
    async with desk.clock() as clock:
        clock.replace([quick("same", 3600), quick("changed", 3600), quick("gone", 3600)], now())
        job = clock._scheduler.get_job("same")
        clock._scheduler.add_listener(lambda event: touched.append(event.job_id), EVENT_JOB_MODIFIED)
        clock.replace([quick("same", 3600), quick("changed", 1800), quick("new", 3600)], now())
        assert clock._scheduler.get_job("same") is job
        assert touched == []
        plans = {job.id: job.trigger.plan for job in clock._scheduler.get_jobs()}
    assert plans == {"same": quick("same", 3600), "changed": quick("changed", 1800), "new": quick("new", 3600)}


async def test_a_probe_that_is_gone_is_submitted_no_more() -> None:
    desk = Desk()
    async with desk.clock() as clock:
        clock.replace([quick("gone"), quick("stays")], now())
        await desk.until(2, desk.submitted)
        clock.replace([quick("stays")], now())
        await asyncio.sleep(0)
        desk.submitted.clear()
        await desk.until(3, desk.submitted)
    assert {name for name, _ in desk.submitted} == {"stays"}


async def test_a_probe_without_any_slot_does_no_harm() -> None:
    desk = Desk()
    async with desk.clock() as clock:
        never = probe_plan("never", week={"mon": []})
        clock.replace([never, quick()], now())
        await desk.until(1, desk.submitted)
        clock.replace([quick()], now())


async def test_slots_of_a_gap_are_left_to_the_accounts_and_the_next_one_comes() -> None:
    desk = Desk()
    async with desk.clock() as clock:
        clock.replace([quick()], now())
        await desk.until(1, desk.submitted)
        clock._not_before = gap_end = now() + timedelta(seconds=2)
        desk.submitted.clear()
        await desk.until(1, desk.submitted)
    assert quick().due(desk.submitted[0][1]).at > gap_end


async def test_a_jump_is_noticed_within_moments_and_its_end_is_where_the_clock_goes_on() -> None:
    desk = Desk()
    async with desk.clock() as clock:
        desk.wall = timedelta(hours=1)
        jumped = asyncio.Event()
        desk.timepiece.listen(lambda _: jumped.set())
        await asyncio.wait_for(jumped.wait(), PATIENCE_S)
        assert clock._not_before > now() + timedelta(minutes=59)


async def test_a_submission_that_fails_is_told() -> None:
    desk = Desk()
    desk.fails = True
    async with desk.clock() as clock:
        clock.replace([quick()], now())
        await desk.until(1, desk.missed)
    assert desk.missed == desk.submitted[: len(desk.missed)]


async def test_submissions_that_hang_do_not_pile_up_and_the_slots_are_told() -> None:
    desk = Desk()
    desk.hangs = True
    async with desk.clock() as clock:
        clock.replace([quick()], now())
        await desk.until(2, desk.missed)
        assert len(desk.submitted) == MAX_INSTANCES
        assert not set(desk.missed) & set(desk.submitted)
        for task in clock._executor.tasks:
            task.cancel()


async def test_ending_waits_for_what_is_being_submitted() -> None:
    desk = Desk()
    done = []

    async def slow(name: str, slot: datetime) -> None:
        desk.submitted.append((name, slot))
        desk.changed.set()
        await asyncio.sleep(0.2)
        done.append(slot)

    async with Clock(slow, desk.miss, timepiece=desk.timepiece) as clock:
        clock.replace([quick()], now())
        await desk.until(1, desk.submitted)
    assert len(done) == len(desk.submitted) > 0


@pytest.mark.parametrize("hours", [1, 24 * 30])
def test_after_a_jump_the_trigger_leaps_over_what_is_too_late(hours: int) -> None:
    plan = quick(every_s=60)
    trigger, asked = SlotTrigger(plan), Counter[str]()
    moment, fired, far = SLOT, list[datetime](), SLOT + timedelta(hours=hours)
    next_fire = trigger.get_next_fire_time(None, moment)
    while next_fire is not None and next_fire <= far:
        fired.append(next_fire)
        next_fire = trigger.get_next_fire_time(next_fire, far)
        asked["next"] += 1
    assert asked["next"] <= 3
    assert all(far - plan.grace <= at for at in fired[1:])


def test_a_trigger_never_goes_back() -> None:
    trigger = SlotTrigger(quick(every_s=60))
    first = trigger.get_next_fire_time(None, SLOT)
    assert first is not None
    second = trigger.get_next_fire_time(first, SLOT - timedelta(hours=1))
    assert second is not None
    assert second > first
