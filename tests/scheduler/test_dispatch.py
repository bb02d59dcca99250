"""Queued runs are played once each, in turn, not more at once than there is room, and none is cut off or forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from probe.reasons import Reason
from scheduler.dispatch import LocalDispatcher, Rules
from scheduler.gate import Limits, Surroundings
from scheduler.places import Lane, Needs
from scheduler.timepiece import Jump
from scheduler.timetable import MANUAL
from scheduler.worker import TTL, Worker
from storage.maintenance import Window
from storage.runs import Runs
from storage.values import Cause, Entry, Planned, Run, RunState
from tests.scheduler.plans import HALF_HOUR, scheduled
from tests.scheduler.process import passed

PATIENCE_S = 60.0


def now() -> datetime:
    return datetime.now(UTC)


def due_now(number: int = 0, **more: Any) -> Planned:
    """A run that is due; ``number`` gives it a probe and a target of its own."""
    moment = now()
    known: dict[str, Any] = {
        "run_id": f"20261120T010000Z-{number:06}",
        "probe": f"ivr-{number}",
        "slot": moment - timedelta(seconds=1),
        "due": moment,
        "expires": moment + HALF_HOUR,
    }
    return scheduled(**known | more)


@dataclass
class Stage:
    """A dispatcher on a record of its own; its runs last until the test lets them go."""

    runs: Runs
    rules: dict[str, Any] = field(default_factory=dict)
    max_parallel: int = 10
    playing: list[str] = field(default_factory=list)
    begun: dict[str, asyncio.Event] = field(default_factory=dict)
    let_go: dict[str, asyncio.Event] = field(default_factory=dict)
    reasons: list[Reason] = field(default_factory=list)
    late_s: list[float] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    together: int = 0
    fails: bool = False

    def event(self, events: dict[str, asyncio.Event], run_id: str) -> asyncio.Event:
        return events.setdefault(run_id, asyncio.Event())

    async def execute(self, run: Run, stop: asyncio.Future[Reason]) -> None:
        run_id = run.planned.run_id
        self.playing.append(run_id)
        self.together = max(self.together, len(self.playing))
        self.event(self.begun, run_id).set()
        if self.fails:
            raise RuntimeError("a bug in playing")
        free: asyncio.Future[Any] = asyncio.ensure_future(self.event(self.let_go, run_id).wait())
        either: set[asyncio.Future[Any]] = {free, stop}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        free.cancel()
        self.playing.remove(run_id)
        if stop.done():
            self.reasons.append(stop.result())
            self.told.set()
        await asyncio.to_thread(self.runs.finish, run_id, run.owner or "", passed(run.planned, now()))

    async def until_begun(self, *run_ids: str) -> None:
        for run_id in run_ids:
            await asyncio.wait_for(self.event(self.begun, run_id).wait(), PATIENCE_S)

    def end(self, *run_ids: str) -> None:
        for run_id in run_ids:
            self.event(self.let_go, run_id).set()

    @asynccontextmanager
    async def dispatcher(self) -> AsyncIterator[LocalDispatcher]:
        rules = Rules(**{"needs": lambda planned: Needs(lease=f"to:{planned.probe}")} | self.rules)
        async with (
            Worker(self.runs) as worker,
            LocalDispatcher(
                self.runs,
                worker,
                self.execute,
                rules,
                max_parallel=self.max_parallel,
                on_start=lambda _, late_s: self.late_s.append(late_s),
            ) as dispatcher,
        ):
            yield dispatcher


@pytest.fixture
def stage(runs: Runs) -> Stage:
    return Stage(runs)


async def entered(runs: Runs, run_id: str) -> Entry:
    """The entry of a run, as soon as it stands."""
    async with asyncio.timeout(PATIENCE_S):
        while (entry := await asyncio.to_thread(runs.entry, run_id)) is None:  # noqa: ASYNC110 - a database tells nobody
            await asyncio.sleep(0.02)
    return entry


async def test_a_run_that_is_offered_is_played_and_how_late_it_began_is_told(stage: Stage, runs: Runs) -> None:
    planned = due_now()
    async with stage.dispatcher() as dispatcher:
        runs.submit(planned)
        dispatcher.offer([planned])
        await stage.until_begun(planned.run_id)
        assert dispatcher.playing == 1
        [live] = runs.live()
        assert live.state is RunState.RUNNING
        stage.end(planned.run_id)
        assert (await entered(runs, planned.run_id)).state is RunState.DONE
    assert len(stage.late_s) == 1
    assert stage.late_s[0] >= 0


async def test_what_was_queued_before_the_start_is_found(stage: Stage, runs: Runs) -> None:
    planned = due_now()
    runs.submit(planned)
    async with stage.dispatcher():
        await stage.until_begun(planned.run_id)
        stage.end(planned.run_id)


async def test_what_another_process_submits_is_found_without_a_word(stage: Stage, runs: Runs) -> None:
    async with stage.dispatcher() as dispatcher:
        planned = due_now()
        runs.submit(planned)
        await stage.until_begun(planned.run_id)
        second = due_now(2)
        await asyncio.to_thread(runs.submit, second)
        await asyncio.to_thread(dispatcher.notify)
        await stage.until_begun(second.run_id)
        stage.end(planned.run_id, second.run_id)


async def test_a_run_of_the_future_waits_in_memory_until_it_is_due(stage: Stage, runs: Runs) -> None:
    planned = due_now(due=now() + timedelta(seconds=0.7))
    async with stage.dispatcher() as dispatcher:
        runs.submit(planned)
        dispatcher.notify()
        await stage.until_begun(planned.run_id)
        assert now() >= planned.due
        stage.end(planned.run_id)
    assert stage.late_s[0] >= 0


async def test_one_target_is_tested_once_at_a_time_in_the_order_of_their_times(stage: Stage, runs: Runs) -> None:
    stage.rules["needs"] = lambda _: Needs(lease="skill:inbound/tier-1")
    all_of_them = [due_now(number, due=now() - timedelta(seconds=10 - number)) for number in range(4)]
    for planned in reversed(all_of_them):
        runs.submit(planned)
    order = []
    async with stage.dispatcher():
        for planned in all_of_them:
            await stage.until_begun(planned.run_id)
            order.append(list(stage.playing))
            stage.end(planned.run_id)
            await entered(runs, planned.run_id)
    assert order == [[planned.run_id] for planned in all_of_them]


@pytest.mark.parametrize(("width", "max_parallel"), [(2, 10), (10, 2)])
async def test_no_more_begin_than_the_lane_and_the_machine_have_room_for(
    stage: Stage, runs: Runs, width: int, max_parallel: int
) -> None:
    stage.max_parallel = max_parallel
    stage.rules["needs"] = lambda planned: Needs(lease=planned.probe, lane=Lane("trunk", width))
    all_of_them = [due_now(number) for number in range(6)]
    runs.submit_many(all_of_them)
    async with stage.dispatcher():
        stage.end(*[planned.run_id for planned in all_of_them])
        for planned in all_of_them:
            assert (await entered(runs, planned.run_id)).state is RunState.DONE
    assert stage.together <= 2


async def test_a_target_that_another_process_tests_is_waited_for(stage: Stage, runs: Runs) -> None:
    planned, theirs = due_now(1), due_now(2)
    runs.submit(theirs)
    runs.beat("another/1:1:1:0", now(), TTL)
    assert runs.claim(theirs.run_id, "another/1:1:1:0", f"to:{planned.probe}", now()) == "claimed"
    runs.submit(planned)
    async with stage.dispatcher():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stage.event(stage.begun, planned.run_id).wait(), 1.5)
        runs.finish(theirs.run_id, "another/1:1:1:0", passed(theirs, now()))
        await stage.until_begun(planned.run_id)
        stage.end(planned.run_id)


@pytest.mark.parametrize("ours", [True, False])
async def test_a_target_that_stays_busy_lets_the_run_be_missed(stage: Stage, runs: Runs, ours: bool) -> None:
    first, second = due_now(1), due_now(2, expires=now() + timedelta(seconds=1.5))
    stage.rules["needs"] = lambda _: Needs(lease="skill:inbound/tier-1")
    runs.submit(first)
    if not ours:
        runs.beat("another/1:1:1:0", now(), TTL)
        runs.claim(first.run_id, "another/1:1:1:0", "skill:inbound/tier-1", now())
    async with stage.dispatcher():
        if ours:
            await stage.until_begun(first.run_id)
        runs.submit(second)
        entry = await entered(runs, second.run_id)
        stage.end(first.run_id)
    assert (entry.state, entry.cause) == (RunState.MISSED, Cause.BUSY)
    assert second.run_id not in stage.begun


async def test_a_run_that_somebody_else_took_is_let_go(stage: Stage, runs: Runs) -> None:
    planned, other = due_now(1), due_now(2)
    runs.beat("another/1:1:1:0", now(), TTL)
    async with stage.dispatcher() as dispatcher:
        runs.submit(planned)
        runs.claim(planned.run_id, "another/1:1:1:0", "somewhere else", now())
        dispatcher.offer([planned])
        runs.submit(other)
        dispatcher.offer([other])
        await stage.until_begun(other.run_id)
        stage.end(other.run_id)
        await entered(runs, other.run_id)
        assert planned.run_id not in stage.begun


async def test_in_peak_mode_a_run_is_marked_and_played(stage: Stage, runs: Runs) -> None:
    stage.rules |= {"around": lambda _: Surroundings(peak=True), "limits": lambda: Limits(every_nth=1)}
    planned = due_now()
    runs.submit(planned)
    async with stage.dispatcher():
        await stage.until_begun(planned.run_id)
        stage.end(planned.run_id)
        assert (await entered(runs, planned.run_id)).mode == "peak"


@pytest.mark.parametrize(
    ("rules", "cause", "mode"),
    [
        ({"around": lambda _: Surroundings(agent_held_s=600)}, Cause.COURTESY, "normal"),
        (
            {"around": lambda _: Surroundings(peak=True), "limits": lambda: Limits(every_nth=10**9)},
            Cause.COURTESY,
            "peak",
        ),
        ({"around": lambda p: Surroundings(windows=(window(p),))}, Cause.MAINTENANCE, "normal"),
    ],
)
async def test_what_the_gate_holds_back_is_entered_and_not_played(
    stage: Stage, runs: Runs, rules: dict[str, Any], cause: Cause, mode: str
) -> None:
    stage.rules |= rules
    planned = due_now()
    runs.submit(planned)
    async with stage.dispatcher():
        entry = await entered(runs, planned.run_id)
    assert (entry.state, entry.cause, entry.mode) == (RunState.MISSED, cause, mode)
    assert not stage.begun


def window(planned: Planned) -> Window:
    return Window(target="inbound", from_=planned.due, to=planned.due + HALF_HOUR, reason="")


async def test_nothing_begins_before_what_was_missed_is_entered(stage: Stage, runs: Runs) -> None:
    asked, settled = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        asked.set()
        await settled.wait()

    stage.rules["settled"] = wait
    planned = due_now()
    runs.submit(planned)
    async with stage.dispatcher():
        await asked.wait()
        assert not stage.begun
        settled.set()
        await stage.until_begun(planned.run_id)
        stage.end(planned.run_id)


async def test_what_was_queued_while_nobody_was_there_is_missed_as_down(stage: Stage, runs: Runs) -> None:
    stage.rules["around"] = lambda _: Surroundings(was_alive=False)
    planned = due_now(slot=now() - timedelta(minutes=20), due=now() - timedelta(minutes=18), expires=now() + HALF_HOUR)
    runs.submit(planned)
    async with stage.dispatcher():
        assert (await entered(runs, planned.run_id)).cause is Cause.DOWN


async def test_a_persons_test_is_never_played_and_stays_until_it_is_entered(stage: Stage, runs: Runs) -> None:
    stage.rules["needs"] = lambda planned: Needs(lease="x", playable=planned.channel != MANUAL)
    theirs, ours = due_now(1, channel=MANUAL), due_now(2)
    expired = due_now(3, channel=MANUAL, expires=now() + timedelta(seconds=0.5))
    runs.submit_many([theirs, ours, expired])
    async with stage.dispatcher():
        await stage.until_begun(ours.run_id)
        stage.end(ours.run_id)
        assert (await entered(runs, expired.run_id)).cause is Cause.LATE
    assert [run.planned.run_id for run in runs.queued(now())] == [theirs.run_id]
    assert list(stage.begun) == [ours.run_id]


# --- how it ends ------------------------------------------------------------------------------------------


async def test_draining_lets_what_is_played_end_and_leaves_the_queue(stage: Stage, runs: Runs) -> None:
    first, second = due_now(1), due_now(2)
    stage.max_parallel = 1
    runs.submit_many([first, second])
    async with stage.dispatcher() as dispatcher:
        await stage.until_begun(first.run_id)
        draining = asyncio.ensure_future(dispatcher.drain(PATIENCE_S))
        stage.end(first.run_id)
        await draining
        assert (await entered(runs, first.run_id)).state is RunState.DONE
    assert stage.reasons == []
    assert [run.planned.run_id for run in runs.queued(now())] == [second.run_id]


async def test_after_the_deadline_runs_are_told_to_stop_and_end_in_their_own_way(stage: Stage, runs: Runs) -> None:
    all_of_them = [due_now(number) for number in range(3)]
    runs.submit_many(all_of_them)
    async with stage.dispatcher() as dispatcher:
        await stage.until_begun(*[planned.run_id for planned in all_of_them])
        await dispatcher.drain(0.2)
        assert stage.playing == []
    assert stage.reasons == [Reason.SHUTDOWN] * 3
    assert {(await entered(runs, planned.run_id)).state for planned in all_of_them} == {RunState.DONE}


async def test_a_run_that_waits_for_the_accounts_does_not_hold_up_the_end(stage: Stage, runs: Runs) -> None:
    asked, never = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        asked.set()
        await never.wait()

    stage.rules["settled"] = wait
    planned = due_now()
    runs.submit(planned)
    async with stage.dispatcher():
        await asked.wait()
    assert [run.planned.run_id for run in runs.queued(now())] == [planned.run_id]


async def test_our_own_mistake_in_playing_ends_as_lost_and_the_target_is_free_again(stage: Stage, runs: Runs) -> None:
    stage.fails = True
    planned, second = due_now(1), due_now(2)
    stage.rules["needs"] = lambda _: Needs(lease="skill:inbound/tier-1")
    runs.submit(planned)
    async with stage.dispatcher():
        assert (await entered(runs, planned.run_id)).state is RunState.LOST
        stage.fails = False
        runs.submit(second)
        await stage.until_begun(second.run_id)
        stage.end(second.run_id)


async def test_a_process_that_stood_still_ends_the_calls_it_has_lost(stage: Stage, runs: Runs) -> None:
    lost, kept = due_now(1), due_now(2)
    runs.submit_many([lost, kept])
    async with stage.dispatcher() as dispatcher:
        await stage.until_begun(lost.run_id, kept.run_id)
        runs.lose(lost.run_id, dispatcher._worker.owner)
        past = now() - timedelta(minutes=10)
        dispatcher._jumped(Jump(from_=past, to=now(), lived_s=600))
        await asyncio.wait_for(stage.told.wait(), PATIENCE_S)
        assert stage.reasons == [Reason.INTERRUPTED]
        assert lost.run_id not in stage.playing
        stage.end(kept.run_id)
    assert (await entered(runs, kept.run_id)).state is RunState.DONE


@pytest.mark.parametrize("known", [True, False])
async def test_a_run_that_somebody_asked_for_is_given_up_and_not_missed(stage: Stage, runs: Runs, known: bool) -> None:
    first = due_now(1)
    asked = replace(due_now(2, trigger="manual", expires=now() + timedelta(seconds=1)), slot=None)
    given_up = asyncio.get_running_loop().create_future()

    async def give_up(run: Run) -> bool:
        given_up.set_result(run)
        return known

    stage.rules = {"needs": lambda _: Needs(lease="to:one"), "give_up": give_up}
    async with stage.dispatcher() as dispatcher:
        runs.submit_many([first, asked])
        dispatcher.offer([first, asked])
        await stage.until_begun(first.run_id)
        run = await asyncio.wait_for(given_up, PATIENCE_S)
        assert (run.planned, run.state) == (asked, RunState.QUEUED)
        assert run.owner is not None
        if not known:
            assert (await entered(runs, asked.run_id)).cause is Cause.BUSY
        stage.end(first.run_id)
    if known:
        assert runs.entry(asked.run_id) is None
