"""The thread that listens: it takes frames from the sound ports, records them and lets the ears judge them.

Stream time is counted in samples; it maps to the monotonic clock by the smallest (arrival - position) of its second,
because a frame can be late but never early.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from channels.voice.complaints import complain
from channels.voice.media import FRAME_S, FRAME_SAMPLES, RATE_HZ, SILENCE, Heard
from channels.voice.recorder import Recorder
from probe.observation import RECORDING, Agent, AgentPhase, Noted, Observation, Sign, Trouble, Unheard
from probe.outcome import SoundFigures
from probe.reasons import Reason

BLOCK_FRAMES: Final = 4
LATE_S: Final = 0.04
_GAP_S: Final = 0.2
"""A longer pause between frames means that the port was not connected: the gap is filled, so that time goes on."""
_MOVED_S: Final = 0.02
"""When the recording lies so far from where we said it lies on the clock, we say it again."""
_INSTANTS: Final = ("at", "onset", "first_onset", "until", "since", "began")
_POLL_S: Final = 0.04
"""Half a block: the calls of an engine are heard together as far as they are due, which keeps the caches warm."""


class Hears(Protocol):
    """What an ear does; ``channels.voice.listening.ear.Ear`` is the real one. Seconds of stream time."""

    def feed(self, samples: NDArray[np.int16], sent: NDArray[np.int16] | None = ...) -> Sequence[Observation]: ...
    def figures(self) -> SoundFigures: ...
    def flush(self) -> Sequence[Observation]: ...
    def listen_for_agent(self) -> None: ...
    def we_sent(self, kind: Literal["keys", "play"], start_s: float, end_s: float) -> None: ...
    def signalled(self, method: str, detail: str = ...) -> None: ...


class Listener:
    """One call's listening. Used by the hearing thread alone, apart from ``tell``, ``stats`` and ``finish``."""

    def __init__(
        self,
        frames: SimpleQueue[Heard],
        make_ear: Callable[[], Hears],
        recording: Path | None,
        *,
        hide_agent: bool,
        rewired_at: Callable[[], float],
        report: Callable[[Observation], None],
        finished: Callable[[], None],
    ) -> None:
        self._frames = frames
        self._make_ear = make_ear
        self._ear: Hears | None = None
        self.figures: SoundFigures | None = None
        """What the ear measured; set before ``finished``."""
        self._recorder = Recorder(recording) if recording is not None else None
        self._hide_agent = hide_agent
        self._rewired_at = rewired_at
        self._report = report
        self._finished = finished
        self._orders: SimpleQueue[Callable[[Hears], None]] = SimpleQueue()
        self._stop = threading.Event()
        self._samples = 0
        self._offsets: dict[int, float] = {}
        self._told: dict[int, float] = {}
        self._placed: float | None = None
        self._last_at: float | None = None
        self._block: list[Heard] = []
        self._count = 0
        self._late = 0
        self._worst_gap_s = 0.0

    def take_gaps(self) -> tuple[int, int, float]:
        """Frames, late frames and the longest gap in seconds since the last call of this."""
        found = (self._count, self._late, self._worst_gap_s)
        self._count, self._late, self._worst_gap_s = 0, 0, 0.0
        return found

    def tell(self, order: Callable[[Hears], None]) -> None:
        """Let the hearing thread do something with the ear."""
        self._orders.put(order)

    def finish(self) -> None:
        """No frame will follow; what is queued is still heard, then ``finished`` is called on the hearing thread."""
        self._stop.set()

    def to_stream(self, at: float) -> float:
        """Stream seconds of a monotonic instant near now."""
        return at - self._offset(self._samples / RATE_HZ)

    def _offset(self, position: float) -> float:
        """What to add to a position in the stream, seconds: always the same for the same position."""
        if not self._offsets:
            return time.monotonic()
        newest = max(self._offsets)
        second = min(max(int(position), 0), newest)
        # told once, it stays: every phase of a prompt or an agent carries the same onset
        return self._told.setdefault(second, self._offsets.get(second, self._offsets[newest]))

    def work_or_fail(self) -> bool:
        """Hear what is there. False when all is over; a failure of ours ends this call, not its neighbours."""
        try:
            return self._work()
        except Exception as error:  # noqa: BLE001  # the ear is ours: whatever it raises must not pass for a silent line
            complain(traceback.format_exc())
            self._report(
                Trouble(at=time.monotonic(), reason=Reason.INTERNAL_ERROR, detail=f"the listener failed: {error!r}")
            )
            if self._recorder is not None:
                with contextlib.suppress(OSError):  # told already
                    self._recorder.close()
            self._finished()
            return False

    def _work(self) -> bool:
        stopping = self._stop.is_set()
        if self._ear is None:
            self._ear = self._make_ear()
        while not self._orders.empty():
            self._orders.get()(self._ear)
        while True:
            try:
                frame = self._frames.get_nowait()
            except Empty:
                break
            self._take(frame)
        if stopping:
            self._flush()
            self._tell(self._ear.flush())
            self.figures = self._ear.figures()
            if self._recorder is not None:
                self._recorder.close()
            self._finished()
        return not stopping

    def _take(self, frame: Heard) -> None:
        if self._last_at is not None:
            gap = frame.at - self._last_at
            self._worst_gap_s = max(self._worst_gap_s, gap)
            if gap > _GAP_S:
                self._late += self._fill(gap)
                self._miss(self._last_at, frame.at)
            else:
                self._late += gap > FRAME_S + LATE_S
        self._last_at = frame.at
        self._count += 1
        self._block.append(frame)
        position = (self._samples + len(self._block) * FRAME_SAMPLES) / RATE_HZ
        second, offset = int(position), frame.at - position
        self._offsets[second] = min(self._offsets.get(second, offset), offset)
        if len(self._block) >= BLOCK_FRAMES:
            self._flush()

    def _miss(self, since: float, at: float) -> None:
        """The media clock stood still. Our machine is to blame unless the stream was being put in its place."""
        if not since - _GAP_S <= self._rewired_at() <= at + _GAP_S:
            self._report(Unheard(at=at, lost_s=at - since - FRAME_S))

    def _fill(self, gap_s: float) -> int:
        """Silence for the frames that never came; how many there were."""
        missing = round(gap_s / FRAME_S) - 1
        at = self._last_at or 0.0
        for index in range(missing):
            self._block.append(Heard(at + (index + 1) * FRAME_S, SILENCE, SILENCE))
            if len(self._block) >= BLOCK_FRAMES:
                self._flush()
        return missing

    def _flush(self) -> None:
        if not self._block or self._ear is None:
            return
        heard = np.frombuffer(b"".join(f.received for f in self._block), dtype="<i2")
        sent = np.frombuffer(b"".join(f.sent for f in self._block), dtype="<i2")
        self._block.clear()
        if self._recorder is not None:
            self._recorder.append(sent, heard)
        self._samples += len(heard)
        self._tell(self._ear.feed(heard, sent))
        self._place()

    def _place(self) -> None:
        """Say when a second of the recording was heard, once the second is whole: a player needs it for labels."""
        second = self._samples // RATE_HZ - 1
        offset = self._offsets.get(second)
        if self._recorder is None or offset is None:
            return
        if self._placed is None or abs(offset - self._placed) > _MOVED_S:
            self._placed = offset
            self._report(Noted(at=second + offset, what=RECORDING, facts={"second": second}))

    def _tell(self, found: Sequence[Observation]) -> None:
        for seen in found:
            self._protect(seen)
            self._report(self._on_our_clock(seen))

    def _protect(self, seen: Observation) -> None:
        if self._recorder is None or not self._hide_agent or not isinstance(seen, Agent):
            return
        if seen.phase is AgentPhase.RETRACTED or seen.phase is AgentPhase.MACHINE:
            self._recorder.show()
        else:
            self._recorder.hide_from(seen.onset)

    def _on_our_clock(self, seen: Observation) -> Observation:
        moved: dict[str, object] = {}
        for name in _INSTANTS:
            value = getattr(seen, name, None)
            if isinstance(value, float):
                moved[name] = value + self._offset(value)
        if isinstance(seen, Agent):
            moved["signs"] = tuple(Sign(s.sign, s.at + self._offset(s.at), s.weight) for s in seen.signs)
        return dataclasses.replace(seen, **moved)  # type: ignore[arg-type]  # names were taken from the class itself


class HearingThread:
    """One thread for all calls of an engine: numpy by blocks, never pjsip."""

    def __init__(self) -> None:
        self._new: SimpleQueue[Listener] = SimpleQueue()
        threading.Thread(target=self._run, name="hearing", daemon=True).start()

    def add(self, listener: Listener) -> None:
        """Begin to hear a call."""
        self._new.put(listener)

    def _run(self) -> None:
        listeners: list[Listener] = []
        while True:
            while not self._new.empty():
                listeners.append(self._new.get())
            listeners = [listener for listener in listeners if listener.work_or_fail()]
            time.sleep(_POLL_S)
