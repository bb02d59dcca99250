"""One call seen from the parent: what the engine says becomes observations, what the player does becomes commands."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from channels.voice.dialogs import Dialog
from channels.voice.pool import Seat
from channels.voice.process import EngineDied
from channels.voice.siptrace import Trace
from channels.voice.sounds import NoSound, prepare
from channels.voice.wire import (
    Closed,
    Dial,
    Done,
    Event,
    Full,
    HangUp,
    ListenForAgent,
    Lost,
    PlaySound,
    PressKeys,
    RegistrationFailed,
    Seen,
    SipText,
)
from probe.observation import Ended, Observation, Refused, Trouble, Unreachable
from probe.outcome import Evidence, MediaFigures, SoundFigures
from probe.reasons import Reason
from probe.session import Action, End, Listen, Play, Press, Report, Target

CLOSE_S: Final = 2.5
"""How long close() waits for the engine; with the rescue of a dead engine's call it stays under 3 s."""
_MAX_ENGINES: Final = 3
"""So many engines without a free place, one after the other, and the call is given up."""
_LOSING_S: Final = 1.0
"""How long close() waits for our self-check, so that a call that was never answered ends with the right word."""
_FORBIDDEN: Final = 403
_FULL: Final = (
    "it let us in before, so its list of contacts may be full (Asterisk: max_contacts): "
    "raise that limit, or wait a minute until old entries expire"
)
_AUTH_CODES: Final = frozenset({401, 403, 407})
_FINAL: Final = (Ended, Refused, Unreachable, Trouble)

Place = Callable[[], Awaitable[tuple[Seat, Dial]]]
"""Finds a seat and makes the order to dial. Raises CannotDial."""
SelfCheck = Callable[[], Awaitable[tuple[bool, str]]]


class CannotDial(Exception):
    """No call was placed; ``observation`` says why."""

    def __init__(self, observation: Observation) -> None:
        super().__init__(str(observation))
        self.observation = observation


class CallSession:
    """A probe.session.Session over one call."""

    def __init__(
        self,
        target: Target,
        *,
        through_trunk: bool,
        self_check: SelfCheck,
        cache: Path,
        rescue: Callable[[Dialog], Awaitable[str]],
    ) -> None:
        self.target = target
        self._through_trunk = through_trunk
        self._self_check = self_check
        self._rescue = rescue
        self._cache = cache
        self._trace = Trace(target.evidence / "sip.txt", self._deaf)
        self._queue: asyncio.Queue[Observation | None] = asyncio.Queue()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[str]] = {}
        self._seat: Seat | None = None
        self._order: Dial | None = None
        self._dialog: Dialog | None = None
        self._dialled = asyncio.Event()
        self._over = asyncio.Event()
        self._closed = asyncio.Event()
        self._media: MediaFigures | None = None
        self._sound: SoundFigures | None = None
        self._hung_up = False
        self._place: Place | None = None
        self._engines = 0
        self._turned_away = False
        self._listening = False
        self._tasks: set[asyncio.Future[None]] = set()
        self._losing: asyncio.Future[None] | None = None
        self._report: asyncio.Task[Report] | None = None

    def start(self, place: Place) -> None:
        """Begin; returns at once."""
        self._place = place
        self._run(self._begin(place))

    # --- Session -----------------------------------------------------------------------------------------------

    async def observations(self) -> AsyncIterator[Observation]:
        """All observations, until the call is over."""
        while (seen := await self._queue.get()) is not None:
            yield seen

    async def act(self, action: Action) -> None:
        """Do it; returns when it has happened or the call is over."""
        if isinstance(action, End):
            self._hang_up()
            await self._over.wait()
            return
        await self._first(self._dialled)
        if self._over.is_set() or self._order is None:
            return
        seq, call = next(self._numbers), self._order.call
        if isinstance(action, Press):
            await self._do(PressKeys(call=call, seq=seq, digits=action.digits, mode=action.mode))
        elif isinstance(action, Listen):
            self._listening = True
            await self._do(ListenForAgent(call=call, seq=seq))
        elif isinstance(action, Play):
            await self._play(call, seq, action.name)
        else:
            self._see(_ours(f"a telephone call cannot {type(action).__name__.lower()}"))

    async def close(self) -> Report:
        """End the call, wait for its evidence and report. Idempotent; at most 3 s."""
        if self._report is None:
            self._report = asyncio.create_task(self._finish())
        return await asyncio.shield(self._report)

    # --- CallOwner ---------------------------------------------------------------------------------------------

    def on_event(self, event: Event) -> None:
        """The engine says something about this call."""
        try:
            self._take(event)
        except Exception as error:  # noqa: BLE001  # whatever we fail at here is ours, and no other call's of this engine
            self._see(_ours(f"{type(error).__name__}: {error}"))

    def _take(self, event: Event) -> None:
        if isinstance(event, SipText):
            self._passed(event)
        elif isinstance(event, Seen):
            self._see(self._marked(event.observation))
        elif isinstance(event, Done):
            self._done(event)
        elif isinstance(event, Lost):
            self._losing = self._run(self._lost(event.at, event.cause))
        elif isinstance(event, RegistrationFailed):
            self._registration_failed(event)
        elif isinstance(event, Full):
            self._turned_away = True
        elif isinstance(event, Closed) and self._turned_away:
            self._dial_elsewhere()
        elif isinstance(event, Closed):
            self._media, self._sound = event.media, event.sound
            self._leave_engine()

    def _passed(self, text: SipText) -> None:
        if self._seat is None or self._seat.passage is None:
            self._trace.add(text)
        if self._dialog is not None:
            self._dialog.take(text)

    def on_engine_death(self, cause: str) -> None:
        """Our engine is gone: say so, and end the call that it left behind."""
        if not self._over.is_set():
            self._see(Trouble(at=time.monotonic(), reason=Reason.ENGINE_CRASHED, detail=cause))
        self._trace.note(time.monotonic(), f"the engine died: {cause}")
        self._run(self._rescued())

    def on_wire(self, text: SipText) -> None:
        """What the gate sends and receives, where the engine sees only the gate."""
        self._trace.add(text)

    # --- inside ------------------------------------------------------------------------------------------------

    async def _begin(self, place: Place) -> None:
        try:
            self._seat, self._order = await place()
        except CannotDial as problem:
            self._see(problem.observation)
            self._closed.set()
            return
        if self._over.is_set():
            self._leave_engine()
            return
        self._dialog = Dialog(self._order.call_id, self._order.account)
        try:
            self._seat.engine.adopt(self._order.call, self)
            self._seat.engine.send(self._order)
        except EngineDied as error:
            self.on_engine_death(str(error))
            return
        self._dialled.set()
        if self._listening:  # told to an engine that turned us away
            await self._do(ListenForAgent(call=self._order.call, seq=next(self._numbers)))

    def _dial_elsewhere(self) -> None:
        """The engine had no place and sent nothing: try another, as if nothing had been."""
        if self._seat is not None and self._order is not None:
            self._seat.engine.forget(self._order.call)
            self._seat.give_back()
        self._seat = self._order = self._dialog = None
        self._dialled.clear()
        self._turned_away = False
        self._engines += 1
        if self._hung_up or self._over.is_set() or self._place is None:
            self._see(Ended(at=time.monotonic(), by_us=True, cause="ended before it was dialled"))
            self._closed.set()
        elif self._engines >= _MAX_ENGINES:
            self._see(_ours(f"{self._engines} engines had no free place"))
            self._closed.set()
        else:
            self._run(self._begin(self._place))

    def _marked(self, seen: Observation) -> Observation:
        # the script may expect this very code: what a refusal means is judged when it did not
        return replace(seen, through_trunk=self._through_trunk) if isinstance(seen, Refused) else seen

    def _registration_failed(self, event: RegistrationFailed) -> None:
        said = f"the registration was refused: {event.code} {event.phrase}".strip()
        if event.code == _FORBIDDEN and self._order is not None and self._order.let_in:
            said = f"{said}; {_FULL}"
        if event.code in _AUTH_CODES:
            self._see(Trouble(at=event.at, reason=Reason.TRUNK_AUTH_REJECTED, detail=said))
        else:
            self._losing = self._run(
                self._lost(event.at, said if event.code else f"no registration: {event.phrase or 'no response'}")
            )

    async def _lost(self, at: float, cause: str) -> None:
        works, sentence = await self._self_check()
        passage = self._seat.passage if self._seat is not None else None
        parts = (cause, passage.trouble if passage is not None else "", "" if works else sentence)
        text = "; ".join(part for part in parts if part)
        self._see(Unreachable(at=at, cause=text, through_trunk=self._through_trunk, network_ok=works))

    def _see(self, seen: Observation) -> None:
        if self._over.is_set():
            return
        self._queue.put_nowait(seen)
        if isinstance(seen, _FINAL):
            self._over.set()
            self._queue.put_nowait(None)
            for waiter in self._waiting.values():
                if not waiter.done():
                    waiter.set_result("")
            self._hang_up()

    async def _do(self, command: PressKeys | PlaySound | ListenForAgent) -> None:
        if self._seat is None:
            return
        waiter: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[command.seq] = waiter
        with contextlib.suppress(EngineDied):  # its death has been told
            self._seat.engine.send(command)
            problem = await waiter
            if problem and not self._over.is_set():
                self._see(_ours(problem))
        self._waiting.pop(command.seq, None)

    async def _play(self, call: str, seq: int, name: str) -> None:
        local = datetime.now().astimezone()
        try:
            path = await asyncio.to_thread(prepare, name, self.target.sounds, self._cache, local)
        except NoSound as error:
            self._see(_ours(str(error)))
            return
        await self._do(PlaySound(call=call, seq=seq, name=name, path=str(path)))

    def _done(self, event: Done) -> None:
        waiter = self._waiting.get(event.seq)
        if waiter is not None and not waiter.done():
            waiter.set_result(event.problem)

    def _hang_up(self) -> None:
        if self._hung_up:
            return
        if self._seat is None or self._order is None:
            if not self._over.is_set():
                self._see(Ended(at=time.monotonic(), by_us=True, cause="ended before it was dialled"))
            return
        self._hung_up = True
        with contextlib.suppress(EngineDied):  # its death has been told, and the rescue hangs up
            self._seat.engine.send(HangUp(call=self._order.call))

    def _deaf(self, error: OSError) -> None:
        self._see(_ours(f"sip.txt cannot be written: {error.strerror}"))

    def _leave_engine(self) -> None:
        if self._seat is not None and self._order is not None:
            self._seat.engine.forget(self._order.call)
            self._seat.give_back()
        self._closed.set()

    async def _rescued(self) -> None:
        try:
            if self._dialog is not None:
                self._trace.note(time.monotonic(), await self._rescue(self._dialog))
        finally:
            self._leave_engine()

    async def _finish(self) -> Report:
        self._hang_up()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closed.wait(), CLOSE_S)
        if self._losing is not None:
            await asyncio.wait([self._losing], timeout=_LOSING_S)
        if not self._over.is_set():
            self._see(Ended(at=time.monotonic(), by_us=True, cause="the engine did not confirm the end"))
        self._leave_engine()
        self._trace.close()
        evidence = await asyncio.to_thread(_evidence, self.target.evidence)
        return Report(media=self._media, sound=self._sound, evidence=evidence)

    async def _first(self, event: asyncio.Event) -> None:
        waits = [asyncio.create_task(event.wait()), asyncio.create_task(self._over.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _run(self, work: Awaitable[None]) -> asyncio.Future[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._on_task_end)
        return task

    def _on_task_end(self, task: asyncio.Future[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            # our own mistake must never read as a silent far end
            self._see(_ours(f"{type(error).__name__}: {error}"))
            self._closed.set()


def _ours(detail: str) -> Trouble:
    return Trouble(at=time.monotonic(), reason=Reason.INTERNAL_ERROR, detail=detail)


def _evidence(folder: Path) -> tuple[Evidence, ...]:
    found = []
    for kind, name in (("recording", "recording.wav"), ("sip_trace", "sip.txt")):
        path = folder / name
        if path.is_file():
            with path.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
            found.append(Evidence(kind, path.absolute(), digest))
    return tuple(found)
