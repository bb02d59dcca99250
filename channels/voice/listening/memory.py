"""The memory of one call: speech that was heard in it before is a recording, and never a person.

Unknown speech is cut into parts at its pauses and kept as a bank of its own. From the arming on, everything heard is
matched against it by waveform: nobody repeats a second of speech to the sample.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from channels.voice.listening.bank import KnownPrompt, PromptBank
from channels.voice.listening.features import BLOCK, HOP, RATE_HZ, Block, Features, Floats, Samples, level_dbm0
from channels.voice.listening.pieces import Piece
from channels.voice.listening.prompts import PromptMatcher
from probe.observation import HeardBefore, Prompt, PromptPhase

_KEPT_S = 60.0
_KEPT_BLOCKS = int(_KEPT_S * RATE_HZ / BLOCK)
_MOST_PARTS = 40
"""About a minute of speech; matching costs what a bank of so many prompts costs."""
_PART_FRAMES = 100
"""A part lasts 1 s at least: shorter words ("Halo?") may be said twice by the same person, or by the same machine."""
_CUT_FRAMES, _CUT_S = 40, 0.5
"""What our key cut short may be less: it is the beginning of what is said again when the key had no effect."""
_PAUSE_FRAMES = 8
_PAUSE_DB = 30.0
_SAME_S = 0.3
_WARM_BLOCKS = 12
"""A new matcher first hears the last 0.96 s, so that speech that has just begun is not missed."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """Speech from ``onset_s`` (``until_s`` none while it goes on) that was first heard at ``first_onset_s``."""

    onset_s: float
    until_s: float | None
    first_onset_s: float

    def covers(self, piece: Piece) -> bool:
        """Is part of this piece the repetition?"""
        begins = piece.until_s is None or self.onset_s < piece.until_s - 0.1
        return begins and (self.until_s is None or self.until_s > piece.onset_s + 0.1)


class CallMemory:
    """Keeps unknown speech and finds it again. Costs nothing before ``arm``. Times are stream seconds."""

    def __init__(self) -> None:
        self.repeats: list[Repeat] = []
        """What was found again, for certain (a second of it, or all)."""
        self._audio: deque[Samples] = deque(maxlen=_KEPT_BLOCKS)
        self._end = 0
        self._armed_s: float | None = None
        self._learned_s = 0.0
        self._parts: dict[str, tuple[float, KnownPrompt]] = {}
        self._named = 0
        self._matcher: PromptMatcher | None = None
        self._features = Features()
        """The matcher's own: its stream begins with it."""
        self._base_s = 0.0

    @property
    def doubtful(self) -> list[Repeat]:
        """What may turn out to be a repetition: it began like one, and has not differed yet."""
        going_on = [] if self._matcher is None else [s for s in self._matcher.explained if s.end is None]
        return [Repeat(self._base_s + s.onset / RATE_HZ, None, 0.0) for s in going_on]

    def arm(self, unknown: list[Piece]) -> None:
        """Learn all that was said so far, also what is being said, and look out for it from now on."""
        if self._armed_s is None:
            self._armed_s = self._end / RATE_HZ
            self._learn(unknown, self._armed_s)

    def feed(self, block: Block, border_dbm0: float, floor_dbm0: float, unknown: list[Piece]) -> list[HeardBefore]:
        """Take the next block, and the unknown speech as it is known at its end."""
        self._audio.append(block.samples.astype(np.int16))
        self._end = block.first + len(block.samples)
        if self._armed_s is None:
            return []
        told = self._look(self._audio[-1], border_dbm0, floor_dbm0)
        over = [p for p in unknown if p.until_s is not None and not any(r.covers(p) for r in self.repeats)]
        if self._learn(over, block.end_s):
            told += self._warm_up(border_dbm0, floor_dbm0)
        return told

    def _look(self, samples: Samples, border_dbm0: float, floor_dbm0: float) -> list[HeardBefore]:
        if self._matcher is None:
            return []
        return self._note(self._matcher.feed(self._features.feed(samples), border_dbm0, floor_dbm0))

    def _note(self, found: list[Prompt]) -> list[HeardBefore]:
        told: list[HeardBefore] = []
        for seen in found:
            onset_s = seen.onset + self._base_s
            first_s, part = self._parts[seen.name]
            known = next((r for r in self.repeats if abs(r.onset_s - onset_s) < _SAME_S), None)
            if seen.phase is PromptPhase.CONFIRMED and known is None:
                self.repeats = [*self.repeats[-15:], Repeat(onset_s, None, first_s)]
                told.append(HeardBefore(at=self._end / RATE_HZ, onset=onset_s, first_onset=first_s))
            elif known is not None and seen.phase in (PromptPhase.ENDED, PromptPhase.DIVERGED):
                until_s = min(seen.at + self._base_s, onset_s + part.length_s)
                self.repeats[self.repeats.index(known)] = replace(known, until_s=until_s)
        return told

    def _learn(self, pieces: list[Piece], now_s: float) -> bool:
        """Keep what of these pieces is not kept yet; whether there was any."""
        fresh: dict[str, tuple[float, KnownPrompt]] = {}
        for piece in pieces:
            from_s, to_s = max(piece.onset_s, self._learned_s), piece.until_s or now_s
            cut = self._armed_s is not None and from_s < self._armed_s < to_s + _CUT_S
            least = _CUT_FRAMES if cut else _PART_FRAMES
            if to_s - from_s < least * HOP / RATE_HZ:
                continue
            audio, begins_s = self._cut(from_s, to_s)
            for start, end in parts_of(audio, least):
                self._named += 1
                part = KnownPrompt((str(self._named),), audio[start:end], 0.0)
                fresh[str(self._named)] = (begins_s + start / RATE_HZ, part)
            self._learned_s = to_s
        if fresh:
            self._parts = dict([*self._parts.items(), *fresh.items()][-_MOST_PARTS:])
            self._matcher = PromptMatcher(PromptBank(tuple(part for _, part in self._parts.values())))
            self._features, self._base_s = Features(), now_s
            # what was going on is followed anew, or not at all
            self.repeats = [r if r.until_s is not None else replace(r, until_s=now_s) for r in self.repeats]
        return bool(fresh)

    def _warm_up(self, border_dbm0: float, floor_dbm0: float) -> list[HeardBefore]:
        """Let the new matcher hear what came after the speech that was learned last."""
        blocks = min(_WARM_BLOCKS, len(self._audio), int((self._end / RATE_HZ - self._learned_s) * RATE_HZ / BLOCK))
        recent = list(self._audio)[len(self._audio) - blocks :]
        self._base_s = (self._end - sum(map(len, recent))) / RATE_HZ
        return [told for samples in recent for told in self._look(samples, border_dbm0, floor_dbm0)]

    def _cut(self, from_s: float, to_s: float) -> tuple[Floats, float]:
        """Samples between two instants as far as they are kept, and when they begin."""
        kept = np.concatenate(list(self._audio)) if self._audio else np.zeros(0, dtype=np.int16)
        base = self._end - len(kept)
        start = max(base, int(from_s * RATE_HZ))
        return kept[start - base : max(start, int(to_s * RATE_HZ)) - base].astype(np.float32), start / RATE_HZ


def parts_of(speech: Floats, least: int = _PART_FRAMES) -> list[tuple[int, int]]:
    """Where to cut speech: at its longest pauses, into parts of 1 s at least.

    Samples; none when there are less than ``least`` frames (10 ms) of speech.
    """
    levels = level_dbm0(speech)
    if len(levels) < least:
        return []
    loud = np.flatnonzero(levels > float(levels.max()) - _PAUSE_DB)
    cuts = [int(loud[0]), int(loud[-1]) + 1]
    if cuts[1] - cuts[0] < least:
        return []
    pauses = [(int(b - a), int(b)) for a, b in pairwise(loud) if b - a > _PAUSE_FRAMES]
    for _, resumes in sorted(pauses, reverse=True):
        if all(abs(resumes - cut) >= _PART_FRAMES for cut in cuts):
            cuts.append(resumes)
    cuts.sort()
    return [(a * HOP, b * HOP) for a, b in pairwise(cuts)]
