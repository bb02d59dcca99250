"""Music on hold of our own making: chords and plucked notes, nothing sung."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE = 8000
_BAR_S = 2.0
_CHORDS = ((60, 64, 67), (57, 60, 64), (65, 69, 72), (55, 59, 62), (62, 65, 69), (55, 59, 65))
_PATTERN = (0, 1, 2, 1, 0, 2, 1, 2)


def _hertz(midi: int) -> float:
    return float(440.0 * 2 ** ((midi - 69) / 12))


def _pluck(midi: int, seconds: float) -> npt.NDArray[np.float64]:
    time = np.arange(int(seconds * RATE)) / RATE
    overtones = sum(
        np.sin(2 * np.pi * _hertz(midi) * k * time) / k**1.5 * np.exp(-3.0 * k * time) for k in (1, 2, 3, 4)
    )
    return np.asarray(overtones, np.float64) * np.minimum(1.0, time / 0.004)


def on_hold() -> npt.NDArray[np.int16]:
    """A loop of 12 s, int16 at 8000 samples per second."""
    bar, beat = int(_BAR_S * RATE), int(_BAR_S * RATE) // len(_PATTERN)
    tune = np.zeros(bar * len(_CHORDS) + bar)
    for number, chord in enumerate(_CHORDS):
        start = number * bar
        for note in chord:
            tune[start : start + bar] += 0.5 * _pluck(note - 12, _BAR_S)
        for step, place in enumerate(_PATTERN):
            at = start + step * beat
            tune[at : at + 4 * beat] += _pluck(chord[place] + 12, 4 * beat / RATE)
    loop = tune[: bar * len(_CHORDS)]
    loop[:bar] += tune[bar * len(_CHORDS) :]
    return np.asarray(loop / np.abs(loop).max() * 9000, np.int16)


def beep(hertz: float = 1000.0, seconds: float = 0.5) -> npt.NDArray[np.int16]:
    """The tone of a recorder."""
    return np.asarray(9000 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE), np.int16)
