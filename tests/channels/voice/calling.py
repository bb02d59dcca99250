"""Placing calls in tests: a channel, its session, and what it observed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from channels.sip import SipChannel
from probe.observation import Observation
from probe.session import Report, Session, Target

Seen = TypeVar("Seen", bound=Observation)


class Call:
    """A session whose observations are collected while they come."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.seen: list[Observation] = []
        self._came = asyncio.Condition()
        self._task = asyncio.ensure_future(self._collect())
        self.over = asyncio.Event()

    async def _collect(self) -> None:
        async for seen in self.session.observations():
            async with self._came:
                self.seen.append(seen)
                self._came.notify_all()
        self.over.set()

    def of(self, kind: type[Seen]) -> list[Seen]:
        return [seen for seen in self.seen if isinstance(seen, kind)]

    async def until(self, kind: type[Seen], timeout_s: float = 20.0, count: int = 1) -> Seen:
        """The n-th observation of a kind."""
        async with asyncio.timeout(timeout_s), self._came:
            await self._came.wait_for(lambda: len(self.of(kind)) >= count)
        return self.of(kind)[count - 1]

    async def ended(self, timeout_s: float = 15.0) -> Observation:
        """The last observation."""
        await asyncio.wait_for(self.over.wait(), timeout_s)
        return self.seen[-1]

    async def close(self) -> Report:
        report = await self.session.close()
        await self._task
        return report


@asynccontextmanager
async def call(
    sip: SipChannel, to: str, folder: Path, *, trunk: str | None = None, cap_s: float = 20.0
) -> AsyncIterator[Call]:
    """One call, closed with the block."""
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    session = await sip.open(Target(run_id="run", to=to, trunk=trunk, evidence=folder, cap_s=cap_s))
    made = Call(session)
    try:
        yield made
    finally:
        await made.close()
