"""One engine process seen from its parent: start, commands, events, death."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import signal
import socket
import sys
import time
from typing import Final, Protocol

from channels.voice.bindings import Bindings
from channels.voice.gate.gate import Gate
from channels.voice.ports import PortRange, PortSlice
from channels.voice.proto import ProtocolError, frame_length
from channels.voice.rescue import take_back
from channels.voice.sipmsg import redact
from channels.voice.wire import COMMANDS, EVENTS, Beat, Command, Dial, Event, Full, Quit, Ready, SipText

MAX_CALLS: Final = 4
"""The wheel is compiled with PJSUA_MAX_CALLS=4."""
SILENT_S: Final = 3.0
START_S: Final = 10.0
QUIT_S: Final = 3.0
"""An engine's farewell may take 2.2 s; killed within it, it would leave calls up."""
_STDERR_BYTES: Final = 16384
_LOOK_S: Final = (0.25, 1.0)
"""Shortest and longest pause between looks whether it still speaks: more would cost an idle service its rest."""
_LAST_WORDS_S: Final = 0.3
"""Its standard error ends with the process, a moment after its connection."""
_TOLD_TO_LEAVE: Final = "told to leave"
_TELLING: Final = (
    re.compile(r"^.*(?:Assertion `|terminate called).*", re.MULTILINE),
    re.compile(r"^Fatal Python error.*", re.MULTILINE),
    re.compile(r"^[\w.]*(?:Error|Exception)\b.*", re.MULTILINE),
)
"""Which of its last words say what happened: of C's assert(3) and C++, CPython's faulthandler, Python; best first."""
_TOLD_CHARS: Final = 200

log = logging.getLogger(__name__)


class EngineDied(Exception):
    """The engine is gone; the text says how."""


class Listens(Protocol):
    """Whoever owns a call of an engine."""

    def on_event(self, event: Event) -> None: ...
    def on_engine_death(self, cause: str) -> None: ...


class EngineProcess:
    """A child. ``seats`` counts reserved calls, ``served`` all it ever had; made by ``start`` only.

    ``let_in`` collects the keys of accounts that a registrar took; engines of one pool share it.
    """

    def __init__(self, user_agent: str, ports: PortSlice, let_in: set[str] | None = None) -> None:
        self._user_agent = user_agent
        self.let_in = set() if let_in is None else let_in
        self._bindings = Bindings(self.let_in)
        self.ports = ports
        self.trunk_ports: dict[str, PortSlice] = {}
        self._gates: dict[str, Gate] = {}
        self.seats = 0
        self.served = 0
        self.worn = False
        """It turned out to have less places than it should: due for replacement."""
        self.accounts: set[str] = set()
        self.born = time.monotonic()
        self.draining = False
        self.last_beat: Beat | None = None
        self._owners: dict[str, Listens] = {}
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._heard_at = time.monotonic()
        self._stderr = bytearray()
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._complaints: asyncio.Task[None] | None = None
        self.died: asyncio.Event = asyncio.Event()
        self.buried: asyncio.Event = asyncio.Event()
        """Its ports are given back, and its registrations as far as they could be."""
        self.cause = ""
        self.died_at: float | None = None

    @property
    def pid(self) -> int:
        """Process id; 0 before it started."""
        return self._process.pid if self._process is not None else 0

    @property
    def usable(self) -> bool:
        """Whether it may get another call."""
        return not self.died.is_set() and not self.draining and not self.worn and self.seats < MAX_CALLS

    async def start(self) -> None:
        """Spawn the child. Raises OSError."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-X", "faulthandler", "-m", "channels.voice.engine",
                str(theirs.fileno()), self._user_agent,
                stdin=asyncio.subprocess.DEVNULL,
                # the wheel prints a few lines before its log can be turned down
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                pass_fds=(theirs.fileno(), self.ports.lock_fd),
                # a Ctrl-C in the terminal is ours to handle
                start_new_session=True,
            )  # fmt: skip
        reader, self._writer = await asyncio.open_connection(sock=ours)
        self._heard_at = time.monotonic()
        self._complaints = asyncio.create_task(self._collect_stderr())
        self._tasks = [
            asyncio.create_task(self._read(reader)),
            self._complaints,
            asyncio.create_task(self._watch()),
        ]

    async def ready(self) -> None:
        """Wait until it takes calls. Raises EngineDied."""
        await asyncio.shield(self._ready)

    def adopt(self, call: str, owner: Listens) -> None:
        """Events of that call go to ``owner`` from now on."""
        self._owners[call] = owner
        self.served += 1

    def forget(self, call: str) -> None:
        """The call is over."""
        self._owners.pop(call, None)

    def send(self, command: Command) -> None:
        """Tell the engine. Raises EngineDied when there is none any more."""
        if self._writer is None or self.died.is_set():
            raise EngineDied(self.cause or "the engine has not started")
        if isinstance(command, Dial):
            self._bindings.know(command.account)
        self._writer.write(COMMANDS.encode(command))

    def ports_for(self, trunk: str, ports: PortRange) -> PortSlice:
        """This generation's slice of a trunk's own RTP range. Raises NoPortsLeft."""
        if trunk not in self.trunk_ports:
            self.trunk_ports[trunk] = ports.take()
        return self.trunk_ports[trunk]

    def gate(self, account: str, local_address: str) -> Gate:
        """The way of an account to a host that has only IPv6; lives as long as the engine. Raises OSError."""
        if account not in self._gates:
            self._gates[account] = Gate(local_address)
        return self._gates[account]

    def kill(self, cause: str) -> None:
        """End it now, whatever it does."""
        self.cause = self.cause or cause
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)

    async def quit(self, timeout_s: float = QUIT_S) -> None:
        """Let it hang up and leave; kill it when it does not."""
        self.draining = True
        with contextlib.suppress(EngineDied):
            self.cause = self.cause or _TOLD_TO_LEAVE
            self.send(Quit())
        try:
            await asyncio.wait_for(self.died.wait(), timeout_s)
        except TimeoutError:
            self.kill("it did not leave when told")
            await self.died.wait()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def fail(self, cause: str) -> None:
        """It could not even be started."""
        self.cause = cause
        await self._bury()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                self._dispatch(EVENTS.decode(await reader.readexactly(frame_length(await reader.readexactly(4)))))
        except ProtocolError as error:
            self.kill(f"it spoke nonsense: {error}")
        except (asyncio.IncompleteReadError, OSError):
            pass  # end of file: the engine is gone, which is told below
        except Exception as error:  # noqa: BLE001  # unread, the engine would be neither alive nor dead to its calls
            self.kill(f"what it said could not be taken: {error!r}")
        await self._bury()

    def _dispatch(self, event: Event) -> None:
        self._heard_at = time.monotonic()
        if isinstance(event, Full):
            self.worn = True
        if isinstance(event, Ready):
            if not self._ready.done():
                self._ready.set_result(None)
        elif isinstance(event, Beat):
            self.last_beat = event
        elif isinstance(event, SipText) and not event.call:
            self._bindings.take(event)
        elif (owner := self._owners.get(event.call)) is not None:
            owner.on_event(event)

    async def _bury(self) -> None:
        self.died_at = time.monotonic()
        # the socket closes a moment before the process is gone
        self._heard_at = float("inf")
        if self._writer is not None:
            self._writer.close()
        cause = self.cause or "the engine's connection closed"
        orphans = dict(self._owners)
        self._owners.clear()
        self.cause = cause
        self.died.set()
        if cause != _TOLD_TO_LEAVE:
            self.cause = cause = await self._explained(cause)
        for owner in orphans.values():
            with contextlib.suppress(Exception):  # one call that cannot take it must not keep it from the others
                owner.on_engine_death(cause)
        if not self._ready.done():
            self._ready.set_exception(EngineDied(cause))
            self._ready.exception()
        # after the calls, which were told first; their farewells are on the way by now and wait for none of this
        await asyncio.gather(self._reap(crowded=bool(orphans)), self._unregister())
        for gate in self._gates.values():
            gate.retire()
        self.buried.set()

    async def _unregister(self) -> None:
        for came_of_it in await asyncio.gather(*(take_back(binding) for binding in self._bindings.left())):
            log.info("engine %d: %s", self.pid, came_of_it)

    async def _explained(self, cause: str) -> str:
        """The cause with the line of its last words that tells most."""
        if self._complaints is not None:
            await asyncio.wait([self._complaints], timeout=_LAST_WORDS_S)
        said = redact(self.last_words())
        telling = next((found[-1] for pattern in _TELLING if (found := pattern.findall(said))), "")
        words = "".join(char for char in telling if char.isprintable())[:_TOLD_CHARS]
        return f"{cause}: {words}" if words else cause

    async def _reap(self, *, crowded: bool) -> None:
        code = 0
        if self._process is not None:
            try:
                code = await asyncio.wait_for(self._process.wait(), SILENT_S)
            except TimeoutError:
                self.kill("it closed its connection and stayed")
                code = await self._process.wait()
        if code != 0 or self.cause != _TOLD_TO_LEAVE:
            said = redact(self.last_words())
            log.warning("engine %d ended with status %d: %s; its last words: %r", self.pid, code, self.cause, said)
        for ports in (self.ports, *self.trunk_ports.values()):
            ports.release(clean=code == 0 and not crowded)

    async def _watch(self) -> None:
        while not self.died.is_set():
            allowed = SILENT_S if self._ready.done() else START_S
            left_s = self._heard_at + allowed - time.monotonic()
            if left_s < 0:
                self.kill(f"it was silent for {allowed:.0f} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.died.wait(), min(max(left_s, _LOOK_S[0]), _LOOK_S[1]))

    async def _collect_stderr(self) -> None:
        stream = self._process.stderr if self._process is not None else None
        while stream is not None and (data := await stream.read(4096)):
            self._stderr += data
            del self._stderr[:-_STDERR_BYTES]

    def last_words(self) -> str:
        """The tail of its stderr, at most 16 KiB."""
        return self._stderr.decode(errors="replace")
