"""The accounts of a service whose time the test decides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scheduler.accounting import Accounting
from scheduler.timepiece import Timepiece
from scheduler.timetable import ProbePlan
from scheduler.worker import Worker
from storage.alive import Alive
from storage.database import Database
from storage.journal import Journal
from storage.plans import Plans
from storage.runs import Runs
from storage.values import Planned
from tests.scheduler.plans import SLOT


@dataclass
class Desk:
    """One service's accounts, with a wall clock that the test moves."""

    database: Database
    runs: Runs
    wall: datetime = SLOT
    lived_s: float = 0.0
    submitted: list[Planned] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.timepiece = Timepiece(lambda: self.wall, lambda: self.lived_s)

    @asynccontextmanager
    async def open(self, *probes: ProbePlan, config: str | None = None) -> AsyncIterator[Accounting]:
        alive = Alive(self.database)
        self.timepiece.look()
        async with (
            Worker(self.runs, alive=alive, timepiece=self.timepiece) as worker,
            Accounting(
                self.runs,
                Plans(self.database),
                alive,
                worker,
                journal=Journal(self.database),
                on_submitted=self.submitted.extend,
            ) as accounting,
        ):
            self.worker = worker
            await accounting.replace(probes, self.wall, config)
            await accounting.settled()
            yield accounting

    def pass_by(self, lived_s: float | None = None, **passed: float) -> None:
        """So much wall clock passes; ``lived_s`` of it by the monotonic clock (absent: all)."""
        span = timedelta(**passed)
        self.wall += span
        self.lived_s += span.total_seconds() if lived_s is None else lived_s
