"""How late the clock and the dispatcher are: ``.venv/bin/python -m benchmarks.clock [-n 1000 10000] [--seconds 60]``.

Three rounds per number of probes. *spread*: the clock alone, each probe every 30 s, anywhere in it. *herd*: the clock
alone, all probes in the same instant. *claimed*: the whole way through a SQLite file, each probe every 5 minutes, until
its run is claimed and may begin. Prints lateness, CPU and memory; ends with 1 when a p99 is over its limit.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from probe.calendar import OpenTimes, Plan
from probe.reasons import Reason
from scheduler.accounting import Accounting
from scheduler.clock import Clock
from scheduler.dispatch import LocalDispatcher, Rules
from scheduler.places import Needs
from scheduler.timepiece import Timepiece
from scheduler.timetable import ProbePlan
from scheduler.worker import Worker
from storage.alive import Alive
from storage.database import Database
from storage.figures import percentile
from storage.plans import Plans
from storage.runs import Runs
from storage.values import Cause, Planned, Run, Stamp

LIMIT_MS = {1_000: 10.0, 10_000: 100.0}
ROUNDS = ("spread", "herd", "claimed")
EVERY_S = {"spread": 30.0, "herd": 30.0, "claimed": 300.0}


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What one round measured."""

    kind: str
    probes: int
    fired: int
    p50_ms: float
    p99_ms: float
    worst_ms: float
    cpu_percent: float
    rss_mb: float

    @property
    def good(self) -> bool:
        """A herd is printed, not judged: a spread is what keeps probes from being one."""
        return self.kind == "herd" or self.p99_ms <= LIMIT_MS.get(self.probes, 100.0)

    def __str__(self) -> str:
        return (
            f"{self.kind:8} {self.probes:6} probes {self.fired:6} fired   "
            f"late p50 {self.p50_ms:7.1f}  p99 {self.p99_ms:7.1f}  worst {self.worst_ms:7.1f} ms   "
            f"CPU {self.cpu_percent:5.1f} %   RSS {self.rss_mb:4.0f} MB   {'' if self.good else 'OVER THE LIMIT'}"
        )


@dataclass
class Round:
    """One round, in a process of its own."""

    kind: str
    probes: int
    seconds: float
    late_us: list[int] = field(default_factory=list)

    def plans(self) -> list[ProbePlan]:
        """The probes, around the clock."""
        every_s = EVERY_S[self.kind]
        plan = Plan(every_s=every_s, times=OpenTimes(zone=ZoneInfo("Asia/Jakarta")))
        spread_s = 0.0 if self.kind == "herd" else every_s * 0.999
        return [ProbePlan(name=f"p-{n}", channel="sip", plan=plan, spread_s=spread_s) for n in range(self.probes)]

    async def run(self) -> Figures:
        """Measure; what happens while the jobs are made does not count."""
        async with AsyncExitStack() as stack:
            await (self._through_the_record(stack) if self.kind == "claimed" else self._alone(stack))
            await asyncio.sleep(3)
            self.late_us.clear()
            began, cpu_s = time.monotonic(), time.process_time()
            await asyncio.sleep(self.seconds)
            used, lasted_s = time.process_time() - cpu_s, time.monotonic() - began
            late = list(self.late_us)
        return Figures(
            kind=self.kind,
            probes=self.probes,
            fired=len(late),
            p50_ms=(percentile(late, 50) or 0) / 1000,
            p99_ms=(percentile(late, 99) or 0) / 1000,
            worst_ms=max(late, default=0) / 1000,
            cpu_percent=100 * used / lasted_s,
            rss_mb=_most_mb(),
        )

    async def _alone(self, stack: AsyncExitStack) -> None:
        dues = {plan.name: plan for plan in self.plans()}

        async def submit(name: str, slot: datetime) -> None:
            self.late_us.append((datetime.now(UTC) - dues[name].due(slot).at) // timedelta(microseconds=1))

        clock = await stack.enter_async_context(Clock(submit, lambda _name, _slot: None, timepiece=Timepiece()))
        clock.replace(dues.values(), datetime.now(UTC))

    async def _through_the_record(self, stack: AsyncExitStack) -> None:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = Database(f"sqlite:///{folder}/siaga.db")
        stack.callback(database.close)
        runs, alive = Runs(database, Stamp(version="0", config="00" * 32), folder), Alive(database)

        async def execute(run: Run, _stop: asyncio.Future[Reason]) -> None:
            await asyncio.to_thread(runs.miss, run.planned.run_id, Cause.BUDGET, run.owner)

        def started(_planned: Planned, late_s: float) -> None:
            self.late_us.append(round(late_s * 1_000_000))

        worker = await stack.enter_async_context(Worker(runs, alive=alive))
        accounting = await stack.enter_async_context(
            Accounting(runs, Plans(database), alive, worker, on_submitted=lambda some: dispatcher.offer(some))  # noqa: PLW0108
        )
        rules = Rules(needs=lambda planned: Needs(lease=f"to:{planned.probe}"), settled=accounting.settled)
        dispatcher = await stack.enter_async_context(
            LocalDispatcher(runs, worker, execute, rules, max_parallel=50, on_start=started)
        )
        clock = await stack.enter_async_context(Clock(accounting.submit, accounting.missed, timepiece=worker.timepiece))
        now = datetime.now(UTC)
        await accounting.replace(self.plans(), now)
        clock.replace(self.plans(), now)
        await accounting.settled()


def _most_mb() -> float:
    """The most memory that this process had; getrusage would count what its parent had when it forked."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def _measure(kind: str, probes: int, seconds: float) -> Figures:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    return asyncio.run(Round(kind, probes, seconds).run())


def measure(kind: str, probes: int, seconds: float) -> Figures:
    """One round in a fresh process, so that memory is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (kind, probes, seconds))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all rounds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("-n", type=int, nargs="+", default=list(LIMIT_MS))
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args(arguments)
    good = True
    for probes in asked.n:
        for kind in ROUNDS:
            figures = measure(kind, probes, asked.seconds)
            good = good and figures.good
            sys.stdout.write(f"{figures}\n")
            sys.stdout.flush()
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
