"""RTP with PCMU (RFC 3550, RFC 3551): every stream of the box is paced by one shared ticker.

Instants are those of the event loop's clock, which is ``time.monotonic()``.
"""

from __future__ import annotations

import asyncio
import random
import struct
from collections.abc import Callable
from typing import cast

import numpy as np
import numpy.typing as npt

from lab.dtmf import Inband, Keypad

FRAME = 160
FRAME_S = 0.02
_SILENCE = b"\xff" * FRAME
_SPEECH_RMS = 300.0
_SPEECH_FRAMES = 8
"""Frames above the level before somebody counts as speaking (160 ms)."""


def _decode_table() -> npt.NDArray[np.float32]:
    code = ~np.arange(256, dtype=np.uint8)
    magnitude = (((code & 15).astype(np.int32) << 3) + 132 << ((code >> 4) & 7)) - 132
    return np.where(code & 128, -magnitude, magnitude).astype(np.float32)


_DECODE = _decode_table()


def encode(samples: npt.NDArray[np.int16]) -> bytes:
    """PCMU of linear samples (ITU-T G.711)."""
    magnitude = np.minimum(np.abs(samples.astype(np.int32)), 32635) + 132
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 15
    code = (np.where(samples < 0, 128, 0) | (exponent << 4) | mantissa) ^ 255
    return bytes(code.astype(np.uint8).tobytes())


class Ticker:
    """Calls ``tick`` of every stream each 20 ms, against absolute deadlines so that lateness never adds up."""

    def __init__(self) -> None:
        self.streams: set[Stream] = set()
        self._loop = asyncio.get_running_loop()
        self._next = self._loop.time()
        self._handle = self._loop.call_soon(self._fire)

    def _fire(self) -> None:
        self._next += FRAME_S
        behind = self._loop.time() - self._next
        if behind > 0.5:  # the machine slept: carry on from now instead of flooding the callers
            self._next += behind
        self._handle = self._loop.call_at(self._next, self._fire)
        for stream in tuple(self.streams):
            stream.tick()

    def stop(self) -> None:
        """No more ticks."""
        self._handle.cancel()


class Stream(asyncio.DatagramProtocol):
    """The media of one call: plays clips over a looping background, hears keys and whether the caller speaks."""

    def __init__(self, ticker: Ticker, on_key: Callable[[str, str], None]) -> None:
        # switches: send RTP at all, put on hold by the caller, hear nothing, stop talking when the caller speaks
        self.sending = True
        self.held = False
        self.deaf = False
        self.yielding = False
        self.target: tuple[str, int] | None = None
        self.keypad = Keypad(on_key)
        self.inband = Inband(on_key)
        self.seq, self._stamp, self._ssrc = random.getrandbits(15), random.getrandbits(32), random.getrandbits(32)
        self._clip, self._at = b"", 0
        self._began: Callable[[float], None] | None = None
        self._done: asyncio.Future[bool] | None = None
        self._background, self._background_at = b"", 0
        self._marker = True
        self._loud, self.last_voice = 0, 0.0
        self.speaking = asyncio.Event()
        self._ticker, self._loop = ticker, asyncio.get_running_loop()
        self.transport: asyncio.DatagramTransport | None = None

    async def open(self, host: str) -> int:
        """Bind an even port (RFC 3550 § 11) and return it."""
        for _ in range(200):
            try:
                port = random.randrange(20000, 60000, 2)
                await self._loop.create_datagram_endpoint(lambda: self, local_addr=(host, port))
            except OSError:
                continue
            self._ticker.streams.add(self)
            return port
        raise OSError(f"no free RTP port on {host}")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def close(self) -> None:
        """Stop sending and free the port."""
        self._ticker.streams.discard(self)
        self.stop()
        if self.transport:
            self.transport.close()

    async def play(self, clip: bytes, began: Callable[[float], None]) -> bool:
        """Send a clip; ``began`` gets the instant of its first packet. False when it was stopped before its end."""
        self.stop()
        self._clip, self._at, self._began = clip, 0, began
        self._done = self._loop.create_future()
        return await self._done

    def stop(self) -> None:
        """Break off the clip, if any."""
        if self._done and not self._done.done():
            self._done.set_result(False)
        self._clip, self._began, self._done = b"", None, None

    def background(self, clip: bytes) -> None:
        """Loop this clip (nothing: silence) whenever no other is played; joins it at a random place."""
        self._background, self._background_at = clip, random.randrange(len(clip) // FRAME) * FRAME if clip else 0

    def tick(self) -> None:
        """Send the next 20 ms."""
        if self._done and self._at >= len(self._clip):
            if not self._done.done():
                self._done.set_result(True)
            self._done = None
        payload = self._next_payload()
        self._stamp = (self._stamp + FRAME) & 0xFFFFFFFF
        if not self.sending or self.held or self.target is None or self.transport is None:
            self._marker = True
        else:
            self.seq = (self.seq + 1) & 0xFFFF
            header = struct.pack("!BBHII", 0x80, 0x80 * self._marker, self.seq, self._stamp, self._ssrc)
            self.transport.sendto(header + payload, self.target)
            self._marker = False
        if self._began:
            self._began(self._loop.time())
            self._began = None

    def _next_payload(self) -> bytes:
        if self._done:
            payload = self._clip[self._at : self._at + FRAME]
            self._at += FRAME
            return payload.ljust(FRAME, b"\xff")
        if self._background:
            at = self._background_at
            self._background_at = (at + FRAME) % (len(self._background) // FRAME * FRAME)
            return self._background[at : at + FRAME]
        return _SILENCE

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) < 13 or data[0] >> 6 != 2 or self.deaf:
            return
        start = 12 + 4 * (data[0] & 15)
        if data[0] & 16 and len(data) >= start + 4:
            start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
        payload = data[start : len(data) - data[-1]] if data[0] & 32 else data[start:]
        self.target = (addr[0], addr[1])
        if data[1] & 127 == self.keypad.payload_type:
            self.keypad.packet(int.from_bytes(data[4:8], "big"), payload)
        elif data[1] & 127 == 0 and payload:
            self._hear(payload)

    def _hear(self, payload: bytes) -> None:
        samples = _DECODE[np.frombuffer(payload, np.uint8)]
        loud = float(np.sqrt(np.mean(samples * samples))) > _SPEECH_RMS
        self._loud = min(_SPEECH_FRAMES, self._loud + 1) if loud else max(0, self._loud - 1)
        if loud:
            self.last_voice = self._loop.time()
        if self._loud == _SPEECH_FRAMES:
            self.speaking.set()
            if self.yielding:
                self.stop()
        self.inband.frame(samples if loud else None)

    async def caller_paused(self, seconds: float) -> None:
        """Return when the caller has been quiet for so long."""
        while (rest := self.last_voice + seconds - self._loop.time()) > 0:  # noqa: ASYNC110 (no event: time itself)
            await asyncio.sleep(rest)
        self._loud = 0
        self.speaking.clear()
