"""Prompts that are heard from their middle on: the far end began there, or what came before was lost on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from channels.voice.listening.bank import AVERAGED, GROUPS, KnownPrompt, PromptBank, averaged
from channels.voice.listening.features import BANDS, HOP, Block, Floats, windows_of
from channels.voice.listening.search import Candidate
from channels.voice.listening.track import Tail

_ENOUGH = 0.75
_MOST = 4
"""Candidates per block: bounds the time that a block takes."""
_PIECE = 800
_FITS, _CONTRADICTS, _ALLOWED = 0.4, 0.25, 1


class JoinSearch:
    """Compares the last 0.49 s with all parts, every 30 ms, while it is asked to."""

    def __init__(self, bank: PromptBank) -> None:
        self._middles = bank.middles
        self._carry: Floats = np.zeros((0, BANDS), dtype=np.float32)
        self._groups: Floats = np.zeros((GROUPS - 1, BANDS), dtype=np.float32)
        self._next = 0

    def feed(self, block: Block, wanted: bool) -> list[Candidate]:
        """Take the next block; the best candidates when they are wanted."""
        mel = np.concatenate((self._carry, block.mel))
        count = len(mel) // AVERAGED
        self._carry = mel[count * AVERAGED :]
        fresh = mel[: count * AVERAGED].reshape(count, AVERAGED, BANDS).mean(axis=1)
        groups: Floats = np.concatenate((self._groups, fresh))
        first, self._groups, self._next = self._next, groups[count:], self._next + count
        if not wanted or not count or not self._middles.parts:
            return []
        scores = averaged(windows_of(groups, GROUPS)) @ self._middles.templates.T
        best = scores.max(axis=0)
        found = []
        for part in np.flatnonzero(best >= _ENOUGH):
            prompt, skip = self._middles.parts[int(part)]
            group = first + int(np.argmax(scores[:, part])) - GROUPS + 1
            if group >= 0:
                found.append(Candidate(prompt, group * AVERAGED * HOP, float(best[part]), skip))
        return sorted(found, key=lambda c: -c.score)[:_MOST]


@dataclass(frozen=True, slots=True)
class Join:
    """Where a prompt was joined: heard from ``since`` on, after silence that began at ``quiet``."""

    since: int
    quiet: int


def joined(prompt: KnownPrompt, place: int, skip: int, tail: Tail, after: int = 0) -> Join | None:
    """The join of a prompt whose part from ``skip`` on lies at ``place``; what came before ``after`` is not asked.

    None when other sound stands where its beginning would: then only some words are the same.
    """
    onset, since = place - skip, place
    fits = contradicts = 0
    unbroken = True
    for at in range(place - _PIECE, max(onset, tail.start, after) - 1, -_PIECE):
        if tail.silent(at, at + _PIECE):
            unbroken = False
            continue
        heard = tail.cut(at - 16, at + _PIECE + 16)
        ncc = prompt.reference.match_tight(heard, at - onset, _PIECE, 16).ncc
        fits += ncc >= _FITS
        contradicts += ncc < _CONTRADICTS
        since = at if unbroken or ncc >= _FITS else since
    if contradicts > max(_ALLOWED, fits // 4):
        return None
    return Join(since, tail.loud_until(since - _PIECE))
