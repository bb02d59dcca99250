"""An engine process: ``python -m channels.voice.engine FD USER-AGENT``; FD is its end of a socket pair to the parent.

At most 4 calls, one thread for everything of pjsip. When the parent is gone (end of file), on Quit and on SIGTERM it
hangs up every call, waits at most a second for the confirmations, and leaves without any teardown, which would abort.
"""

from __future__ import annotations

import os

# before numpy: its BLAS would start a thread per core in every engine
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import contextlib
import faulthandler
import gc
import heapq
import itertools
import signal
import socket
import sys
import threading
import time
import traceback
import wave
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final

from channels.voice.complaints import complain
from channels.voice.ears import EarShop
from channels.voice.hearing import HearingThread, Hears, Listener
from channels.voice.line import Line
from channels.voice.pj import pj, sentence
from channels.voice.pjaccount import Accounts
from channels.voice.pjstack import NoPlace, Stack
from channels.voice.priority import hurry, media_first
from channels.voice.proto import ProtocolError, Unpacker
from channels.voice.siplog import LoggedMessage
from channels.voice.sipmsg import call_id_in, is_registration, redact
from channels.voice.wire import (
    COMMANDS,
    EVENTS,
    Beat,
    Closed,
    Command,
    Dial,
    Done,
    Event,
    Full,
    HangUp,
    ListenForAgent,
    PlaySound,
    PressKeys,
    Quit,
    Ready,
    Seen,
    SipText,
    Way,
)
from probe.observation import Trouble
from probe.reasons import Reason

BEAT_S: Final = 1.0
_POLL_S: Final = 0.1
_PUMP_MS: Final = 10
_LAST_PUMP_S: Final = 1.8
"""A far end that has not answered our INVITE yet may do so in this time, and must then be told that we are gone."""
_STAND_IN_S: Final = 0.7
"""A parent that was killed took the gate to IPv6 along; the engine opens it again for its farewell."""
_LAST_TURNS: Final = 5
_FLUSH_S: Final = 0.3
_TIDY_S: Final = 60.0
_SWITCH_S: Final = 0.0005
"""The media clock waits for the GIL at every frame; with Python's default of 5 ms it starves."""


class Engine:
    """The main thread: commands, timers, pjsip."""

    def __init__(self, link: socket.socket, user_agent: str) -> None:
        self._link = link
        self._inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._outbox: SimpleQueue[bytes] = SimpleQueue()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._lines: dict[str, Line] = {}
        self._by_call_id: dict[str, Line] = {}
        self._leaving = False
        self._orphaned = False
        self._ways: set[Way] = set()
        self._hearing = HearingThread()
        self._ears = EarShop()
        with media_first():
            self._stack = Stack(user_agent, self._on_message, self._on_garbage)
        self._accounts = Accounts(self._stack)

    # --- what lines need ---------------------------------------------------------------------------------------

    def emit(self, event: Event) -> None:
        """Send to the parent; never blocks."""
        try:
            self._outbox.put(EVENTS.encode(event))
        except ProtocolError as error:
            complain(f"not sent: {error}")

    def soon(self, action: Callable[[], None]) -> None:
        """Run on the main thread; callable from any thread."""
        self._inbox.put(action)

    def later(self, delay_s: float, action: Callable[[], None]) -> None:
        """Run on the main thread after a while."""
        heapq.heappush(self._timers, (time.monotonic() + delay_s, next(self._numbers), action))

    def hear(self, listener: Listener) -> None:
        self._hearing.add(listener)

    def make_ear(self, prompts: str | None, tones: tuple[str, ...]) -> Hears:
        return self._ears.make(prompts, tones)

    def transport_failure(self, since: float) -> str:
        return self._stack.failure(since)

    def forget(self, line: Line) -> None:
        self._lines.pop(line.order.call, None)
        self._by_call_id.pop(line.order.call_id, None)

    # --- the loop ----------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Until told to leave."""
        threading.Thread(target=self._read, name="commands", daemon=True).start()
        threading.Thread(target=self._write, name="events", daemon=True).start()
        self._beat()
        self._poll()
        self._tidy()
        self.emit(Ready(pid=os.getpid()))
        while not self._leaving:
            self._turn()
        self.farewell()

    def leave(self) -> None:
        """Hang up everything and go; safe from any thread and from a signal handler."""
        self._leaving = True

    def _turn(self) -> None:
        self._stack.pump(_PUMP_MS)
        while not self._inbox.empty():
            self._inbox.get()()
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            heapq.heappop(self._timers)[2]()

    def farewell(self) -> None:
        """Hang up every call, wait a while for the confirmations, take registrations back."""
        if self._orphaned and self._ways:
            from channels.voice.gate.standin import stand_in  # noqa: PLC0415  # asyncio, for this rare end only

            stand_in(self._ways).wait(_STAND_IN_S)
        for line in list(self._lines.values()):
            try:
                line.hang_up()
            except Exception:  # noqa: BLE001  # one call that cannot be ended must not keep the others up
                complain(traceback.format_exc())
        gone = self._accounts.unregister()
        end = time.monotonic() + _LAST_PUMP_S
        while time.monotonic() < end and not (gone and all(line.settled for line in self._lines.values())):
            self._turn()
            gone = self._accounts.unregister()
        # responses to BYE, and the events still in the outbox
        for _ in range(_LAST_TURNS):
            self._turn()

    def crash(self, why: str) -> None:
        """Tell every call that it ends by our fault, before its end reads as anybody else's; then the farewell."""
        for call in self._lines:
            trouble = Trouble(at=time.monotonic(), reason=Reason.ENGINE_CRASHED, detail=why)
            self.emit(Seen(call=call, observation=trouble))
        self.farewell()

    def _beat(self) -> None:
        gaps = [line.gaps() for line in self._lines.values()]
        self.emit(
            Beat(
                at=time.monotonic(),
                calls=len(self._lines),
                frames=sum(g[0] for g in gaps),
                late=sum(g[1] for g in gaps),
                worst_gap_s=max((g[2] for g in gaps), default=0.0),
            )
        )
        self.later(BEAT_S, self._beat)

    def _poll(self) -> None:
        for line in list(self._lines.values()):
            line.poll()
        self.later(_POLL_S, self._poll)

    def _tidy(self) -> None:
        # only here, on the main thread: a pj object collected on another thread aborts the process
        if not self._lines:
            gc.collect()
        self.later(_TIDY_S, self._tidy)

    # --- the link ----------------------------------------------------------------------------------------------

    def _read(self) -> None:
        unpacker = Unpacker()
        try:
            while data := self._link.recv(65536):
                for body in unpacker.feed(data):
                    command = COMMANDS.decode(body)
                    self.soon(lambda command=command: self._obey(command))  # type: ignore[misc]
        except (OSError, ProtocolError) as error:
            complain(f"link: {error}")
        finally:
            self._orphaned = True
            self.leave()

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._link.sendall(self._outbox.get())

    def flush(self, timeout_s: float) -> None:
        """Give the writer a moment to send what is left."""
        end = time.monotonic() + timeout_s
        while not self._outbox.empty() and time.monotonic() < end:
            time.sleep(0.005)

    # --- commands and messages ---------------------------------------------------------------------------------

    def _obey(self, command: Command) -> None:
        if isinstance(command, Quit):
            self.leave()
        elif isinstance(command, Dial):
            self._dial(command)
        elif (line := self._lines.get(command.call)) is None:
            if isinstance(command, (PressKeys, PlaySound, ListenForAgent)):
                self.emit(Done(call=command.call, seq=command.seq))
        elif isinstance(command, PressKeys):
            line.press(command)
        elif isinstance(command, PlaySound):
            self._play(line, command)
        elif isinstance(command, ListenForAgent):
            line.listen_for_agent(command.seq)
        elif isinstance(command, HangUp):
            line.hang_up()

    def _dial(self, order: Dial) -> None:
        if order.way is not None:
            self._ways.add(order.way)
        try:
            account = self._accounts.get(order.account)
        except NoPlace:
            self.emit(Full(call=order.call))
            self.emit(Closed(call=order.call, media=None))
            return
        except pj.Error as error:
            # nothing was sent, so this says nothing about the far end
            cause = f"no transport for this call: {sentence(error)}"
            trouble = Trouble(at=time.monotonic(), reason=Reason.INTERNAL_ERROR, detail=cause)
            self.emit(Seen(call=order.call, observation=trouble))
            self.emit(Closed(call=order.call, media=None))
            return
        line = Line(self, account, order)
        self._lines[order.call] = line
        self._by_call_id[order.call_id] = line
        line.start()

    def _play(self, line: Line, command: PlaySound) -> None:
        try:
            with wave.open(command.path, "rb") as sound:
                pcm = sound.readframes(sound.getnframes())
        except (OSError, EOFError, wave.Error) as error:
            self.emit(Done(call=command.call, seq=command.seq, problem=f"{command.name}: {error}"))
            return
        line.play(command.seq, command.name, pcm)

    def _on_message(self, logged: LoggedMessage) -> None:
        line = self._by_call_id.get(call_id_in(logged.text))
        calls = [
            x.order.call for x in ([line] if line else self._lines.values()) if x is line or x.waits_for_registration
        ]
        if line is None and is_registration(logged.text):
            calls.append("")
        for call in calls:
            self.emit(
                SipText(
                    call=call,
                    at=logged.at,
                    sent=logged.sent,
                    transport=logged.transport,
                    peer=logged.peer,
                    text=redact(logged.text),
                )
            )
        if line is not None:
            line.on_message(logged)

    def _on_garbage(self, peer: str, why: str) -> None:
        # such a packet has no Call-ID to be told apart by
        for line in self._lines.values():
            line.on_garbage(peer, why)


def serve(engine: Engine) -> int:
    """Run it; returns the exit status. Calls are ended in order whatever it fails at."""
    try:
        engine.run()
    except Exception as error:  # noqa: BLE001  # whatever it is, the calls must end and the parent must read why
        complain(traceback.format_exc())
        try:
            engine.crash(f"{type(error).__name__}: {error}")
        except Exception:  # noqa: BLE001  # what is left then is ended by the parent
            complain(traceback.format_exc())
        return 70
    return 0


def main() -> None:
    """Run an engine over the socket whose descriptor is the first argument; the second is our User-Agent."""
    faulthandler.enable()
    # Ctrl-C is the parent's to handle: it hangs up in order
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.setswitchinterval(_SWITCH_S)
    hurry()
    link = socket.socket(fileno=int(sys.argv[1]))
    engine = Engine(link, sys.argv[2])
    signal.signal(signal.SIGTERM, lambda *_: engine.leave())
    gc.collect()
    gc.freeze()
    gc.disable()
    code = serve(engine)
    engine.flush(_FLUSH_S)
    # interpreter teardown with pj objects alive aborts
    os._exit(code)


if __name__ == "__main__":
    main()
