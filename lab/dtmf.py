"""Keys of the caller: RFC 4733 events, SIP INFO bodies, tones in the voice band (ITU-T Q.23)."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

OnKey = Callable[[str, str], None]

_EVENTS = "0123456789*#ABCD"
_ROWS, _COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
_GRID = ("123A", "456B", "789C", "*0#D")
_PHASE = 2j * np.pi * np.arange(160) / 8000
_PROBES = np.array([np.exp(-_PHASE * hertz) for hertz in (*_ROWS, *_COLUMNS)]).astype(np.complex64)


class Keypad:
    """Telephone events; one key per RTP timestamp, told at its end."""

    def __init__(self, on_key: OnKey) -> None:
        self.payload_type = 101
        self._on_key = on_key
        self._told: int | None = None
        self._open: tuple[int, str] | None = None

    def packet(self, stamp: int, payload: bytes) -> None:
        """Take one event packet; unknown events are ignored (flash and the like)."""
        if len(payload) < 4 or payload[0] >= len(_EVENTS) or stamp == self._told:
            return
        if self._open and self._open[0] != stamp:  # all end packets of the key before were lost
            self._tell(*self._open)
        self._open = (stamp, _EVENTS[payload[0]])
        if payload[1] & 0x80:
            self._tell(*self._open)

    def _tell(self, stamp: int, key: str) -> None:
        self._told, self._open = stamp, None
        self._on_key(key, "rfc4733")


class Inband:
    """Dual tones in 20 ms frames: told at the second equal frame, again only after a pause."""

    def __init__(self, on_key: OnKey) -> None:
        self.listening = False
        self._on_key = on_key
        self._last, self._count = "", 0

    def frame(self, samples: npt.NDArray[np.float32] | None) -> None:
        """Take a frame; None is a quiet one."""
        key = self._key_in(samples) if self.listening and samples is not None and len(samples) == 160 else ""
        self._count = self._count + 1 if key == self._last else 1
        self._last = key
        if key and self._count == 2:
            self._on_key(key, "inband")

    @staticmethod
    def _key_in(samples: npt.NDArray[np.float32]) -> str:
        power = np.abs(_PROBES @ samples) ** 2 / 80
        row, column = int(np.argmax(power[:4])), int(np.argmax(power[4:]))
        low, high = float(power[row]), float(power[4 + column])
        whole = float(samples @ samples)
        return _GRID[row][column] if low + high > 0.75 * whole and 0.1 < low / max(high, 1e-9) < 10 else ""


def key_of_info(body: bytes) -> str:
    """The key in a SIP INFO body (application/dtmf-relay or application/dtmf), or nothing."""
    text = body.decode("utf-8", "replace")
    found = re.search(r"(?im)^\s*signal\s*=\s*([0-9A-D*#])\s*$", text) or re.fullmatch(r"\s*([0-9A-D*#])\s*", text)
    return found[1].upper() if found else ""
