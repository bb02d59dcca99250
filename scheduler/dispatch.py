"""Picks queued runs up and has them played: one at a time per target, so many at once, none twice, none forgotten.

The rows of the database are the queue. What another process submits is found within two seconds; what was queued when
a process ended is found by the next one.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Literal, Self

import structlog

from probe.reasons import Reason
from scheduler.gate import Cut, GiveUp, Limits, Miss, Surroundings, Wait, decide
from scheduler.places import NOTHING, Needs, Places
from scheduler.timepiece import Jump
from scheduler.worker import Worker
from storage.runs import Runs
from storage.values import Cause, Mode, Planned, Run, RunState

LOOK_S: Final = 2.0
"""How often the queue is read unasked: another process may have submitted."""
AHEAD: Final = timedelta(seconds=LOOK_S + 1)
"""Runs due this soon are kept in memory, so that they begin on time."""
BUSY_S: Final = (0.2, 1.0)
"""Until the next try for a target that another process tests."""
LONGEST_S: Final = 3600.0

Execute = Callable[[Run, "asyncio.Future[Reason]"], Awaitable[object]]
"""Plays a claimed run and enters its result; the future tells it to end early, and why."""
OnStart = Callable[[Planned, float], None]

log = structlog.get_logger()


async def at_once() -> None:
    """Nothing is to be waited for."""


async def left_alone(_run: Run) -> bool:
    """Nobody here can enter a result."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the dispatcher asks about a run; ``around`` and ``limits`` in threads: they may read the database."""

    needs: Callable[[Planned], Needs]
    around: Callable[[Planned], Surroundings] = lambda _: Surroundings()
    limits: Callable[[], Limits] = Limits
    give_up: Callable[[Run], Awaitable[bool]] = left_alone
    """Enters a run that is not ours yet (its owner is who enters it) as busy; False when its probe is unknown."""
    settled: Callable[[], Awaitable[None]] = at_once
    """Returns when everything missed is entered: nothing new begins before."""


@dataclass(slots=True)
class _Waiting:
    run: Run
    needs: Needs
    not_before: float = 0.0
    """Monotonic."""
    waited: bool = False


@dataclass(slots=True)
class _Playing:
    needs: Needs
    stop: asyncio.Future[Reason]
    claimed: bool = False
    task: asyncio.Task[None] | None = None

    def end(self, reason: Reason) -> None:
        if not self.stop.done():
            self.stop.set_result(reason)


class LocalDispatcher:
    """``async with LocalDispatcher(…)``: plays queued runs in this process until it is drained."""

    def __init__(
        self,
        runs: Runs,
        worker: Worker,
        execute: Execute,
        rules: Rules,
        *,
        max_parallel: int,
        on_start: OnStart = lambda _run, _late_s: None,
    ) -> None:
        """``on_start`` is told of each run that begins, and how many seconds after its time."""
        self.places = Places(max_parallel)
        self._runs = runs
        self._worker = worker
        self._timepiece = worker.timepiece
        self._execute = execute
        self._rules = rules
        self._on_start = on_start
        self._waiting: dict[str, _Waiting] = {}
        self._playing: dict[str, _Playing] = {}
        self._unentered: set[str] = set()
        self._wake, self._draining = asyncio.Event(), asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._checking: asyncio.Task[None] | None = None
        self._read_at = -LOOK_S
        self._awake_since = self._timepiece.now()

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._timepiece.listen(self._jumped)
        self._task = asyncio.create_task(self._serve())
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.drain(0.0)

    @property
    def playing(self) -> int:
        """How many runs are being played."""
        return sum(playing.claimed for playing in self._playing.values())

    def notify(self) -> None:
        """Something was submitted: look now. From any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._look_now)

    def offer(self, submitted: Iterable[Planned]) -> None:
        """Runs that this process has just submitted; saves reading them. In the event loop only."""
        self._take(Run(planned=planned, state=RunState.QUEUED, owner=None, started_at=None) for planned in submitted)
        self._begin_what_can()  # at once: the queue may just be being read, from a database that takes its time
        self._wake.set()

    async def drain(self, deadline_s: float) -> None:
        """Start nothing more; what is played may end, and is told to after ``deadline_s``. Queued runs stay queued."""
        self._draining.set()
        self._wake.set()
        if self._task is not None:
            await asyncio.wait({self._task})
        until = time.monotonic() + deadline_s
        while tasks := {playing.task for playing in self._playing.values() if playing.task is not None}:
            left_s = until - time.monotonic()
            if left_s <= 0:
                for playing in self._playing.values():
                    playing.end(Reason.SHUTDOWN)
            await asyncio.wait(tasks, timeout=left_s if left_s > 0 else None)
        await self._lose_unentered()

    # --- what waits --------------------------------------------------------------------------------------------

    async def _serve(self) -> None:
        while not self._draining.is_set():
            self._wake.clear()
            try:
                await self._read()
                await self._lose_unentered()
            except Exception as error:  # noqa: BLE001 a database out of reach: the runs stay queued there
                log.warning("the queue cannot be read; trying again", error=str(error))
            self._begin_what_can()
            try:
                await asyncio.wait_for(self._wake.wait(), self._rest_s())
            except TimeoutError:
                continue

    async def _read(self) -> None:
        if time.monotonic() - self._read_at < LOOK_S:
            return
        self._read_at = time.monotonic()
        known, asked_at = set(self._waiting), self._timepiece.now()
        queued = await asyncio.to_thread(self._runs.queued, asked_at + AHEAD)
        for run_id in known - {run.planned.run_id for run in queued}:
            self._waiting.pop(run_id, None)  # somebody else has it, or it was taken back
        self._take(queued)

    def _look_now(self) -> None:
        self._read_at = -LOOK_S
        self._wake.set()

    def _jumped(self, jump: Jump) -> None:
        for one in self._waiting.values():
            one.not_before = 0.0
        self._look_now()
        if jump.gap and self._loop is not None:
            self._awake_since = jump.to
            self._checking = self._loop.create_task(self._end_what_was_swept())

    def _take(self, queued: Iterable[Run]) -> None:
        for run in queued:
            run_id = run.planned.run_id
            if run_id not in self._waiting and run_id not in self._playing:
                self._waiting[run_id] = _Waiting(run, self._rules.needs(run.planned))

    def _begin_what_can(self) -> None:
        now, clock_s = self._timepiece.now(), time.monotonic()
        for run_id, one in sorted(self._waiting.items(), key=lambda item: item[1].run.planned.due):
            planned = one.run.planned
            if planned.due > now or one.not_before > clock_s or self._draining.is_set():
                continue
            if self.places.free(one.needs):
                self._begin(run_id, one, one.needs)
            else:
                one.waited = True
                if now >= planned.expires:
                    self._begin(run_id, one, NOTHING)

    def _begin(self, run_id: str, one: _Waiting, needs: Needs) -> None:
        del self._waiting[run_id]
        playing = self._playing[run_id] = _Playing(needs, asyncio.get_running_loop().create_future())
        self.places.take(needs)
        playing.task = asyncio.create_task(self._attempt(run_id, one, playing))

    def _rest_s(self) -> float:
        """Until something may begin; what waits for a place is woken by whoever leaves it."""
        now, clock_s = self._timepiece.now(), time.monotonic()
        ahead_s = (
            max((one.run.planned.due - now).total_seconds(), one.not_before - clock_s) for one in self._waiting.values()
        )
        return min((rest_s for rest_s in ahead_s if 0 < rest_s < LOOK_S), default=LOOK_S)

    # --- what is played ----------------------------------------------------------------------------------------

    async def _attempt(self, run_id: str, one: _Waiting, playing: _Playing) -> None:
        again: _Waiting | None = None
        try:
            again = await self._play(one, playing)
        except Exception:  # it must not stay "running" for ever, nor hold its target
            log.exception("a run could not be played", run_id=run_id)
            if playing.claimed:
                self._unentered.add(run_id)
            else:
                again = _later(one, LOOK_S)
        finally:
            del self._playing[run_id]
            self.places.leave(playing.needs)
            self._wake.set()
        if again is not None:
            self._waiting[run_id] = again

    async def _play(self, one: _Waiting, playing: _Playing) -> _Waiting | None:
        """Decide, claim, execute. Returns what is to be tried again, or None."""
        if not await self._unless_draining(self._ready()):
            return one
        answer = await asyncio.to_thread(self._claim, one, playing)
        if isinstance(answer, Wait):
            rest_s = (answer.until - self._timepiece.now()).total_seconds()
            return _later(one, min(max(rest_s, 0.0), LONGEST_S))
        if answer == "busy":
            return replace(_later(one, random.uniform(*BUSY_S)), waited=True)  # noqa: S311 - a jitter
        if isinstance(answer, GiveUp):
            await self._give_up(one.run)
        if not isinstance(answer, Run):
            return None
        late_s = ((answer.started_at or answer.planned.due) - answer.planned.due).total_seconds()
        log.info("run claimed", run_id=answer.planned.run_id, probe=answer.planned.probe, late_s=round(late_s, 3))
        self._on_start(answer.planned, late_s)
        await self._execute(answer, playing.stop)
        return None

    async def _ready(self) -> None:
        self._timepiece.look()
        await self._rules.settled()
        await self._worker.ready()

    async def _unless_draining(self, waiting: Awaitable[None]) -> bool:
        ready, draining = asyncio.ensure_future(waiting), asyncio.ensure_future(self._draining.wait())
        try:
            await asyncio.wait({ready, draining}, return_when=asyncio.FIRST_COMPLETED)
            if ready.done():
                ready.result()
            return not self._draining.is_set()
        finally:
            ready.cancel()
            draining.cancel()

    async def _give_up(self, run: Run) -> None:
        if not await self._rules.give_up(replace(run, owner=self._worker.owner)):
            await asyncio.to_thread(self._runs.miss, run.planned.run_id, Cause.BUSY)
        log.warning("run given up: its target was busy", run_id=run.planned.run_id, probe=run.planned.probe)

    def _claim(self, one: _Waiting, playing: _Playing) -> Run | Wait | GiveUp | Literal["busy", "gone"]:
        """In a thread: the decision, and what follows from it in the database."""
        planned, now = one.run.planned, self._timepiece.now()
        around = self._rules.around(planned)
        if planned.due >= self._awake_since:
            around = replace(around, was_alive=True)  # we were: our last beat may be some seconds older
        decision = decide(planned, now, around, self._rules.limits(), waited=one.waited)
        if isinstance(decision, Wait | GiveUp):
            return decision
        if isinstance(decision, Miss):
            entry = self._runs.miss(planned.run_id, decision.cause, mode=decision.mode)
            if entry is not None:
                log.warning("run missed", run_id=planned.run_id, probe=planned.probe, cause=decision.cause.value)
            return "gone"
        if not playing.needs.playable:
            return "busy"
        mode: Mode = "peak" if isinstance(decision, Cut) else "normal"
        answer = self._runs.claim(planned.run_id, self._worker.owner, playing.needs.lease, now, mode)
        if answer != "claimed":
            return answer
        playing.claimed = True
        planned = replace(planned, mode=mode)
        return Run(planned=planned, state=RunState.RUNNING, owner=self._worker.owner, started_at=now)

    async def _end_what_was_swept(self) -> None:
        """After a stop of this process others may have entered our runs as lost, and call their targets now."""
        claimed = [run_id for run_id, playing in self._playing.items() if playing.claimed]
        try:
            live = await asyncio.to_thread(self._runs.live)
        except Exception as error:  # noqa: BLE001 then the end of the runs tells
            log.warning("our runs cannot be looked up", error=str(error))
            return
        ours = {run.planned.run_id for run in live if run.owner == self._worker.owner}
        for run_id in claimed:
            if run_id not in ours and (playing := self._playing.get(run_id)):
                log.warning("run was swept as lost while this process stood still", run_id=run_id)
                playing.end(Reason.INTERRUPTED)

    async def _lose_unentered(self) -> None:
        for run_id in list(self._unentered):
            await asyncio.to_thread(self._runs.lose, run_id, self._worker.owner)
            self._unentered.discard(run_id)


def _later(one: _Waiting, rest_s: float) -> _Waiting:
    return replace(one, not_before=time.monotonic() + rest_s)
