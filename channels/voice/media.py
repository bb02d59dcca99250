"""The sound port of a call. Its two callbacks run on pjsip's media clock, which waits for them: they copy and leave.

What we send is always something: queued sound, or a comfort noise so faint that it is silence to people and no silence
to a PBX that drops callers who send no RTP (``rtp_timeout``).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, Final

import numpy as np

from channels.voice.pj import PortBase, octets, pj

RATE_HZ: Final = 8000
FRAME_S: Final = 0.02
FRAME_SAMPLES: Final = 160
FRAME_BYTES: Final = 2 * FRAME_SAMPLES
SILENCE: Final = bytes(FRAME_BYTES)
_NOISE_AMPLITUDE: Final = 6
"""Peak of 16-bit samples: about -78 dBm0, below any silence detector, two steps of mu-law above nothing."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One frame: what came, what we sent at the same tick, and when. Monotonic seconds; PCM of 20 ms."""

    at: float
    received: bytes
    sent: bytes


@dataclass(slots=True)
class Outgoing:
    """A sound on its way out. ``began`` and ``ended`` are set by the media clock."""

    pcm: bytes
    position: int = 0
    began: float | None = None
    ended: float | None = None
    finished: threading.Event = field(default_factory=threading.Event)


def comfort_noise() -> list[bytes]:
    """A second of frames, always the same, so that echoes of it are recognisable."""
    samples = np.random.default_rng(1).integers(-_NOISE_AMPLITUDE, _NOISE_AMPLITUDE + 1, 50 * FRAME_SAMPLES)
    pcm = samples.astype("<i2").tobytes()
    return [pcm[i : i + FRAME_BYTES] for i in range(0, len(pcm), FRAME_BYTES)]


_NOISE: Final = comfort_noise()
_NOISE_VECTORS: Final = [pj.ByteVector(frame) for frame in _NOISE]


class SoundPort(PortBase):
    """Receives into a queue of Heard, transmits what was queued with ``send``."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.heard: SimpleQueue[Heard] = SimpleQueue()
        self.connected = False
        """Whether there ever was a stream: frames come without one too, and they are not silence of the far end."""
        self.rewired_at = 0.0
        """When the stream behind the port was last put in its place; frames may pause then. Monotonic seconds."""
        self._queue: deque[Outgoing] = deque()
        self._sent = SILENCE
        self._tick = 0
        form = pj.MediaFormatAudio()
        form.type = pj.PJMEDIA_TYPE_AUDIO
        form.clockRate, form.channelCount, form.bitsPerSample = RATE_HZ, 1, 16
        form.frameTimeUsec = int(FRAME_S * 1e6)
        self.createPort(name, form)

    def send(self, sound: Outgoing) -> None:
        """Queue a sound after those already queued."""
        self._queue.append(sound)

    def hush(self) -> None:
        """Drop what has not been sent."""
        while self._queue:
            self._queue.popleft().finished.set()

    def onFrameReceived(self, frame: Any) -> None:
        if not self.connected:
            return
        received = octets(frame.buf) if frame.size == FRAME_BYTES else SILENCE
        self.heard.put(Heard(time.monotonic(), received, self._sent))
        self._sent = SILENCE

    def onFrameRequested(self, frame: Any) -> None:
        frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        if self._queue:
            pcm = self._next_pcm(self._queue[0])
            frame.buf = pj.ByteVector(pcm)
        else:
            self._tick = (self._tick + 1) % len(_NOISE)
            pcm = _NOISE[self._tick]
            frame.buf = _NOISE_VECTORS[self._tick]
        frame.size = FRAME_BYTES
        self._sent = pcm

    def _next_pcm(self, sound: Outgoing) -> bytes:
        now = time.monotonic()
        if sound.began is None:
            sound.began = now
        pcm = sound.pcm[sound.position : sound.position + FRAME_BYTES].ljust(FRAME_BYTES, b"\0")
        sound.position += FRAME_BYTES
        if sound.position >= len(sound.pcm):
            sound.ended = now + FRAME_S
            self._queue.popleft()
            sound.finished.set()
        return pcm
