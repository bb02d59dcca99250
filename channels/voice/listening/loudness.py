"""How loud the far end is: the level of its sound without the pauses, and how much of it is cut off at the top."""

from __future__ import annotations

import numpy as np

from channels.voice.listening.features import Block

_CUT_OFF = 31_900
"""16 bit samples from here on are the largest that G.711 has (mu-law 32124, A-law 32256), or nearly."""
_ENOUGH_FRAMES = 100
"""A second of sound: less says nothing about a line."""


class Loudness:
    """Adds up one call, as ITU-T P.56 does: only what carries sound counts."""

    def __init__(self) -> None:
        self._power = 0.0
        self._frames = 0
        self._samples = 0
        self._cut_off = 0

    def feed(self, block: Block, border_dbm0: float) -> None:
        """Take a block; frames above ``border_dbm0`` carry sound."""
        loud = block.levels[block.levels > border_dbm0]
        self._power += float(np.sum(10.0 ** (loud / 10.0)))
        self._frames += len(loud)
        if len(loud):
            self._samples += len(block.samples)
            self._cut_off += int(np.count_nonzero(np.abs(block.samples) >= _CUT_OFF))

    @property
    def dbm0(self) -> float | None:
        """Active level; none when less than a second of sound came."""
        return None if self._frames < _ENOUGH_FRAMES else 10.0 * float(np.log10(self._power / self._frames))

    @property
    def clipped(self) -> float | None:
        """Share of the samples of sound that were cut off at the top."""
        return None if self._frames < _ENOUGH_FRAMES else self._cut_off / self._samples
