"""A process that plays runs: its name, its beats, and what dead ones left behind.

Whoever beats is alive; whoever has not beaten for ``TTL`` is dead, and what it played is lost. A dead process of this
machine is seen at once by its name.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final, Protocol, Self, TypeVar

import structlog
from sqlalchemy import Connection

from scheduler.timepiece import STEP_S, Jump, Timepiece
from storage.runs import Runs
from storage.values import Entry, Service

BEAT_S: Final = 5.0
TTL: Final = timedelta(seconds=20)
STEP_REST_S: Final = 2 * BEAT_S
"""After a step of the clock, how long the others' beats are not judged: theirs are from before the step."""

log = structlog.get_logger()
T = TypeVar("T")


class Beats(Protocol):
    """Where a service says that it is alive (``storage.alive.Alive``)."""

    def beat(self, owner: str, now: datetime, lived_from: datetime) -> bool: ...


def here() -> str:
    """This machine, as far as process numbers are shared: its name, its boot and its namespace of processes.

    Clones of a virtual machine share a name, and every machine's first namespace has the same number; a boot is unique.
    """
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()[:8])
        parts.append(str(Path("/proc/self/ns/pid").stat().st_ino))
    return "/".join(parts)


def new_owner() -> str:
    """``<host>:<pid>:<start ticks>:<random>``: names this process and no other one, also after a restart."""
    return f"{here()}:{os.getpid()}:{_start_ticks(os.getpid()) or 0}:{secrets.token_hex(4)}"


def gone(owner: str) -> bool:
    """Whether an owner is a process of this machine that has ended; False when that cannot be told."""
    host, _, rest = owner.partition(":")
    parts = rest.split(":")
    if host != here() or len(parts) != 3 or not (parts[0].isdigit() and parts[1].isdigit()):
        return False
    pid, ticks = int(parts[0]), int(parts[1])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        pass  # it lives and is another user's, or no process ever had that number
    now_ticks = _start_ticks(pid)
    return now_ticks is not None and ticks > 0 and now_ticks != ticks


def _start_ticks(pid: int) -> int | None:
    """Clock ticks from boot to the start of a process; None when it is hidden, -1 when it is a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # the name in parentheses may hold anything, blanks too
    return -1 if fields[0] in "ZX" else int(fields[19])


class Worker:
    """``async with Worker(runs) as worker``: beats while it is open, sweeps what the dead left, leaves at the end."""

    def __init__(
        self,
        runs: Runs,
        *,
        alive: Beats | None = None,
        timepiece: Timepiece | None = None,
        on_lost: Callable[[list[Entry]], None] = lambda _: None,
        beat_s: float = BEAT_S,
    ) -> None:
        """``alive`` only for a service: a command line plays a run, but does not keep the clock."""
        self.owner = new_owner()
        self._config: str | None = None
        self._runs = runs
        self._alive = alive
        self.timepiece = timepiece or Timepiece()
        self._on_lost = on_lost
        self._beat_s = beat_s
        self._thread = ThreadPoolExecutor(1, "beat")  # its own: a beat waits for no backlog of other work
        self._task: asyncio.Task[None] | None = None
        self._beaten: datetime | None = None
        self._judging_from = 0.0

    async def __aenter__(self) -> Self:
        self.timepiece.listen(self._jumped)
        await self.beat()
        await self.sweep()
        self._task = asyncio.create_task(self._keep_beating())
        return self

    async def __aexit__(self, *_exc: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        try:
            self.timepiece.look()
            await self._in_thread(partial(self._leave, *self.timepiece.lived))
        except Exception as error:  # noqa: BLE001 nothing depends on it: who no longer beats is dead all the same
            log.warning("the worker could not leave; it counts as dead in 20 s", error=str(error))
        self._thread.shutdown(wait=False)

    async def beat(self) -> None:
        """Say that we are alive, and since when without a gap."""
        self.timepiece.look()
        await self._in_thread(partial(self._beat, *self.timepiece.lived))

    async def tell(self, config: str) -> None:
        """From now on we plan by the file of that fingerprint; returns when the others can read it."""
        self._config = config
        await self.beat()

    async def sweep(self) -> list[Entry]:
        """Enter as lost what dead workers played. Right after a step of the clock only by what is sure."""
        lost = await self._in_thread(self._sweep)
        if lost:
            log.warning("runs of dead workers are lost", runs=[entry.run_id for entry in lost])
            self._on_lost(lost)
        return lost

    async def ready(self) -> None:
        """Returns when we count as alive and others can be judged: to be awaited before a claim."""
        self.timepiece.look()
        await asyncio.sleep(max(0.0, self._judging_from - time.monotonic()))
        if self._silent():
            await self.beat()

    async def made_up_for(self) -> None:
        """Returns when the record knows of the time that we have lived through: to be awaited before it is judged."""
        self.timepiece.look()
        lived_from, _ = self.timepiece.lived
        if self._beaten is not None and self._beaten >= lived_from and self._silent():
            await self.beat()

    def others(self) -> list[str]:
        """Owners that are alive now, without us."""
        return [o for o in self._runs.workers(self.timepiece.now()) if o != self.owner and not gone(o)]

    def services(self, connection: Connection | None = None) -> list[Service]:
        """The other services that are alive now, each with the file it plans by."""
        known = self._runs.services(self.timepiece.now(), connection)
        return [one for one in known if one.owner != self.owner and not gone(one.owner)]

    def differs(self, other: Service) -> bool:
        """Whether another service plans by another file than we do."""
        return self._config is not None and other.config != self._config

    def _jumped(self, jump: Jump) -> None:
        if abs(jump.step_s) > STEP_S:
            self._judging_from = time.monotonic() + STEP_REST_S

    def _silent(self) -> bool:
        return self._beaten is None or abs(self.timepiece.now() - self._beaten) > TTL / 2

    def _beat(self, lived_from: datetime, lived_to: datetime) -> None:
        """``lived_to`` may be minutes old when a database hung: it is the last moment that is known to be no gap's."""
        now = self.timepiece.now()
        self._runs.beat(self.owner, now, TTL, self._config)
        if self._alive is not None:
            self._alive.beat(self.owner, lived_to, lived_from)
        self._beaten = now

    def _sweep(self) -> list[Entry]:
        rested = time.monotonic() >= self._judging_from
        return self._runs.sweep(self.timepiece.now() if rested else datetime.fromtimestamp(0, UTC), gone)

    def _leave(self, lived_from: datetime, lived_to: datetime) -> None:
        if self._alive is not None:
            self._alive.beat(self.owner, lived_to, lived_from)
        self._runs.leave(self.owner)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _keep_beating(self) -> None:
        while True:
            await asyncio.sleep(self._beat_s)
            try:
                await self.beat()
                await self.sweep()
            except Exception as error:  # noqa: BLE001 a database out of reach: the next beat tries again
                log.warning("no beat: the database does not take it", error=str(error))
