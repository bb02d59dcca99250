"""Streaming features of telephone audio: log-mel frames, levels and pre-emphasised samples, all on one grid of 10 ms.

Parameters are the measured ones of the feasibility study (8 kHz, window 256, hop 80, 20 mel bands 250 to 3500 Hz).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Samples = NDArray[np.int16]

RATE_HZ = 8000
WINDOW = 256
HOP = 80
BANDS = 20
BLOCK = 640
"""Samples per analysis block: 80 ms, four RTP frames; larger is cheaper, smaller gains no accuracy."""

PRE_EMPHASIS = 0.9
_FLOOR_RMS = 60.0
"""Energy floor of the logarithm, as an rms of 16 bit samples: keeps line noise out of the comparison."""
_DBM0_OF_FULL_SCALE_RMS = 6.18
"""ITU-T G.711: a full-scale sine is +3.17 dBm0 and its rms lies 3.01 dB below its peak."""
_LOWEST_DBM0 = -90.0
_LOWEST_RMS = 10.0 ** ((_LOWEST_DBM0 - _DBM0_OF_FULL_SCALE_RMS) / 20.0)


def _mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    return 2595.0 * np.log10(1.0 + hz / 700.0)


def _filters() -> Floats:
    """Triangular filters of unit area, shape (129, 20): white noise has the same value in each band."""
    lowest, highest = _mel(np.array([250.0, 3500.0])).tolist()
    edges_mel = np.linspace(lowest, highest, BANDS + 2)
    edges_hz = 700.0 * (10.0 ** (edges_mel / 2595.0) - 1.0)
    bins_hz = np.arange(WINDOW // 2 + 1) * RATE_HZ / WINDOW
    rise = (bins_hz[:, None] - edges_hz[None, :-2]) / np.diff(edges_hz)[None, :-1]
    fall = (edges_hz[None, 2:] - bins_hz[:, None]) / np.diff(edges_hz)[None, 1:]
    weights = np.maximum(0.0, np.minimum(rise, fall))
    return np.asarray(weights / weights.sum(axis=0, keepdims=True), dtype=np.float32)


_HANN = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
_FILTERS = _filters() / np.float32(np.sum(_HANN.astype(np.float64) ** 2))


def windows_of(rows: Floats, length: int, step: int = 1) -> Floats:
    """Views of ``length`` rows (samples, or frames of features), one every ``step`` rows; ``rows`` lie without gaps.

    What ``sliding_window_view`` gives, at a tenth of its cost: an ear asks for it fifty times a second.
    """
    count = max(0, (len(rows) - length) // step + 1)
    stride = rows.strides[0]
    return np.ndarray((count, length, *rows.shape[1:]), rows.dtype, rows, 0, (step * stride, *rows.strides))


def mean_rows(values: Floats, axis: int) -> Floats:
    """``values.mean(axis, keepdims=True)`` to the bit, without its checks."""
    total = np.add.reduce(values, axis=axis, keepdims=True)
    return np.asarray(total / np.float32(values.shape[axis]), dtype=np.float32)


def log_mel(samples: Floats) -> Floats:
    """Log-mel frames of samples in 16 bit units, shape (frames, 20); frame k covers samples [80 k, 80 k + 256)."""
    if len(samples) < WINDOW:
        return np.zeros((0, BANDS), dtype=np.float32)
    frames = windows_of(samples, WINDOW, HOP)
    spectrum = np.fft.rfft(frames * _HANN, axis=1)
    energy = (spectrum.real**2 + spectrum.imag**2).astype(np.float32) @ _FILTERS
    return np.asarray(np.log(energy + np.float32(_FLOOR_RMS**2)), dtype=np.float32)


def pre_emphasis(samples: Floats, before: float = 0.0) -> Floats:
    """First difference x[n] - 0.9 x[n-1]; ``before`` is the sample that came before the first."""
    previous = np.concatenate((np.array([before], dtype=np.float32), samples[:-1]))
    return np.asarray(samples - np.float32(PRE_EMPHASIS) * previous, dtype=np.float32)


def level_dbm0(samples: Floats, width: int = HOP) -> Floats:
    """Level of each stretch of ``width`` samples in dBm0 (never below -90)."""
    cut = samples[: len(samples) // width * width].reshape(-1, width)
    rms = np.sqrt(mean_rows(cut * cut, 1)[:, 0]) / 32768.0
    return np.asarray(20.0 * np.log10(np.maximum(rms, _LOWEST_RMS)) + _DBM0_OF_FULL_SCALE_RMS, dtype=np.float32)


def mean_square(dbm0: float) -> float:
    """The mean square of 16 bit samples at that level."""
    return float((32768.0 * 10.0 ** ((dbm0 - _DBM0_OF_FULL_SCALE_RMS) / 20.0)) ** 2)


@dataclass(frozen=True, slots=True)
class Block:
    """80 ms of audio with its features. ``first`` is the stream index of its first sample.

    ``mel`` holds the frames that became complete, from number ``first_frame`` on; ``levels`` is dBm0 per 10 ms.
    """

    first: int
    samples: Floats
    emphasised: Floats
    levels: Floats
    mel: Floats
    first_frame: int

    @property
    def end_s(self) -> float:
        """Stream seconds at the end of the block."""
        return (self.first + len(self.samples)) / RATE_HZ


class Features:
    """Turns consecutive blocks of 640 samples into ``Block`` values."""

    def __init__(self) -> None:
        self._fed = 0
        self._frames = 0
        self._carry: Floats = np.zeros(0, dtype=np.float32)
        self._last = 0.0

    def feed(self, samples: Samples) -> Block:
        """Features of the next block (16 bit samples; the length must be a multiple of 80 except for the last)."""
        new = samples.astype(np.float32)
        audio = np.concatenate((self._carry, new))
        mel = log_mel(audio)
        block = Block(self._fed, new, pre_emphasis(new, self._last), level_dbm0(new), mel, self._frames)
        self._carry = audio[len(mel) * HOP :]
        self._frames += len(mel)
        self._fed += len(new)
        self._last = float(new[-1]) if len(new) else self._last
        return block


_BACKGROUND_DB, _HIGHEST_BACKGROUND_DBM0, _UNDER_MUSIC_DB = 22.0, -37.0, 8.0


def background_dbm0(talker_dbm0: float, music_dbm0: float | None) -> float:
    """What lies below this is behind the person who speaks: colleagues in the room, no turn and no end of a wait.

    22 dB below the talker (a headset's distance), but never so high that music as loud as before would be missed.
    """
    music = _HIGHEST_BACKGROUND_DBM0 if music_dbm0 is None else music_dbm0 - _UNDER_MUSIC_DB
    return min(talker_dbm0 - _BACKGROUND_DB, _HIGHEST_BACKGROUND_DBM0, music)


class LineNoise:
    """Follows the noise of the line, so that comfort noise or a noisy trunk is still silence.

    The floor is the quietest 50 ms of the last 3 s; a frame is *loud* above floor + 9 dB, but the border never leaves
    -50 to -38 dBm0: dead air lies below -60, speech and music on hold between -35 and -10 dBm0.
    """

    _LOWEST, _HIGHEST, _ABOVE_DB = -50.0, -38.0, 9.0

    def __init__(self) -> None:
        self._recent: Floats = np.full(300, -90.0, dtype=np.float32)
        self._seen = 0

    @property
    def border_dbm0(self) -> float:
        """A 10 ms frame above this level carries sound."""
        return min(self._HIGHEST, max(self._LOWEST, self.floor_dbm0 + self._ABOVE_DB))

    @property
    def floor_dbm0(self) -> float:
        """Level of the quietest 50 ms of the last 3 s."""
        heard = self._recent[-max(5, min(self._seen, 300)) :]
        return float(np.minimum.reduce(mean_rows(heard[: len(heard) // 5 * 5].reshape(-1, 5), 1), axis=None))

    def feed(self, levels: Floats) -> float:
        """Take the levels of a block and return the border for it."""
        self._recent = np.concatenate((self._recent[len(levels) :], levels))
        self._seen += len(levels)
        return self.border_dbm0
