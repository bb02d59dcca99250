"""Once a night: what is older than ``[retention]`` is disposed of, while few tests are due."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from siaga.config import Config
from storage.database import Database, DatabaseError
from storage.retention import PAUSE_S, Disposed, dispose

AT: Final = clock_time(2, 40)
"""At the centre: after midnight's slots and before the earliest shift."""
AFTER_START: Final = timedelta(minutes=10)
"""A machine that is switched off at night gets its turn by day."""

log = structlog.get_logger()


class StoppedError(Exception):
    """The service ends; the next pass goes on from here."""


def next_pass(now: datetime, zone: ZoneInfo) -> datetime:
    """The next instant at which it is ``AT`` o'clock in a zone."""
    today = now.astimezone(zone).date()
    nights = (datetime.combine(today + timedelta(days=days), AT, zone).astimezone(UTC) for days in (0, 1, 2))
    return next(night for night in nights if night > now)


class Nightly:
    """Disposes once a night, and once soon after the start."""

    def __init__(self, config: Callable[[], Config], database: Database) -> None:
        self._config = config
        self._database = database
        self._stopped = threading.Event()

    async def keep(self) -> None:
        """Dispose until cancelled."""
        due = datetime.now(UTC) + AFTER_START
        try:
            while True:
                # looked at each minute: a clock that is set must not put the night off
                while (rest_s := (due - datetime.now(UTC)).total_seconds()) > 0:  # noqa: ASYNC110
                    await asyncio.sleep(min(60.0, rest_s))
                await self.dispose()
                due = next_pass(datetime.now(UTC), ZoneInfo(self._config().timezone))
        finally:
            self._stopped.set()

    async def dispose(self) -> None:
        """One pass. What keeps it from its work is told, and tried again the next night."""
        try:
            disposed = await asyncio.to_thread(self._dispose)
        except StoppedError:
            return
        except (DatabaseError, OSError) as error:
            log.error("what is too old could not be disposed of; again tomorrow", error=str(error))  # noqa: TRY400
            return
        log.info("disposed of what is too old", results=disposed.results, files=disposed.files, texts=disposed.texts)

    def _dispose(self) -> Disposed:
        config = self._config()
        return dispose(self._database, config.storage.evidence, config.retention, datetime.now(UTC), self._pause)

    def _pause(self) -> None:
        if self._stopped.wait(PAUSE_S):
            raise StoppedError
