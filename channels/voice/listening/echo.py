"""Our own sound that comes back: found by correlating what is heard with what was sent up to 0.64 s before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from channels.voice.listening.features import BLOCK, RATE_HZ, Floats, mean_square, pre_emphasis
from channels.voice.listening.prompts import Stretch

_WINDOW = 3 * BLOCK
"""0.24 s: shorter ones resemble anything."""
_EARLIEST, _LATEST = round(0.015 * RATE_HZ), 8 * BLOCK
"""Delays that are sought: 15 ms (a gateway next door) to 0.64 s (a satellite, or a mobile telephone abroad)."""
_SIZE = 1 << 13
_SPOKE, _AUDIBLE = mean_square(-45.0), mean_square(-62.0)
"""Only sound that we sent can come back, our comfort noise (-78 dBm0) cannot; and nobody hears less than -62 dBm0."""
_SURE_NCC, _KNOWN_NCC = 0.6, 0.7
"""A delay is believed when two windows agree on it; of a window at that delay, less is somebody who speaks, too."""
_SAME = 24
"""Samples (3 ms) that the delay of an echo may move by. A jitter buffer that slips moves it once: it is found anew."""
_LINGER_S, _JOIN_S = 0.4, 0.7
_KEPT = 8


class EchoWatch:
    """Follows one call; costs next to nothing while we are silent. Times are stream seconds."""

    def __init__(self) -> None:
        self.stretches: list[Stretch] = []
        """The last stretches of heard sound that are our own, oldest first."""
        self.delay_ms: float | None = None
        self.loss_db: float | None = None
        """How much weaker it came back."""
        self._sent: Floats = np.zeros(_WINDOW + _LATEST, dtype=np.float32)
        self._heard: Floats = np.zeros(_WINDOW, dtype=np.float32)
        self._spoke, self._sounded = 0, 0
        self._lag: int | None = None
        self._candidate: tuple[int, int] | None = None
        self._last = 0

    def feed(self, first: int, heard: Floats, sent: Floats) -> None:
        """Take a block: stream index of its first sample, what came, and what went out at the same time."""
        self._sent = np.concatenate((self._sent[len(sent) :], sent))
        self._heard = np.concatenate((self._heard[len(heard) :], heard))
        end = first + len(heard)
        # of each block once: most of a call nothing is sent but comfort noise
        self._spoke = len(self._sent) if _is_louder(sent, _SPOKE) else self._spoke - len(sent)
        self._sounded = len(self._heard) if _is_louder(heard, _AUDIBLE) else self._sounded - len(heard)
        if self._both_sound() and (begin := self._find(end)) is not None:
            self._remember(begin, end)
        elif self.stretches and self.stretches[-1].end is None and end - self._last > _LINGER_S * RATE_HZ:
            self.stretches[-1] = Stretch(self.stretches[-1].onset, self._last)

    def _both_sound(self) -> bool:
        """Is there something loud in what was sent, and in what is heard?"""
        return self._spoke > 0 and self._sounded > 0

    def _find(self, end: int) -> int | None:
        """Where what is heard in the last 0.24 s began to be heard as our own sound; none when it is not."""
        ncc, energy, heard_energy = self._correlate()
        best = int(np.argmax(ncc))
        if self._lag is not None and float(ncc[max(0, self._lag - _SAME) : self._lag + _SAME + 1].max()) >= _KNOWN_NCC:
            return end - _WINDOW
        if float(ncc[best]) < _SURE_NCC:
            return None
        lag, seen = best, self._candidate
        if seen is None or abs(seen[0] - lag) > _SAME or end - seen[1] > 4 * _WINDOW:
            self._candidate = (lag, end)
            return None
        if end - seen[1] < _WINDOW:
            return None
        self._lag, self._candidate = lag, None
        self.delay_ms = lag * 1000.0 / RATE_HZ
        self.loss_db = 10.0 * float(np.log10(float(energy[lag]) / heard_energy))
        return seen[1] - _WINDOW

    def _correlate(self) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """Correlation for each delay in samples, the energy of what was sent that much before, and of what came."""
        heard, sent = pre_emphasis(self._heard), pre_emphasis(self._sent)
        spectrum = np.fft.rfft(sent, _SIZE) * np.conj(np.fft.rfft(heard, _SIZE))
        products = np.fft.irfft(spectrum, _SIZE)[: _LATEST + 1]
        energy = np.concatenate(([0.0], np.cumsum(sent.astype(np.float64) ** 2)))
        energy = energy[_WINDOW:] - energy[:-_WINDOW]
        heard_energy = float(np.sum(heard**2)) + 1.0
        floor = 0.01 * float(energy.max()) + 1.0
        ncc = np.abs(products) / np.sqrt(np.maximum(energy, floor) * heard_energy)
        # element k stands for what was sent _LATEST - k samples before
        ncc, energy = ncc[::-1].copy(), energy[::-1]
        ncc[:_EARLIEST] = 0.0
        return ncc, energy, heard_energy

    def _remember(self, begin: int, end: int) -> None:
        self._last = end
        last = self.stretches[-1] if self.stretches else None
        if last is not None and (last.end is None or begin - last.end < _JOIN_S * RATE_HZ):
            self.stretches[-1] = Stretch(last.onset, None)
        else:
            self.stretches = [*self.stretches[1 - _KEPT :], Stretch(begin, None)]


def _is_louder(samples: Floats, least: float) -> bool:
    return float(np.dot(samples, samples)) > least * len(samples)
