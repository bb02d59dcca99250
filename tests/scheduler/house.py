"""A house with a fake far end and a real record: everything the run path does to its surroundings is noted."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from probe.observation import Ended, Observation
from probe.outcome import Evidence, MediaFigures, Record
from probe.script import Step, call_script
from probe.session import Action, End, Report, Session, Target
from scheduler.house import House, NotNowError, RefusedError
from scheduler.order import Order
from storage.database import Database
from storage.evidence import EvidenceError
from storage.runs import Runs
from storage.values import Stamp

STAMP = Stamp(version="0.0.0", config="00" * 32)


class ScriptedSession:
    """Says its lines at once and ends when told to, or never says anything."""

    def __init__(
        self, lines: Sequence[Observation], log: list[str], *, fails: str = "", media: MediaFigures | None = None
    ) -> None:
        self.media = media
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
        return Report(media=self.media, evidence=(Evidence("recording", Path("/evidence/recording.wav"), "00"),))


@dataclass
class Surroundings:
    """What a test may set, and what came of it in ``log``."""

    folder: Path
    lines: Sequence[Observation] = ()
    fails: str = ""
    refuse: bool = False
    own_side: str | Exception = ""
    max_agent_s: float | None = None
    media: MediaFigures | None = None
    usual_mos: float | Exception | None = None
    patience_s: float = 10.0
    not_now: NotNowError | None = None
    leave_never_comes: bool = False
    asked_for_leave: asyncio.Event = field(default_factory=asyncio.Event)
    log: list[str] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    """How long each run was ready to wait for its trunk."""
    on_open: Callable[[], object] = lambda: None
    _databases: list[Database] = field(default_factory=list)

    def runs(self) -> Runs:
        """The record; closed with the house."""
        return Runs(self.database(), STAMP, self.folder)

    def database(self) -> Database:
        """The database, opened at its first use."""
        if not self._databases:
            self._databases.append(Database(f"sqlite:///{self.folder / 'siaga.db'}"))
        return self._databases[0]

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
                return ScriptedSession(around.lines, around.log, fails=around.fails, media=around.media)

        return House(
            channel=lambda _: Channel(),
            admit=self._admit,
            leave=self._leave,
            folder=self._folder,
            keep=self._keep,
            runs=self.runs,
            own_side=self._own_side,
            close=self._close,
            max_agent_s=self.max_agent_s,
            usual_mos=self._usual_mos,
            patience_s=self.patience_s,
        )

    def _usual_mos(self, order: Order) -> float | None:
        self.log.append(f"usual MOS of {order.probe}")
        if isinstance(self.usual_mos, Exception):
            raise self.usual_mos
        return self.usual_mos

    def _admit(self, order: Order) -> str:
        self.log.append("admit")
        if self.refuse:
            raise RefusedError(order.to)
        return f"{order.to};dialled"

    async def _close(self) -> None:
        self.log.append("house closed")
        self.close_record()

    def close_record(self) -> None:
        """Give the database back."""
        for database in self._databases:
            database.close()
        self._databases.clear()

    async def _own_side(self, order: Order) -> str:
        self.log.append(f"own side of {order.trunk}")
        if isinstance(self.own_side, Exception):
            raise self.own_side
        return self.own_side

    @asynccontextmanager
    async def _leave(self, _order: Order, _run_id: str, wait_s: float) -> AsyncIterator[None]:
        self.waits.append(wait_s)
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
            raise EvidenceError("result.json cannot be written") from OSError(errno.ENOSPC, "No space left on device")
        self.log.append("keep")
        result = Evidence("result", folder / "result.json", "11")
        outcome = replace(record.outcome, evidence=(*record.outcome.evidence, result))
        return replace(record, outcome=outcome)


def order(script: tuple[Step, ...] = (), cap_s: float = 30.0) -> Order:
    """A call that is content with the answer."""
    return Order(channel="sip", to="sip:1500@127.0.0.1", script=script or call_script((), "answer", 10.0), cap_s=cap_s)
