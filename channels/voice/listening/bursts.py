"""Bursts of steady tone in the stream: where each begins and ends, its one or two frequencies, its level.

A burst survives what lines do to it (lost packets, 15 dB of noise); whether it is *clean* says how sure that is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from channels.voice.listening.features import RATE_HZ, Block, Floats, level_dbm0, windows_of

_WINDOW, _STEP, _SIZE = 320, 160, 512
_BIN_HZ = RATE_HZ / _SIZE
_PURE = 0.92
"""Share of the energy of a 40 ms window that must lie within 50 Hz of its one or two strongest frequencies."""
_PATIENCE = 4
"""So many windows (20 ms each) of a burst may be spoilt: two lost packets in a row, and no pause of any cadence."""
_SHORTEST_MS = 80.0
_KEPT = 20 * RATE_HZ // _STEP
"""The longest beat a table may hold is 20 s: of a longer burst the middle is forgotten, or it would fill the memory."""
_CLEAN, _STEADY_DB = 0.90, 2.0
_SPOILT, _LEVEL_DB, _LEVEL_SHARE = 0.70, 4.0, 0.75
"""With a tenth of the packets lost, this share of the energy stays on the line, and of the time within 4 dB."""
_NEAR_HZ, _SAME_HZ, _SECOND_DB = 32.0, 34.0, 12.0
_CELL = 40
"""Samples (5 ms): the edges of a burst are found to that."""
_EDGE_DB = 6.0
_PAUSE_DB, _BLIP_WINDOWS = 8.0, 2
"""After a burst whatever lies 8 dB below it is pause, also a noisy line's; 40 ms of sound are a click."""


@dataclass(frozen=True, slots=True)
class Burst:
    """A steady tone between two instants (stream seconds), with its one or two frequencies, rising."""

    onset_s: float
    end_s: float
    hz: tuple[float, ...]
    dbm0: float
    clean: bool = True
    """Nothing but the tone, at one level: no packet of it was lost, and it stood far above the noise."""

    @property
    def ms(self) -> float:
        """Length in milliseconds."""
        return (self.end_s - self.onset_s) * 1000.0


class BurstFinder:
    """Follows one call. Times are stream seconds."""

    def __init__(self) -> None:
        self.bursts: list[Burst] = []
        """The last eight that are over."""
        self.paused = False
        """Nothing as loud has been heard since the last of them."""
        self._audio: Floats = np.zeros(_WINDOW - _STEP, dtype=np.float32)
        self._windows: list[Floats] = []
        self._forgotten = 0
        self._began = 0.0
        self._peak = 0.0
        self._spoilt = 0
        self._run = 0
        self._loud = 0

    @property
    def burst_s(self) -> float:
        """How long a pure tone has been going on without any interruption, 0 when there is none."""
        return self._run * _STEP / RATE_HZ

    @property
    def sounding(self) -> bool:
        """Is a burst going on, or its end not certain yet?"""
        return bool(self._windows)

    @property
    def sounding_s(self) -> float:
        """How long it has been going on, what was spoilt of it on the way included."""
        return (len(self._windows) + self._forgotten) * _STEP / RATE_HZ

    @property
    def going_on(self) -> Floats:
        """The last second of the burst that is going on."""
        return np.concatenate(self._windows[-(RATE_HZ // _STEP) :]) if self._windows else np.zeros(0, np.float32)

    @property
    def peak_hz(self) -> float:
        """Roughly the frequency of the burst that is going on."""
        return self._peak

    def feed(self, block: Block, border_dbm0: float) -> None:
        """Take a block; sound above ``border_dbm0`` may be a tone."""
        audio = np.concatenate((self._audio, block.samples))
        first_s = (block.first - (_WINDOW - _STEP)) / RATE_HZ
        self._audio = audio[len(audio) - (_WINDOW - _STEP) :]
        if len(audio) < _WINDOW:
            return
        windows = windows_of(audio, _WINDOW, _STEP)
        levels = level_dbm0(windows.ravel(), _WINDOW)
        if float(levels.max()) > border_dbm0:
            peaks, shares = _dominant(windows)
            pure = (levels > border_dbm0 + 3.0) & (shares >= _PURE)
        else:
            peaks, pure = np.zeros(len(windows)), np.zeros(len(windows), dtype=np.bool_)
        for k in range(len(windows)):
            self._step(bool(pure[k]), float(peaks[k]), windows[k], first_s + k * _STEP / RATE_HZ)
            self._watch_pause(float(levels[k]))

    def _step(self, pure: bool, peak_hz: float, window: Floats, start_s: float) -> None:
        same = pure and _near(peak_hz, self._peak)
        self._run = (self._run + 1 if same and self._run else 1) if pure else 0
        if self._windows and not same:
            self._spoilt += 1
            if pure or self._spoilt > _PATIENCE:
                self._close()
            else:
                self._keep(window)
        if pure:
            if not self._windows:
                self._began, self._peak, self._windows = start_s, peak_hz, []
            self._keep(window)
            self._spoilt = 0

    def _keep(self, window: Floats) -> None:
        self._windows.append(window[:_STEP])
        if len(self._windows) > _KEPT:
            del self._windows[_KEPT // 2]
            self._forgotten += 1

    def _close(self) -> None:
        # one spoilt window stays: the tone may reach into it, and its end is sought there
        samples = np.concatenate(self._windows[: len(self._windows) - max(0, self._spoilt - 2)])
        forgotten = self._forgotten * _STEP
        self._windows, self._spoilt, self._forgotten = [], 0, 0
        levels = level_dbm0(samples, _CELL)
        usual = float(np.median(levels))
        loud = np.flatnonzero(levels > usual - _EDGE_DB)
        begin, end = int(loud[0]) * _CELL, (int(loud[-1]) + 1) * _CELL
        if (end - begin) * 1000.0 / RATE_HZ < _SHORTEST_MS:
            return
        hz, clean = lines_of(samples[begin:end])
        if hz:
            begin, end = [at + forgotten if at > _KEPT // 2 * _STEP else at for at in (begin, end)]
            found = Burst(self._began + begin / RATE_HZ, self._began + end / RATE_HZ, hz, usual, clean)
            self.bursts = [*self.bursts[-7:], found]
            self.paused, self._loud = True, 0

    def _watch_pause(self, level_dbm0_: float) -> None:
        if self._windows or not self.bursts:
            return
        self._loud = self._loud + 1 if level_dbm0_ > self.bursts[-1].dbm0 - _PAUSE_DB else 0
        if self._loud > _BLIP_WINDOWS:
            self.paused = False


def _near(hz: float, other_hz: float) -> bool:
    """Two strengths of a dual tone take turns in leading, so anything within 170 Hz is the same tone."""
    return abs(hz - other_hz) <= 170.0


_HANN = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)


def _dominant(windows: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Strongest frequency (Hz) of each window and the share of energy around its two strongest frequencies."""
    power = np.abs(np.fft.rfft(windows * _HANN, _SIZE, axis=1)).astype(np.float64) ** 2
    total = power.sum(axis=1) + 1.0
    rows, reach = np.arange(len(power)), np.arange(-4, 5)
    first = np.argmax(power[:, 4:-4], axis=1) + 4
    lobes = first[:, None] + reach
    share = power[rows[:, None], lobes].sum(axis=1)
    power[rows[:, None], lobes] = 0.0
    second = np.argmax(power[:, 4:-4], axis=1) + 4
    share = share + power[rows[:, None], second[:, None] + reach].sum(axis=1)
    return first * _BIN_HZ, share / total


def lines_of(samples: Floats) -> tuple[tuple[float, ...], bool]:
    """The one or two exact frequencies of a steady tone, rising, and whether there is nothing else in it.

    No frequencies when pitch or level move more than lost packets and noise explain.
    """
    part = samples[:RATE_HZ]
    inner = part[160:-160] if len(part) > 960 else part
    levels = level_dbm0(inner, 400 if len(inner) >= 1600 else 160)
    steady = float(np.std(levels)) <= _STEADY_DB
    if not steady and float(np.mean(np.abs(levels - np.median(levels)) <= _LEVEL_DB)) < _LEVEL_SHARE:
        return (), False
    size = 1 << 13
    power = np.abs(np.fft.rfft(inner * np.hanning(len(inner)), size)) ** 2
    hz = np.arange(len(power)) * RATE_HZ / size
    near = max(_NEAR_HZ, 2.0 * RATE_HZ / len(inner))
    first = float(hz[int(np.argmax(power))])
    around = np.abs(hz - first) <= (_SAME_HZ if len(inner) > 1200 else near)
    rest = np.where(around, 0.0, power)
    second = float(hz[int(np.argmax(rest))])
    top, next_top, total = float(power.max()), float(rest.max()), float(power.sum())
    two = next_top > top * 10.0 ** (-_SECOND_DB / 10.0)
    kept = (np.abs(hz - first) <= near) | ((np.abs(hz - second) <= near) & two)
    share = float(power[kept].sum()) / total
    if share < _SPOILT:
        return (), False
    return (tuple(sorted((first, second))) if two else (first,)), steady and share >= _CLEAN
