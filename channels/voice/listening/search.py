"""First stage of prompt recognition: which prompts might have begun just now, by their log-mel beginning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from channels.voice.listening.bank import LATE, TEMPLATE_FRAMES, PromptBank, normalised
from channels.voice.listening.features import BANDS, HOP, Block, Floats, windows_of

_ENOUGH, _ENOUGH_IN_NOISE, _ENOUGH_LATE = 0.65, 0.55, 0.8
_NOISY_DB = 15.0
_MOST = 16
"""Candidates checked per block: bounds the time a block takes; the best come first."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A prompt (index in the bank) whose part from ``skip`` on may lie at sample ``place``, give or take 20 ms."""

    prompt: int
    place: int
    score: float
    skip: int = 0


class CandidateSearch:
    """Compares each 10 ms the last 0.25 s with both templates of every prompt; reports local maxima only."""

    def __init__(self, bank: PromptBank) -> None:
        self._prompts = len(bank.prompts)
        self._templates: Floats = np.concatenate((bank.templates, bank.late_templates))
        self._mel: Floats = np.zeros((TEMPLATE_FRAMES - 1, BANDS), dtype=np.float32)
        self._scores: Floats = np.zeros((2, len(self._templates)), dtype=np.float32)
        self._borders: Floats = np.full(len(self._templates), _ENOUGH_LATE, dtype=np.float32)

    def feed(self, block: Block, floor_dbm0: float) -> list[Candidate]:
        """Candidates whose score peaked within the block: those that just began first, then the best."""
        if not len(self._templates) or not len(block.mel):
            return []
        mel = np.concatenate((self._mel, block.mel))
        self._mel = mel[-(TEMPLATE_FRAMES - 1) :]
        windows = windows_of(mel, TEMPLATE_FRAMES)
        scores = np.concatenate((self._scores, normalised(windows) @ self._templates.T))
        self._scores = scores[-2:]
        noisy = float(np.max(block.levels)) - floor_dbm0 < _NOISY_DB
        middle = scores[1:-1]
        self._borders[: self._prompts] = _ENOUGH_IN_NOISE if noisy else _ENOUGH
        peaks = (middle >= scores[:-2]) & (middle > scores[2:]) & (middle >= self._borders)
        rows, columns = np.nonzero(peaks)
        # Row 0 of ``middle`` is the last frame of the previous block.
        first = block.first_frame - 1 - (TEMPLATE_FRAMES - 1)
        found = [
            Candidate(
                int(c) % self._prompts, (first + int(r)) * HOP, float(middle[r, c]), LATE if c >= self._prompts else 0
            )
            for r, c in zip(rows, columns, strict=True)
        ]
        return sorted((c for c in found if c.place >= 0), key=lambda c: (c.skip, -c.score))[:_MOST]
