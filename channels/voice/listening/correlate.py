"""Normalised cross-correlation of a reference recording with what is heard, on pre-emphasised samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from channels.voice.listening.features import Floats, windows_of

_QUIET = 1.0
"""Added to norms: correlation with digital silence is zero, not undefined."""


@dataclass(frozen=True, slots=True)
class Match:
    """Best correlation (-1 to 1) and how many samples into the searched stretch it lies."""

    ncc: float
    lag: int


def _fast_lengths(top: int) -> NDArray[np.int64]:
    """All lengths up to ``top`` whose only prime factors are 2, 3 and 5: quick for the FFT."""
    powers = (
        np.outer(np.outer(2 ** np.arange(5, 18), 3 ** np.arange(0, 6)), 5 ** np.arange(0, 4)).ravel().astype(np.int64)
    )
    return np.unique(powers[powers <= top])


_FAST = _fast_lengths(1 << 17)


class Reference:
    """A pre-emphasised recording. Transforms of its beginning are kept: every candidate is checked with them."""

    def __init__(self, samples: Floats) -> None:
        self.samples = samples
        self._spectra: dict[tuple[int, int, int], NDArray[np.complexfloating]] = {}

    def match(self, heard: Floats, length: int, start: int = 0) -> Match:
        """Best place of [start, start + length) within ``heard`` (which must be longer, by at most 0.1 s)."""
        part = self.samples[start : start + length]
        size = int(_FAST[np.searchsorted(_FAST, len(heard))])
        key = (start, length, size)
        if key not in self._spectra:
            self._spectra[key] = np.conj(np.fft.rfft(part, size))
        return _best(self._spectra[key], part, heard, size)

    def match_near(self, heard: Floats, start: int, length: int) -> Match:
        """Best place of the part [start, start + length) within ``heard``; for wider searches, nothing is kept."""
        part = self.samples[start : start + length]
        size = int(_FAST[np.searchsorted(_FAST, len(heard))])
        return _best(np.conj(np.fft.rfft(part, size)), part, heard, size)

    def match_part(self, heard: Floats, start: int, length: int) -> float:
        """Correlation of the part [start, start + length) with the same part of ``heard``, 2 ms of play either side."""
        low = max(0, start - 16)
        return self.match_tight(heard[low : start + length + 16], start, length, start - low).ncc

    def match_tight(self, heard: Floats, start: int, length: int, expected: int) -> Match:
        """The same on a short stretch of ``heard`` in which the part is expected at sample ``expected``."""
        part = self.samples[start : start + length]
        if len(heard) < len(part) or len(part) == 0:
            return Match(0.0, expected)
        windows = windows_of(heard, len(part))
        norms = np.sqrt(np.einsum("ij,ij->i", windows, windows)) + _QUIET
        values = (windows @ part) / (norms * (float(np.linalg.norm(part)) + _QUIET))
        at = int(np.argmax(values))
        return Match(float(values[at]), at)


def _best(spectrum: NDArray[np.complexfloating], part: Floats, heard: Floats, size: int) -> Match:
    lags = len(heard) - len(part) + 1
    products = np.fft.irfft(np.fft.rfft(heard, size) * spectrum, size)[:lags]
    energy = np.concatenate((np.zeros(1), np.cumsum(heard.astype(np.float64) ** 2)))
    norms = np.sqrt(np.maximum(energy[len(part) :] - energy[: -len(part)], 0.0)[:lags]) + _QUIET
    values = products / (norms * (float(np.linalg.norm(part)) + _QUIET))
    at = int(np.argmax(values))
    return Match(float(values[at]), at)
