"""Ringback, busy, congestion, information tones and a recorder's beep, by exact frequency, steadiness and cadence."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from channels.voice.listening.cadences import BEEP_HZ, BEEP_MS, CADENCES, SIT_HZ, SIT_MS, Cadence
from channels.voice.listening.features import RATE_HZ, Block, Floats, level_dbm0
from probe.observation import Tone, ToneKind

_WINDOW, _STEP, _SIZE = 320, 160, 512
_BIN_HZ = RATE_HZ / _SIZE
_PURE = 0.92
"""Share of the energy of a 40 ms window that must lie within 50 Hz of its one or two strongest frequencies."""
_PURE_BURST, _NEAR_HZ, _SECOND_DB = 0.90, 32.0, 12.0
_STEADY_DB = 2.0
_HZ_TOLERANCE = 0.015
_MS_TOLERANCE, _MS_SHARE = 40.0, 0.08
_QUIET_WITHIN_S = 0.08
_BEEP_AFTER_SPEECH_S, _QUIET_AFTER_BEEP_S = 4.0, 0.3


@dataclass(frozen=True, slots=True)
class Burst:
    """A steady tone between two instants (stream seconds), with its one or two frequencies."""

    onset_s: float
    end_s: float
    hz: tuple[float, ...]

    @property
    def ms(self) -> float:
        """Length in milliseconds."""
        return (self.end_s - self.onset_s) * 1000.0


class ToneDetector:
    """Finds bursts of steady tone and reads their cadence: nothing else keeps pitch, level and beat so exactly."""

    def __init__(self) -> None:
        self._audio: Floats = np.zeros(_WINDOW - _STEP, dtype=np.float32)
        self._samples: list[Floats] = []
        self._began = 0.0
        self._peak = 0.0
        self._bursts: list[Burst] = []
        self._told: tuple[ToneKind, float] | None = None
        self._beeps: list[Burst] = []

    @property
    def burst_s(self) -> float:
        """How long a pure tone has been going on, 0 when there is none."""
        return len(self._samples) * _STEP / RATE_HZ

    @property
    def last(self) -> Burst | None:
        """The burst that ended last."""
        return self._bursts[-1] if self._bursts else None

    def feed(
        self, block: Block, border_dbm0: float, quiet_since_s: float | None, speech_ended_s: float | None
    ) -> list[Tone]:
        """Take a block. ``quiet_since_s``: onset of quiet that lasts; ``speech_ended_s``: end of the last speech."""
        audio = np.concatenate((self._audio, block.samples))
        first_s = (block.first - (_WINDOW - _STEP)) / RATE_HZ
        self._audio = audio[len(audio) - (_WINDOW - _STEP) :]
        if len(audio) < _WINDOW:
            return []
        windows = np.lib.stride_tricks.sliding_window_view(audio, _WINDOW)[::_STEP]
        levels = level_dbm0(windows.ravel(), _WINDOW)
        if float(levels.max()) > border_dbm0:
            peaks, shares = _dominant(windows)
            pure = (levels > border_dbm0 + 3.0) & (shares >= _PURE)
        else:
            peaks, pure = np.zeros(len(windows)), np.zeros(len(windows), dtype=np.bool_)
        for k in range(len(windows)):
            self._step(bool(pure[k]), float(peaks[k]), windows[k], first_s + k * _STEP / RATE_HZ)
        return self._read(block.end_s, quiet_since_s, speech_ended_s)

    def _step(self, pure: bool, peak_hz: float, window: Floats, start_s: float) -> None:
        if self._samples and (not pure or not _near(peak_hz, self._peak)):
            self._close(start_s)
        if pure:
            if not self._samples:
                self._began, self._peak = start_s, peak_hz
            self._samples.append(window[:_STEP])

    def _close(self, end_s: float) -> None:
        samples = np.concatenate(self._samples)
        self._samples = []
        if len(samples) < RATE_HZ * 0.1:
            return
        hz = steady_frequencies(samples)
        # The first and the last window reach half a window (20 ms) into the tone before they are pure.
        if hz:
            self._bursts = [*self._bursts[-7:], Burst(self._began + 0.01, end_s + 0.01, hz)]

    def _read(self, now_s: float, quiet_since_s: float | None, speech_ended_s: float | None) -> list[Tone]:
        last = self.last
        if last is None or self._samples:
            return []
        quiet = quiet_since_s is not None and quiet_since_s <= last.end_s + _QUIET_WITHIN_S
        quiet_s = now_s - last.end_s if quiet else 0.0
        found = self._sit() or next((t for c in CADENCES if (t := self._matches(c, quiet_s))), None)
        if found is None and speech_ended_s is not None and self._is_beep(last, quiet_s, speech_ended_s):
            found = (ToneKind.BEEP, last.onset_s)
        # A cadence that goes on is one tone: it is told again only after a pause longer than any cadence has.
        if found is None or (self._told and self._told[0] is found[0] and last.onset_s - self._told[1] < 6.5):
            if found is not None:
                self._told = (found[0], last.onset_s)
            return []
        self._told = (found[0], last.onset_s)
        return [Tone(at=now_s, kind=found[0], onset=found[1])]

    def _matches(self, cadence: Cadence, quiet_s: float) -> tuple[ToneKind, float] | None:
        bursts = self._bursts[-cadence.needed :]
        if len(bursts) < cadence.needed or quiet_s * 1000.0 < cadence.pause_ms:
            return None
        beats = cadence.beats_ms
        turns = len(beats) // 2 if cadence.needed > 1 else 1
        for shift in range(turns if len(beats) > 2 and cadence.kind is not ToneKind.RINGBACK else 1):
            if all(self._fits(b, i + shift, bursts, cadence) for i, b in enumerate(bursts)):
                return cadence.kind, bursts[0].onset_s
        return None

    @staticmethod
    def _fits(burst: Burst, place: int, bursts: list[Burst], cadence: Cadence) -> bool:
        beats = cadence.beats_ms
        on, off = beats[2 * place % len(beats)], beats[(2 * place + 1) % len(beats)]
        index = bursts.index(burst)
        if len(burst.hz) != len(cadence.hz) or not _length(burst.ms, on):
            return False
        if any(abs(h - c) > c * _HZ_TOLERANCE for h, c in zip(burst.hz, cadence.hz, strict=True)):
            return False
        return index + 1 == len(bursts) or _length((bursts[index + 1].onset_s - burst.end_s) * 1000.0, off)

    def _sit(self) -> tuple[ToneKind, float] | None:
        bursts = self._bursts[-3:]
        if len(bursts) < 3:
            return None
        for burst, (low, high) in zip(bursts, SIT_HZ, strict=True):
            if len(burst.hz) != 1 or not low <= burst.hz[0] <= high or not SIT_MS[0] <= burst.ms <= SIT_MS[1]:
                return None
        gaps = [later.onset_s - earlier.end_s for earlier, later in pairwise(bursts)]
        return (ToneKind.SIT, bursts[0].onset_s) if max(gaps) < 0.1 else None

    def _is_beep(self, last: Burst, quiet_s: float, speech_ended_s: float) -> bool:
        return (
            len(last.hz) == 1
            and not any(_is_beat(last, c) for c in CADENCES)
            and BEEP_HZ[0] <= last.hz[0] <= BEEP_HZ[1]
            and BEEP_MS[0] <= last.ms <= BEEP_MS[1]
            and quiet_s >= _QUIET_AFTER_BEEP_S
            and -0.3 <= last.onset_s - speech_ended_s <= _BEEP_AFTER_SPEECH_S
            and (len(self._bursts) < 2 or last.onset_s - self._bursts[-2].end_s > 1.0)
        )


def _length(ms: float, wanted_ms: float) -> bool:
    return abs(ms - wanted_ms) <= max(_MS_TOLERANCE, _MS_SHARE * wanted_ms)


def _is_beat(burst: Burst, cadence: Cadence) -> bool:
    """Could this single burst be part of that supervisory tone?"""
    same_hz = len(cadence.hz) == 1 and abs(burst.hz[0] - cadence.hz[0]) <= cadence.hz[0] * _HZ_TOLERANCE
    return same_hz and any(_length(burst.ms, on) for on in cadence.beats_ms[::2])


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


def steady_frequencies(samples: Floats) -> tuple[float, ...]:
    """The one or two exact frequencies of a steady tone, rising; empty when pitch or level move."""
    part = samples[:RATE_HZ]
    inner = part[160:-160] if len(part) > 960 else part
    levels = level_dbm0(inner, 400 if len(inner) >= 1600 else 160)
    if len(levels) > 1 and float(np.std(levels)) > _STEADY_DB:
        return ()
    size = 1 << 13
    power = np.abs(np.fft.rfft(inner * np.hanning(len(inner)), size)) ** 2
    hz = np.arange(len(power)) * RATE_HZ / size
    near = max(_NEAR_HZ, 2.0 * RATE_HZ / len(inner))
    first = float(hz[int(np.argmax(power))])
    around = np.abs(hz - first) <= min(near, 20.0 if len(inner) > 1200 else near)
    rest = np.where(around, 0.0, power)
    second = float(hz[int(np.argmax(rest))])
    top, next_top, total = float(power.max()), float(rest.max()), float(power.sum())
    two = next_top > top * 10.0 ** (-_SECOND_DB / 10.0)
    kept = (np.abs(hz - first) <= near) | ((np.abs(hz - second) <= near) & two)
    if float(power[kept].sum()) < _PURE_BURST * total:
        return ()
    return tuple(sorted((first, second))) if two else (first,)
