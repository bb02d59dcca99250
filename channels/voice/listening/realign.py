"""Finds a prompt again whose place slipped, as happens when a jitter buffer repeats, drops or delays frames.

A sender or a network that stalls for a few frames shifts the rest of a prompt by the length of the stall; the buffer
then drops single frames until it has caught up.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from channels.voice.listening.bank import LATE, SEGMENT, KnownPrompt
from channels.voice.listening.correlate import Match
from channels.voice.listening.features import Floats

EARLIER, LATER = 1616, 2640
"""Samples a slip may move a prompt at once: 0.2 s of frames dropped, 0.33 s inserted."""
_NEAR, _NEAR_ENOUGH = 336, 0.5
"""Two frames (40 ms): so close the segment itself is trusted, because a buffer that catches up drops frame by frame."""
_PART = 2400
_LENGTHS, _ENOUGH = (1600.0, 2400.0), (0.70, 0.55)
"""(samples compared, accept at): 2 in 1000 stretches of another prompt of the same speaker reach it (6000 tried)."""
_HEADS = ((1200, 0.70), (800, 0.80), (480, 0.90))
_HEAD_REST = 0.6
_PACKETS = 480
"""Three packets (60 ms): bursts are seldom longer."""


class Heard(Protocol):
    """The stream as far as it is remembered."""

    end: int

    def cut(self, start: int, end: int) -> Floats:
        """Samples [start, end)."""
        ...

    def holds(self, start: int) -> bool:
        """Is this sample still remembered?"""
        ...


def realign(prompt: KnownPrompt, segment: int, at: int, heard: Heard) -> Match | None:
    """Where segment number ``segment``, expected at stream sample ``at``, went; none when it is not found.

    The half after the middle is sought together with the next segment: a slip within the segment leaves that whole.
    """
    first = segment * SEGMENT
    near = _search(prompt, (first, first + SEGMENT), heard, (max(0, at - _NEAR), at + SEGMENT + _NEAR))
    if near is not None and near.ncc >= _NEAR_ENOUGH:
        return near
    start, stop = _part(prompt, segment)
    at += start - first
    best = _search(prompt, (start, stop), heard, (max(0, at - EARLIER), at + stop - start + LATER))
    if best is None or best.ncc < float(np.interp(stop - start, _LENGTHS, _ENOUGH)):
        return None
    return Match(best.ncc, best.lag - (start - first))


def needed(prompt: KnownPrompt, segment: int) -> int:
    """Samples after the beginning of a segment that ``realign`` wants to have heard."""
    return _part(prompt, segment)[1] - segment * SEGMENT + LATER


def beginning(prompt: KnownPrompt, place: int, heard: Heard) -> int | None:
    """Onset of a prompt whose part from ``LATE`` on lies at ``place`` and whose first words slipped or were lost.

    None when nothing before that part belongs to the prompt.
    """
    expected = place - LATE
    low = max(0, expected - LATER)
    # where all that follows stands in place, nothing of the beginning lies later: its first packets were lost, and what
    # is left of them would be found at any vowel
    later = 16 if _in_place(prompt, expected, heard) else EARLIER
    for length, enough in _HEADS:
        best = _search(prompt, (0, length), heard, (low, expected + length + later))
        if best is not None and best.ncc >= enough:
            return best.lag
    rest = LATE // 2
    fits = prompt.reference.match_tight(heard.cut(place - rest - 16, place + 16), LATE - rest, rest, 16)
    return max(0, expected) if fits.ncc >= _HEAD_REST else None


def _in_place(prompt: KnownPrompt, onset: int, heard: Heard) -> bool:
    """Does all but the first packets, half by half, stand where it stands without a slip?"""
    parts = ((_PACKETS, _PACKETS + LATE // 3), (LATE - LATE // 2, LATE))
    if onset < 0 or not heard.holds(onset + _PACKETS - 16):
        return False
    return all(
        prompt.reference.match_tight(heard.cut(onset + start - 16, onset + end + 16), start, end - start, 16).ncc
        >= _HEAD_REST
        for start, end in parts
    )


def _search(prompt: KnownPrompt, part: tuple[int, int], heard: Heard, between: tuple[int, int]) -> Match | None:
    """Best place (as a stream sample) of a part of the prompt in a stretch of the stream."""
    length, low = part[1] - part[0], between[0]
    sound = heard.cut(*between)
    if not heard.holds(low) or len(sound) <= length:
        return None
    best = prompt.reference.match_near(sound, part[0], length)
    return Match(best.ncc, low + best.lag)


def _part(prompt: KnownPrompt, segment: int) -> tuple[int, int]:
    first = segment * SEGMENT
    start = max(first, min(first + SEGMENT // 2, prompt.length - _PART))
    return start, min(prompt.length, start + _PART)
