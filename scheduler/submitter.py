"""Queues the runs of slots that are due; those that come together in one transaction: each costs a disk write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

import structlog

from scheduler.timepiece import Timepiece
from scheduler.timetable import grace_of
from storage.runs import CHUNK, Runs
from storage.values import Planned

RETRY_S: Final = 1.0

log = structlog.get_logger()


class Submitter:
    """Submits in batches, in threads, and tells of what was queued."""

    def __init__(self, runs: Runs, timepiece: Timepiece, on_submitted: Callable[[Sequence[Planned]], None]) -> None:
        self._runs = runs
        self._timepiece = timepiece
        self._on_submitted = on_submitted
        self._batch: list[tuple[Planned, asyncio.Future[None]]] = []
        self._flushing: asyncio.Task[None] | None = None

    async def submit(self, planned: Planned) -> bool:
        """Queue a run; False when it is too late for it. Raises what the database raised when its time is over."""
        latest = planned.due + grace_of(planned)
        while self._timepiece.now() <= latest:
            try:
                await self._queued(planned)
            except Exception as error:
                if self._timepiece.now() + timedelta(seconds=RETRY_S) > latest:
                    raise
                log.warning("a run cannot be queued; trying again", probe=planned.probe, error=str(error))
                await asyncio.sleep(RETRY_S)
            else:
                return True
        return False

    async def flushed(self) -> None:
        """Returns when what was handed in is entered."""
        if self._flushing is not None:
            await asyncio.wait({self._flushing})

    async def _queued(self, planned: Planned) -> None:
        done = asyncio.get_running_loop().create_future()
        self._batch.append((planned, done))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        await done

    async def _flush(self) -> None:
        while self._batch:
            batch, self._batch = self._batch[:CHUNK], self._batch[CHUNK:]
            try:
                fresh = await asyncio.to_thread(self._runs.submit_many, [planned for planned, _ in batch])
            except Exception as error:  # noqa: BLE001 told to whoever waits for it
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
                continue
            self._on_submitted([planned for planned, _ in batch if planned.run_id in fresh])
            for _, done in batch:
                if not done.done():
                    done.set_result(None)
        self._flushing = None
