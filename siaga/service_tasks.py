"""What goes on beside the runs of a service, and what its failure means: a fresh start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Self

import structlog

log = structlog.get_logger()


class Background:
    """``async with Background(on_failure)``: tasks that end with the service, and never alone unnoticed."""

    def __init__(self, on_failure: Callable[[], None]) -> None:
        """``on_failure`` is told once a task has failed: nobody does its work any more."""
        self._on_failure = on_failure
        self._tasks: set[asyncio.Task[None]] = set()
        self.failed = False

    def keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin it; it is cancelled at the end."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or (error := task.exception()) is None:
            return
        log.critical("a part of the service failed: it stops, to be started anew", exc_info=error)
        self.failed = True
        self._on_failure()
