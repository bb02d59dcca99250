"""Second stage of prompt recognition: one recording followed along the stream by waveform correlation."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from channels.voice.listening.bank import SEGMENT, KnownPrompt
from channels.voice.listening.features import HOP, PRE_EMPHASIS, RATE_HZ, Block, Floats, mean_square
from channels.voice.listening.realign import beginning, needed, realign

SLACK = 160
"""Samples (20 ms) a candidate may lie beside its true onset."""
_STAGES = ((0.25, 0.85, 0.50), (0.40, 0.72, 0.46), (0.60, 0.62, 0.42), (0.80, 0.52, 0.40))
"""(seconds compared, accept at, drop below): variant a5 of the study, 2 false accepts in 1007 s of the same speaker."""
JOIN_STAGES = ((0.45, 0.80, 0.50), (0.60, 0.70, 0.46), (0.80, 0.60, 0.42))
"""The same for parts from the middle: above those of a beginning, for there are ten times as many."""
JOIN_SLACK = 240
"""Samples (30 ms): parts from the middle are looked for every 30 ms."""
BAD_NCC = 0.3
ENOUGH_BAD = 2
"""Segments in a row that do not fit, or are silent, after which a prompt is not followed further."""
_SURE_NCC = 0.5
_KEPT_S = 3.0
_LOUD, _SAME_NCC, _VERY_NCC = 0.01, 0.7, 0.95
_LEAST_ROWS, _MOST_LOST = 10, 0.6
"""Of 10 ms each: as many must be the same, and as large a share of those that are loud enough to be compared."""
LEAST_BEST_NCC = 0.85
"""However loud the noise seems, no less is asked of a correlation than this part of what a clean line gives."""


class Tail:
    """The last 3 s of the stream: pre-emphasised samples, and whether each 10 ms was loud."""

    def __init__(self) -> None:
        self._audio: Floats = np.zeros(int(_KEPT_S * RATE_HZ), dtype=np.float32)
        self._loud = np.zeros(len(self._audio) // HOP, dtype=np.bool_)
        self._forgotten_loud = 0
        self._noise = 0.0
        self.end = 0

    @property
    def start(self) -> int:
        """The first sample that is still remembered."""
        return max(0, self.end - len(self._audio))

    def append(self, block: Block, border_dbm0: float, floor_dbm0: float) -> None:
        """Take the next block, with the border and the floor of the line's noise."""
        self._noise = float(np.sum(np.square((1.0, PRE_EMPHASIS)))) * mean_square(floor_dbm0)
        self._audio = np.concatenate((self._audio[len(block.emphasised) :], block.emphasised))
        forgotten = np.flatnonzero(self._loud[: len(block.levels)])
        if len(forgotten):
            self._forgotten_loud = max(0, self.end + (int(forgotten[-1]) + 1 - len(self._loud)) * HOP)
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

    def best_ncc(self, start: int, end: int) -> float:
        """What correlation the noise of the line (taken for white) leaves to the very sound in [start, end)."""
        heard = self.cut(start, end)
        power = float(np.mean(heard * heard)) if len(heard) else 0.0
        return float(np.sqrt(np.clip(1.0 - self._noise / max(power, 1.0), LEAST_BEST_NCC**2, 1.0)))

    def loud_until(self, before: int) -> int:
        """Where the last loud 10 ms before a sample ended; 0 when there was none."""
        base = self.end // HOP - len(self._loud)
        loud = np.flatnonzero(self._loud[: max(0, before // HOP - base)])
        return (base + int(loud[-1]) + 1) * HOP if len(loud) else self._forgotten_loud


@dataclass(slots=True, eq=False)
class Trial:
    """A candidate under test: more and more of it is compared until it is accepted or dropped.

    ``place`` is where the part from ``skip`` on lies; ``onset`` is the prompt's, to be trusted once it is accepted.
    ``joins`` tells that nothing before that part needs to have been heard.
    """

    prompt: KnownPrompt
    place: int
    skip: int = 0
    joins: bool = False
    onset: int = 0
    stage: int = 0
    score: float = 0.0

    def __post_init__(self) -> None:
        self.onset = self.place - self.skip

    def due(self, tail: Tail) -> bool:
        """Has enough been heard for the next stage?"""
        return self.place + self._length() + self._slack <= tail.end

    def check(self, tail: Tail) -> bool | None:
        """Next stage: true when accepted, false when dropped, none when more must be heard."""
        _, accept, drop = self._stages[self.stage]
        length, start = self._length(), max(0, self.place - self._slack)
        if not tail.holds(start):
            return False
        heard, reference = tail.cut(start, self.place + length + self._slack), self.prompt.reference
        best = (
            reference.match_near(heard, self.skip, length) if self.joins else reference.match(heard, length, self.skip)
        )
        self.score, self.place = best.ncc, start + best.lag
        self.onset = self.place - self.skip
        good = best.ncc >= accept or self._good_in_noise(best.ncc / accept, tail)
        if good or (self.stage == 0 and self._good_but_for_losses(heard[best.lag : best.lag + length])):
            return self.joins or self.skip == 0 or self._begin(tail)
        self.stage += 1
        if best.ncc < drop or self.stage == len(self._stages) or length == self.prompt.length - self.skip:
            return False
        return None

    def _good_in_noise(self, share: float, tail: Tail) -> bool:
        """Is this share of what is asked all that the noise leaves?"""
        return share >= LEAST_BEST_NCC and share >= tail.best_ncc(self.place, self.place + self._length())

    def _good_but_for_losses(self, heard: Floats) -> bool:
        """Is most of it the very sound, and the rest packets that were lost?"""
        rows = len(heard) // HOP
        asked = self.prompt.reference.samples[self.skip :][: rows * HOP].reshape(rows, HOP)
        got = heard[: rows * HOP].reshape(rows, HOP)
        dots, ours, theirs = ((x * y).sum(axis=1) for x, y in ((asked, got), (asked, asked), (got, got)))
        loud = ours > _LOUD * ours.max()
        same = loud & (dots > _SAME_NCC * np.sqrt(ours * theirs) + 1.0)
        if np.count_nonzero(same) < max(_LEAST_ROWS, _MOST_LOST * np.count_nonzero(loud)):
            return False
        return bool(dots[same].sum() >= _VERY_NCC * np.sqrt(ours[same].sum() * theirs[same].sum()))

    def track(self) -> Track:
        """The accepted prompt, to be followed."""
        if self.skip == 0:
            return Track(self.prompt, self.onset, self.score)
        unheard: list[float | None] = [None] * (-(-self.skip // SEGMENT))
        drift = self.place - self.skip - self.onset
        return Track(self.prompt, self.onset, self.score, drift, late=True, joined=self.joins, merits=unheard)

    def _begin(self, tail: Tail) -> bool:
        onset = beginning(self.prompt, self.place, tail)
        self.onset = self.onset if onset is None else onset
        return onset is not None

    def _length(self) -> int:
        return min(int(self._stages[self.stage][0] * RATE_HZ), self.prompt.length - self.skip)

    @property
    def _stages(self) -> tuple[tuple[float, float, float], ...]:
        return JOIN_STAGES if self.joins else _STAGES

    @property
    def _slack(self) -> int:
        return JOIN_SLACK if self.joins else SLACK


@dataclass(slots=True, eq=False)
class Track:
    """An accepted prompt, compared in segments of 0.2 s. ``onset`` stays; ``drift`` follows slips of the jitter buffer.

    ``merits`` are what rivals with the same beginning are compared by: how well each segment fits, silence included.
    ``doubt`` is that of a segment which does not fit where it should be, while it is sought elsewhere.
    ``late`` tells that the beginning was found only after the second template, ``joined`` that the prompt was found
    from its middle on: ``heard_since`` is then where, and no report says that it began before ``told_onset``.
    """

    prompt: KnownPrompt
    onset: int
    first_score: float
    drift: int = 0
    late: bool = False
    joined: bool = False
    heard_since: int = 0
    told_onset: int = 0
    scores: list[float] = field(default_factory=list)
    merits: list[float | None] = field(default_factory=list)
    doubt: float | None = None
    bad: int = 0
    silent: int = 0
    bad_since: int = 0
    announced: bool = False
    confirmed: bool = False
    cut_short: list[Track] = field(default_factory=list)
    """Confirmed prompts that seem to have been cut short by this one."""

    def __post_init__(self) -> None:
        self.heard_since = self.told_onset = self.onset

    def move(self, place: int, skip: int) -> None:
        """Go on from the part ``skip``, which lies at ``place``: what lay between was lost."""
        self.drift = place - skip - self.onset
        self.merits += [None] * (-(-skip // SEGMENT) - len(self.merits))
        self.bad = self.silent = 0
        self.doubt = None

    @property
    def end(self) -> int:
        """Stream sample at which the prompt ends if nobody cuts it."""
        return self.onset + self.drift + self.prompt.length

    @property
    def judged(self) -> int:
        """Samples of the prompt that have been compared."""
        return (len(self.merits) - self.merits.count(None)) * SEGMENT

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
                if not self._compare(tail, k, at, silent) or max(self.bad, self.silent) >= ENOUGH_BAD:
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
        ncc, place = best.ncc, low + best.lag
        slipped = False
        if ncc < _SURE_NCC and not silent:
            moved = realign(self.prompt, k, at, tail)
            if moved is not None:
                slipped, ncc, place = True, moved.ncc, moved.lag
            elif ncc < BAD_NCC and tail.end < at + needed(self.prompt, k):
                self.doubt = ncc
                return False
        self.doubt = None
        self.scores.append(ncc)
        self.merits.append(ncc)
        if ncc >= _SURE_NCC:
            self.drift += place - at
        if ncc < BAD_NCC:
            self._count_bad(at, silent)
        elif not slipped or self.bad == 0:
            self.bad = self.silent = 0
        return True

    def _count_bad(self, at: int, silent: bool) -> None:
        if self.bad == self.silent == 0:
            self.bad_since = at
        self.bad += not silent
        self.silent = self.silent + 1 if silent else 0
