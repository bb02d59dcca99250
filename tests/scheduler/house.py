"""A house made of fakes: a far end with a few lines, and everything the run path does to its surroundings noted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from probe.observation import Ended, Observation
from probe.outcome import Evidence, Record
from probe.script import Step, call_script
from probe.session import Action, End, Report, Session, Target
from scheduler.order import Order
from scheduler.run import House, NotNowError


class Refused(Exception):
    """What a dial guard raises."""


class ScriptedSession:
    """Says its lines at once and ends when told to, or never says anything."""

    def __init__(self, lines: Sequence[Observation], log: list[str], *, fails: str = "") -> None:
        self.lines = lines
        self.log = log
        self.fails = fails
        self.ended = asyncio.Event()

    async def observations(self) -> AsyncIterator[Observation]:
        for line in self.lines:
            yield replace(line, at=asyncio.get_running_loop().time())
        if self.fails == "observations":
            raise RuntimeError("a bug in the channel")
        await self.ended.wait()
        yield Ended(at=asyncio.get_running_loop().time(), by_us=True)

    async def act(self, action: Action) -> None:
        if isinstance(action, End) and not self.ended.is_set():
            self.log.append("end")
            self.ended.set()

    async def close(self) -> Report:
        self.log.append("close")
        if self.fails == "close":
            raise RuntimeError("a bug in closing")
        return Report(evidence=(Evidence("recording", Path("/evidence/recording.wav"), "00"),))


@dataclass
class Surroundings:
    """What a test may set, and what came of it in ``log``."""

    folder: Path
    lines: Sequence[Observation] = ()
    fails: str = ""
    refuse: bool = False
    not_now: NotNowError | None = None
    leave_never_comes: bool = False
    asked_for_leave: asyncio.Event = field(default_factory=asyncio.Event)
    log: list[str] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    on_open: Callable[[], object] = lambda: None

    def house(self) -> House:
        around = self

        class Channel:
            name: ClassVar[str] = "sip"
            verbs: ClassVar[Collection[str]] = frozenset()
            expects: ClassVar[Collection[str]] = frozenset()

            async def open(self, target: Target) -> Session:
                around.log.append("open")
                around.targets.append(target)
                around.on_open()
                if around.fails == "open":
                    raise RuntimeError("+62811 a bug in opening")
                return ScriptedSession(around.lines, around.log, fails=around.fails)

        return House(
            channel=lambda _: Channel(),
            admit=self._admit,
            leave=self._leave,
            folder=self._folder,
            keep=self._keep,
            close=self._close,
        )

    def _admit(self, order: Order) -> str:
        self.log.append("admit")
        if self.refuse:
            raise Refused(order.to)
        return f"{order.to};dialled"

    async def _close(self) -> None:
        self.log.append("house closed")

    @asynccontextmanager
    async def _leave(self, _order: Order, _run_id: str) -> AsyncIterator[None]:
        self.asked_for_leave.set()
        if self.leave_never_comes:
            await asyncio.Event().wait()
        if self.not_now is not None:
            raise self.not_now
        self.log.append("leave taken")
        try:
            yield
        finally:
            self.log.append("leave given back")

    def _folder(self, run_id: str, _started: datetime) -> Path:
        if self.fails == "folder":
            raise PermissionError("read-only")
        folder = self.folder / run_id
        folder.mkdir()
        return folder

    def _keep(self, record: Record, folder: Path) -> Record:
        if self.fails == "keep":
            raise OSError("disk full")
        self.log.append("keep")
        result = Evidence("result", folder / "result.json", "11")
        outcome = replace(record.outcome, evidence=(*record.outcome.evidence, result))
        return replace(record, outcome=outcome)


def order(script: tuple[Step, ...] = (), cap_s: float = 30.0) -> Order:
    """A call that is content with the answer."""
    return Order(channel="sip", to="sip:1500@127.0.0.1", script=script or call_script((), "answer", 10.0), cap_s=cap_s)
