"""First stage of prompt recognition: which prompts might have begun just now, by their log-mel beginning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from channels.voice.listening.bank import TEMPLATE_FRAMES, PromptBank, normalised
from channels.voice.listening.features import BANDS, HOP, Block, Floats

_ENOUGH, _ENOUGH_IN_NOISE = 0.65, 0.55
_NOISY_DB = 15.0
_MOST = 16
"""Candidates checked per block: bounds the time a block takes; the best come first."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A prompt (index in the bank) that may have begun at stream sample ``onset``, give or take 20 ms."""

    prompt: int
    onset: int
    score: float


class CandidateSearch:
    """Compares each 10 ms the last 0.27 s with the beginning of every prompt; reports local maxima only."""

    def __init__(self, bank: PromptBank) -> None:
        self._templates = bank.templates
        self._mel: Floats = np.zeros((TEMPLATE_FRAMES - 1, BANDS), dtype=np.float32)
        self._scores: Floats = np.zeros((2, len(bank.prompts)), dtype=np.float32)

    def feed(self, block: Block, floor_dbm0: float) -> list[Candidate]:
        """Candidates whose score peaked within the block, best first."""
        if not len(self._templates) or not len(block.mel):
            return []
        mel = np.concatenate((self._mel, block.mel))
        self._mel = mel[-(TEMPLATE_FRAMES - 1) :]
        windows = np.lib.stride_tricks.sliding_window_view(mel, TEMPLATE_FRAMES, axis=0).transpose(0, 2, 1)
        scores = np.concatenate((self._scores, normalised(np.ascontiguousarray(windows)) @ self._templates.T))
        self._scores = scores[-2:]
        noisy = float(np.max(block.levels)) - floor_dbm0 < _NOISY_DB
        middle = scores[1:-1]
        peaks = (middle >= scores[:-2]) & (middle > scores[2:]) & (middle >= (_ENOUGH_IN_NOISE if noisy else _ENOUGH))
        rows, prompts = np.nonzero(peaks)
        # Row 0 of ``middle`` is the last frame of the previous block.
        first = block.first_frame - 1 - (TEMPLATE_FRAMES - 1)
        found = [
            Candidate(int(p), (first + int(r)) * HOP, float(middle[r, p])) for r, p in zip(rows, prompts, strict=True)
        ]
        return sorted((c for c in found if c.onset >= 0), key=lambda c: -c.score)[:_MOST]
