"""Second stage of prompt recognition: one recording followed along the stream by waveform correlation."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from channels.voice.listening.bank import SEGMENT, KnownPrompt
from channels.voice.listening.correlate import Match
from channels.voice.listening.features import HOP, RATE_HZ, Block, Floats

SLACK = 160
"""Samples (20 ms) a candidate may lie beside its true onset."""
_STAGES = ((0.25, 0.85, 0.50), (0.40, 0.72, 0.46), (0.60, 0.62, 0.42), (0.80, 0.52, 0.40))
"""(seconds compared, accept at, drop below): variant a5 of the study, 2 false accepts in 1007 s of the same speaker."""
BAD_NCC = 0.3
_SLIP_NCC, _SLIP = 0.5, 816
"""A jitter buffer may drop or repeat up to five frames at once (100 ms)."""
_KEPT_S = 3.0


class Tail:
    """The last 3 s of the stream: pre-emphasised samples, and whether each 10 ms was loud."""

    def __init__(self) -> None:
        self._audio: Floats = np.zeros(int(_KEPT_S * RATE_HZ), dtype=np.float32)
        self._loud = np.zeros(len(self._audio) // HOP, dtype=np.bool_)
        self.end = 0

    def append(self, block: Block, border_dbm0: float) -> None:
        """Take the next block."""
        self._audio = np.concatenate((self._audio[len(block.emphasised) :], block.emphasised))
        self._loud = np.concatenate((self._loud[len(block.levels) :], block.levels > border_dbm0))
        self.end += len(block.emphasised)

    def cut(self, start: int, end: int) -> Floats:
        """Samples [start, end) of the stream, shorter where they have not come yet or are forgotten."""
        base = self.end - len(self._audio)
        return self._audio[max(0, start - base) : max(0, end - base)]

    def holds(self, start: int) -> bool:
        """Is this sample still remembered?"""
        return start >= self.end - len(self._audio)

    def silent(self, start: int, end: int) -> bool:
        """Is less than a fifth of [start, end) loud?"""
        base = self.end // HOP - len(self._loud)
        part = self._loud[max(0, start // HOP - base) : max(0, end // HOP - base)]
        return len(part) == 0 or float(np.mean(part)) < 0.2


@dataclass(slots=True)
class Trial:
    """A candidate under test: more and more of its beginning is compared until it is accepted or dropped."""

    prompt: KnownPrompt
    onset: int
    stage: int = 0
    score: float = 0.0

    def due(self, tail: Tail) -> bool:
        """Has enough been heard for the next stage?"""
        return self.onset + self._length() + SLACK <= tail.end

    def check(self, tail: Tail) -> bool | None:
        """Next stage: true when accepted, false when dropped, none when more must be heard."""
        _, accept, drop = _STAGES[self.stage]
        length, start = self._length(), max(0, self.onset - SLACK)
        if not tail.holds(start):
            return False
        best = self.prompt.reference.match(tail.cut(start, self.onset + length + SLACK), length)
        self.score, self.onset = best.ncc, start + best.lag
        if best.ncc >= accept:
            return True
        self.stage += 1
        if best.ncc < drop or self.stage == len(_STAGES) or length == self.prompt.length:
            return False
        return None

    def _length(self) -> int:
        return min(int(_STAGES[self.stage][0] * RATE_HZ), self.prompt.length)


@dataclass(slots=True)
class Track:
    """An accepted prompt, compared in segments of 0.2 s. ``onset`` stays; ``drift`` follows slips of the jitter buffer.

    ``merits`` are what rivals with the same beginning are compared by: how well each segment fits, silence included.
    """

    prompt: KnownPrompt
    onset: int
    first_score: float
    drift: int = 0
    scores: list[float] = field(default_factory=list)
    merits: list[float | None] = field(default_factory=list)
    bad: int = 0
    silent: int = 0
    bad_since: int = 0
    announced: bool = False
    confirmed: bool = False

    @property
    def end(self) -> int:
        """Stream sample at which the prompt ends if nobody cuts it."""
        return self.onset + self.drift + self.prompt.length

    @property
    def score(self) -> float:
        """Mean correlation so far."""
        return float(np.mean(self.scores)) if self.scores else self.first_score

    def follow(self, tail: Tail) -> None:
        """Compare every segment that has been heard completely, also beyond the end (silence is expected there)."""
        while self.onset + self.drift + (len(self.merits) + 1) * SEGMENT + 16 <= tail.end:
            k = len(self.merits)
            at = self.onset + self.drift + k * SEGMENT
            silent = tail.silent(at, at + SEGMENT)
            if (k + 1) * SEGMENT > self.prompt.length > k * SEGMENT:
                self.merits.append(None)
            elif k < len(self.prompt.voiced) and self.prompt.voiced[k]:
                if not self._compare(tail, k, at, silent):
                    return
            else:
                self.merits.append(1.0 if silent else 0.0)

    def fits(self, tail: Tail, start: int, end: int) -> float:
        """Correlation of this prompt with the stream in [start, end), 0 where it has nothing to say."""
        begin, stop = start - self.onset - self.drift, end - self.onset - self.drift
        if begin < 0 or stop > self.prompt.length:
            return 0.0
        heard = tail.cut(start - 16, end + 16)
        return self.prompt.reference.match_tight(heard, begin, stop - begin, 16).ncc

    def _compare(self, tail: Tail, k: int, at: int, silent: bool) -> bool:
        """Judge one segment; false when it does not fit and too little has come to see whether it only moved."""
        low = max(0, at - 16)
        best = self.prompt.reference.match_tight(tail.cut(low, at + SEGMENT + 16), k * SEGMENT, SEGMENT, at - low)
        found = Match(best.ncc, low + best.lag)
        if found.ncc < _SLIP_NCC and not silent:
            if tail.end < at + SEGMENT + _SLIP:
                return False
            found = self._slipped(tail, k, at, found)
        self.scores.append(found.ncc)
        self.merits.append(found.ncc)
        if found.ncc >= BAD_NCC:
            self.drift += found.lag - at if found.ncc >= _SLIP_NCC else 0
            self.bad = self.silent = 0
            return True
        if self.bad == 0:
            self.bad_since = at
        self.bad += 1
        self.silent = self.silent + 1 if silent else 0
        return True

    def _slipped(self, tail: Tail, k: int, at: int, found: Match) -> Match:
        """A jitter buffer that drops or repeats frames moves the rest by 20 ms each: look there too."""
        low = max(0, at - _SLIP)
        heard = tail.cut(low, at + SEGMENT + _SLIP)
        if len(heard) < SEGMENT:
            return found
        wide = self.prompt.reference.match_near(heard, k * SEGMENT, SEGMENT)
        return Match(wide.ncc, low + wide.lag) if wide.ncc >= _SLIP_NCC else found
