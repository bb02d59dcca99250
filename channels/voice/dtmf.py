"""DTMF: which mode a call gets, and the tones of the in-band mode (ITU-T Q.23)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal

import numpy as np

from channels.voice.media import RATE_HZ
from probe.session import DtmfMode

TONE_S: Final = 0.12
GAP_S: Final = 0.08
_LEVEL: Final = 6000
"""Peak per tone of 16-bit samples: about -11 dBm0, inside what Q.24 receivers accept."""
_ROWS: Final = (697, 770, 852, 941)
_COLUMNS: Final = (1209, 1336, 1477, 1633)
_KEYS: Final = ("123A", "456B", "789C", "*0#D")

ActualMode = Literal["rfc4733", "info", "inband"]


def choose(wanted: DtmfMode, telephone_event: bool, allowed: Collection[str]) -> ActualMode:
    """The mode to use: what was asked for where it can work, else what the answer offers (SDP, then Allow)."""
    if wanted in ("inband", "info"):
        return wanted
    if telephone_event:
        return "rfc4733"
    return "info" if "INFO" in allowed else "inband"


def tones(digits: str) -> bytes:
    """PCM of the digits, each 120 ms with a gap of 80 ms after it. Raises ValueError for anything but 0-9A-D*#."""
    return b"".join(_digit(digit) for digit in digits)


def _digit(digit: str) -> bytes:
    row, column = _place(digit)
    time_s = np.arange(round(TONE_S * RATE_HZ)) / RATE_HZ
    wave = np.sin(2 * np.pi * _ROWS[row] * time_s) + np.sin(2 * np.pi * _COLUMNS[column] * time_s)
    # a ramp of 2 ms keeps clicks out of the neighbouring bands
    ramp = np.minimum(1.0, np.minimum(np.arange(len(wave)), np.arange(len(wave))[::-1]) / 16)
    pcm: bytes = (_LEVEL * wave * ramp).astype("<i2").tobytes()
    return pcm + bytes(2 * round(GAP_S * RATE_HZ))


def _place(digit: str) -> tuple[int, int]:
    for row, keys in enumerate(_KEYS):
        if (column := keys.find(digit)) >= 0 and len(digit) == 1:
            return row, column
    raise ValueError(f"{digit!r} is no DTMF digit: 0-9, A-D, * and # are")
