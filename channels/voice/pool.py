"""The engine processes: who has a free seat, one warm spare, replacement of the dead, recycling of the old."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Coroutine
from typing import Final

from channels.voice.gate.gate import Passage
from channels.voice.ports import PortRange
from channels.voice.process import EngineDied, EngineProcess

RECYCLE_CALLS: Final = 500
RECYCLE_S: Final = 3600.0
MAX_STILLBORN: Final = 3
"""After so many engines in a row that died before they were ready, spares are no longer started by themselves."""


class Seat:
    """A reserved call of an engine; give it back once, when the call is closed."""

    def __init__(self, pool: Pool, engine: EngineProcess) -> None:
        self._pool = pool
        self.engine = engine
        self.passage: Passage | None = None
        """The call's way through the gate, where it takes one."""
        self._taken = True

    def give_back(self) -> None:
        """Idempotent."""
        if self.passage is not None:
            self.passage.close()
        if self._taken:
            self._taken = False
            self.engine.seats -= 1
            self._pool.tidy()


class Pool:
    """Starts engines as needed; once ``start`` was asked for, keeps ``spares`` of them idle and ready. For one loop.

    A command that makes one call never asks: a spare's start would take the processor from that call's first seconds.
    """

    def __init__(self, user_agent: str, ports: PortRange | None = None, spares: int = 1) -> None:
        self._user_agent = user_agent
        self._ports = ports or PortRange()
        self._spares = spares
        self.engines: list[EngineProcess] = []
        self.let_in: set[str] = set()
        """Keys of accounts that a registrar took once."""
        self._closing = False
        self._warm = False
        self._stillborn = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Have the spares ready, from now on. Raises EngineDied when no engine can run here."""
        self._warm = True
        self.tidy()
        for engine in list(self.engines):
            await engine.ready()

    async def seat(self, account: str) -> Seat:
        """Reserve a call, at best in an engine that knows the account already. Raises EngineDied, NoPortsLeft."""
        last: EngineDied | None = None
        for _ in range(3):
            engine = self._best(account) or self._spawn()
            engine.seats += 1
            self.tidy()
            seat = Seat(self, engine)
            try:
                await engine.ready()
            except EngineDied as error:
                seat.give_back()
                last = error
                continue
            except asyncio.CancelledError:
                seat.give_back()
                raise
            engine.accounts.add(account)
            return seat
        raise last or EngineDied("no engine could be started")

    def tidy(self) -> None:
        """Bury, retire and replace; after every change."""
        if self._closing:
            return
        self.engines = [e for e in self.engines if not e.died.is_set()]
        for engine in self.engines:
            old = engine.served >= RECYCLE_CALLS or time.monotonic() - engine.born > RECYCLE_S
            if (old or engine.worn) and not engine.draining:
                engine.draining = True
            if engine.draining and engine.seats == 0:
                self._run(engine.quit())
        self.engines = [e for e in self.engines if not (e.draining and e.seats == 0)]
        if not self._warm or self._stillborn >= MAX_STILLBORN:
            return
        idle = sum(1 for e in self.engines if e.seats == 0 and not e.draining)
        for _ in range(self._spares - idle):
            self._spawn()

    async def close(self) -> None:
        """Let all engines hang up and leave, at most a few seconds."""
        self._closing = True
        await asyncio.gather(*(engine.quit() for engine in self.engines))
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _best(self, account: str) -> EngineProcess | None:
        usable = [engine for engine in self.engines if engine.usable]
        return max(usable, key=lambda e: (account in e.accounts, e.seats), default=None)

    def _spawn(self) -> EngineProcess:
        engine = EngineProcess(self._user_agent, self._ports.take(), self.let_in)
        self.engines.append(engine)
        self._run(self._live(engine))
        return engine

    async def _live(self, engine: EngineProcess) -> None:
        try:
            await engine.start()
        except OSError as error:
            await engine.fail(f"no engine process could be started: {error}")
        try:
            await engine.ready()
            self._stillborn = 0
        except EngineDied:
            self._stillborn += 1
        await engine.died.wait()
        self.tidy()
        await engine.buried.wait()

    def _run(self, work: Coroutine[object, object, None]) -> None:
        # an engine outlives the run that started it: what it logs is not that run's
        task = asyncio.get_running_loop().create_task(work, context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
