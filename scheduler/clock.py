"""The clock: says when a slot is due, and nothing else. APScheduler with its memory store, filled anew at each start.

Its jobs submit and never play. APScheduler reckons its next wake-up on the wall clock and sleeps on the monotonic one:
it would learn of a clock that was set hours later. So it is woken at once when time jumped, and now and then.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

import structlog
from apscheduler.events import (
    EVENT_JOB_ERROR,
    EVENT_JOB_EXECUTED,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    JobExecutionEvent,
    JobSubmissionEvent,
)
from apscheduler.executors.base import BaseExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from scheduler.timepiece import Jump, Timepiece
from scheduler.timetable import ProbePlan

TICK_S: Final = 1.0
WAKE_S: Final = 15.0
"""Longest sleep of APScheduler, whatever it reckoned."""
MAX_INSTANCES: Final = 3
"""A submission takes milliseconds. When so many of one probe hang, its next slot is entered as late."""

Submit = Callable[[str, datetime], Awaitable[None]]
Missed = Callable[[str, datetime], None]

log = structlog.get_logger()


class SlotTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires when the run of a slot is to begin: the pure function of ``probe.calendar``, with its spread."""

    __slots__ = ("plan",)

    def __init__(self, plan: ProbePlan) -> None:
        self.plan = plan

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The next one. What is too late to begin is leapt over: after a jump there may be thousands."""
        due = self.plan.next_due(max(previous_fire_time or now, now - self.plan.grace))
        return None if due is None else due.at


class SlotExecutor(BaseExecutor):  # type: ignore[misc]
    """Tells the job its firing time, which APScheduler's own executors do not; cancels nothing when it ends."""

    def __init__(self) -> None:
        super().__init__()
        self.tasks: set[asyncio.Task[JobExecutionEvent]] = set()

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
        task = asyncio.get_running_loop().create_task(_fire(job, run_times[-1]))
        self.tasks.add(task)
        task.add_done_callback(lambda done: self._ended(job.id, done))

    def _ended(self, job_id: str, task: asyncio.Task[JobExecutionEvent]) -> None:
        self.tasks.discard(task)
        self._run_job_success(job_id, [] if task.cancelled() else [task.result()])


async def _fire(job: Any, at: datetime) -> JobExecutionEvent:
    if datetime.now(UTC) - at > timedelta(seconds=job.misfire_grace_time):
        return JobExecutionEvent(EVENT_JOB_MISSED, job.id, None, at)
    try:
        await job.func(*job.args, at)
    except Exception as error:  # noqa: BLE001 it becomes an event, and by that a row
        return JobExecutionEvent(EVENT_JOB_ERROR, job.id, None, at, exception=error)
    return JobExecutionEvent(EVENT_JOB_EXECUTED, job.id, None, at)


class Clock:
    """``async with Clock(submit, missed)``: submits each slot of its probes once, when it is due.

    Slots that passed by while nobody was awake are not made up for: they are the accounting's.
    """

    def __init__(self, submit: Submit, missed: Missed, *, timepiece: Timepiece | None = None) -> None:
        """``missed`` is told of slots that the clock came too late for or could not submit."""
        self.ticked_at = time.monotonic()
        """Monotonic instant of the last tick, for a watchdog."""
        self._submit = submit
        self._missed = missed
        self._timepiece = timepiece or Timepiece()
        self._not_before = self._timepiece.now()
        self._plans: dict[str, ProbePlan] = {}
        self._executor = SlotExecutor()
        self._scheduler = AsyncIOScheduler(
            jobstores={"default": MemoryJobStore()}, executors={"default": self._executor}, timezone=UTC
        )
        self._scheduler.add_listener(self._late, EVENT_JOB_MISSED | EVENT_JOB_ERROR)
        self._scheduler.add_listener(self._crowded, EVENT_JOB_MAX_INSTANCES)
        self._ticking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._timepiece.listen(self._jumped)
        self._scheduler.start()
        self._ticking = asyncio.create_task(self._tick())
        return self

    async def __aexit__(self, *_exc: object) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
        self._scheduler.pause()
        if self._executor.tasks:
            await asyncio.wait(self._executor.tasks)
        self._scheduler.shutdown(wait=False)
        await asyncio.sleep(0)  # it ends in the event loop

    def replace(self, probes: Iterable[ProbePlan], since: datetime) -> None:
        """From ``since`` on (about now) these are the probes. A plan that did not change is not touched."""
        wanted = {probe.name: probe for probe in probes}
        for name, plan in list(self._plans.items()):
            if wanted.get(name) != plan:
                del self._plans[name]
                if self._scheduler.get_job(name) is not None:
                    self._scheduler.remove_job(name)
        for name, plan in wanted.items():
            if name not in self._plans:
                self._plans[name] = plan
                self._add(plan, since)

    def _add(self, plan: ProbePlan, since: datetime) -> None:
        first = plan.next_due(since)
        if first is None:
            log.warning("probe has no slot within 400 days", probe=plan.name)
            return
        self._scheduler.add_job(
            self._due,
            SlotTrigger(plan),
            args=[plan.name],
            id=plan.name,
            next_run_time=first.at,
            misfire_grace_time=max(1, round(plan.grace.total_seconds())),
            coalesce=True,
            max_instances=MAX_INSTANCES,
        )

    async def _due(self, name: str, at: datetime | None = None) -> None:
        self._timepiece.look()  # a jump is known before anything of its gap is submitted
        for slot in self._slots(name, at):
            await self._submit(name, slot)

    def _slots(self, name: str, at: datetime | None) -> list[datetime]:
        plan = self._plans.get(name)
        if plan is None or at is None or at <= self._not_before:
            return []
        return [due.slot for due in plan.dues(at - timedelta(microseconds=1), at)]

    def _jumped(self, jump: Jump) -> None:
        log.warning("time jumped", seconds=round((jump.to - jump.from_).total_seconds()), lived_s=round(jump.lived_s))
        if jump.gap:
            self._not_before = jump.to
        self._scheduler.wakeup()

    def _late(self, event: JobExecutionEvent) -> None:
        log.warning("slot not submitted", probe=event.job_id, at=event.scheduled_run_time, error=repr(event.exception))
        for slot in self._slots(event.job_id, event.scheduled_run_time):
            self._missed(event.job_id, slot)

    def _crowded(self, event: JobSubmissionEvent) -> None:
        log.warning("slot not submitted: earlier ones hang", probe=event.job_id)
        for at in event.scheduled_run_times:
            for slot in self._slots(event.job_id, at):
                self._missed(event.job_id, slot)

    async def _tick(self) -> None:
        woken = time.monotonic()
        while True:
            await asyncio.sleep(TICK_S)
            self.ticked_at = time.monotonic()
            self._timepiece.look()
            if self.ticked_at - woken >= WAKE_S:
                woken = self.ticked_at
                self._scheduler.wakeup()
