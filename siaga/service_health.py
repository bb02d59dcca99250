"""Whether the service is well: its event loop runs, its clock ticks, its database answers.

The watchdog is fed only while all three hold. When one does not, the log says which, and systemd starts us anew.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

LAG_EVERY_S: Final = 0.25
LAG_MAX_S: Final = 0.5
"""A loop that is later than this stops the heartbeat of leases and the hanging up of calls, too."""
CLOCK_MAX_S: Final = 30.0
"""Longest silence of the clock."""
DATABASE_MAX_S: Final = 15.0
"""Longer than a writer waits for another one."""
EVERY_S: Final = 5.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What is measured. Seconds; ``clock_s`` since the last tick, ``database_s`` of the last question."""

    lag_s: float
    clock_s: float
    database_s: float

    def ills(self) -> list[str]:
        """What is wrong, one sentence each; nothing when all is well."""
        ills = []
        if self.lag_s >= LAG_MAX_S:
            ills.append(f"the event loop was {self.lag_s:.2f} s late (allowed: {LAG_MAX_S:g} s)")
        if self.clock_s >= CLOCK_MAX_S:
            ills.append(f"the clock has not ticked for {self.clock_s:.0f} s (allowed: {CLOCK_MAX_S:g} s)")
        if self.database_s >= DATABASE_MAX_S:
            ills.append(f"the database has not answered for {self.database_s:.0f} s (allowed: {DATABASE_MAX_S:g} s)")
        return ills


class Lag:
    """How late the event loop is: measured four times a second by being woken."""

    def __init__(self) -> None:
        self._worst_s = 0.0

    def worst_s(self) -> float:
        """The worst since this was asked last."""
        worst, self._worst_s = self._worst_s, 0.0
        return worst

    async def watch(self) -> None:
        """Measure until cancelled."""
        while True:
            asked = time.monotonic()
            await asyncio.sleep(LAG_EVERY_S)
            self._worst_s = max(self._worst_s, time.monotonic() - asked - LAG_EVERY_S)


class Answering:
    """How long the database has not answered: one question at a time, each in a thread, so that it can hang alone."""

    def __init__(self, ask: Callable[[], None]) -> None:
        self._ask = ask
        self._asked_at: float | None = None
        self._failing_since: float | None = None
        self._asking: asyncio.Future[None] | None = None

    async def silent_s(self) -> float:
        """Ask again unless the last question still hangs; seconds since the first question without an answer."""
        if self._asking is None:
            self._asked_at = time.monotonic()
            self._asking = asyncio.ensure_future(asyncio.to_thread(self._ask))
        await asyncio.wait({self._asking}, timeout=1.0)
        if self._asking.done():
            self._heard(self._asking)
            self._asking = None
        since = self._failing_since if self._asking is None else (self._failing_since or self._asked_at)
        return 0.0 if since is None else time.monotonic() - since

    def _heard(self, answer: asyncio.Future[None]) -> None:
        error = answer.exception()
        if error is None:
            self._failing_since = None
            return
        log.warning("the database does not answer", error=str(error))
        if self._failing_since is None:
            self._failing_since = self._asked_at


class Watch:
    """Asks for the vitals every few seconds and feeds the watchdog while they are good."""

    def __init__(
        self,
        ticked_at: Callable[[], float],
        ask_database: Callable[[], None],
        well: Callable[[], None],
        told: Callable[[list[str]], None] = lambda _: None,
    ) -> None:
        """``ticked_at``: monotonic instant of the clock's last tick. ``ask_database`` raises what keeps it silent.

        ``told`` hears what is wrong, and once, with nothing, that all is well again.
        """
        self._ticked_at = ticked_at
        self._database = Answering(ask_database)
        self._lag = Lag()
        self._well = well
        self._told = told
        self._ill = False

    async def keep(self, every_s: float = EVERY_S) -> None:
        """Watch until cancelled. One late moment costs one feeding of many: only what lasts starves the watchdog."""
        lag = asyncio.ensure_future(self._lag.watch())
        try:
            while True:
                await self.look()
                await asyncio.sleep(every_s)
        finally:
            lag.cancel()

    async def look(self) -> Vitals:
        """Take the vitals once; feed the watchdog or say what is wrong."""
        database_s = await self._database.silent_s()
        clock_s = time.monotonic() - self._ticked_at()
        vitals = Vitals(lag_s=self._lag.worst_s(), clock_s=clock_s, database_s=database_s)
        ills = vitals.ills()
        if not ills:
            self._well()
            if self._ill:
                log.warning("well again: the watchdog is fed")
        else:
            log.error("not well: the watchdog is not fed", ills=ills)
        if ills or self._ill:
            self._told(ills)
        self._ill = bool(ills)
        return vitals
