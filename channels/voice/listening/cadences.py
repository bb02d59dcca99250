"""Supervisory tones as data: frequencies and cadences of ITU-T E.180 Supplement 2 as used near Indonesia."""

from __future__ import annotations

from dataclasses import dataclass

from probe.observation import ToneKind


@dataclass(frozen=True, slots=True)
class Cadence:
    """A tone of one country. ``hz`` are its one or two frequencies; ``beats_ms`` alternates tone and pause.

    ``needed`` is how many bursts are compared, ``pause_ms`` how much silence must follow the last of them.
    """

    kind: ToneKind
    country: str
    hz: tuple[float, ...]
    beats_ms: tuple[int, ...]
    needed: int
    pause_ms: int


def _single(country: str, kind: ToneKind, hz: float, on_ms: int, off_ms: int) -> Cadence:
    slow = off_ms >= 2000
    return Cadence(kind, country, (hz,), (on_ms, off_ms), 1 if slow else 2, 1500 if slow else off_ms - 90)


CADENCES: tuple[Cadence, ...] = (
    _single("id", ToneKind.RINGBACK, 425, 1000, 4000),
    _single("id", ToneKind.BUSY, 425, 500, 500),
    _single("id", ToneKind.CONGESTION, 425, 250, 250),
    Cadence(ToneKind.RINGBACK, "my, sg", (425,), (400, 200, 400, 2000), 2, 1500),
    _single("sg", ToneKind.BUSY, 425, 750, 750),
    Cadence(ToneKind.RINGBACK, "us", (440, 480), (2000, 4000), 1, 1500),
    Cadence(ToneKind.BUSY, "us", (480, 620), (500, 500), 2, 410),
    Cadence(ToneKind.CONGESTION, "us", (480, 620), (250, 250), 2, 160),
    Cadence(ToneKind.RINGBACK, "uk", (400, 450), (400, 200, 400, 2000), 2, 1500),
    _single("uk", ToneKind.BUSY, 400, 375, 375),
    Cadence(ToneKind.CONGESTION, "uk", (400,), (400, 350, 225, 525), 2, 450),
)

SIT_HZ: tuple[tuple[float, float], ...] = ((900, 1000), (1350, 1450), (1750, 1850))
"""Limits of the three rising frequencies of the special information tone (ITU-T E.180: 950, 1400, 1800 +-50 Hz)."""
SIT_MS = (180, 480)
"""Shortest and longest length of each: 330 +-70 ms nominal, 380 and 276 ms in the US."""

BEEP_HZ = (400.0, 2000.0)
BEEP_MS = (150, 1500)
