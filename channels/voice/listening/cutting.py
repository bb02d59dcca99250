"""Cuts what was recorded of a call into the sentences that the far end said, at its pauses and at our keys.

Music is no speech and is left out. All times are seconds of the recording.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from channels.voice.listening.bank import SEGMENT, KnownPrompt, PromptBank
from channels.voice.listening.ear import Ear
from channels.voice.listening.features import BLOCK, RATE_HZ, Samples
from probe.observation import Observation, Prompt, PromptPhase, Sound, SoundKind
from probe.speech import stretches

PAUSE_S: Final = 0.7
"""Sentences of one prompt follow each other sooner; between two prompts a menu waits longer."""
LEAD_S, TAIL_S = 0.1, 0.15
"""What is kept around a piece: a soft first or last consonant. The bank of prompts trims what is silent of it."""
SHORTEST_S: Final = 0.35
"""Shorter speech is a breath or a click; of less than 0.3 s no prompt can be made."""
_SAME_S: Final = 0.05
_SAME_LENGTH_S, _SAME_NCC = 0.3, 0.5
_BEGINNING, _PLAY = 3200, 400
"""Samples of a recording by which another is laid beside it, and by how much their trimmed beginnings may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """One piece of speech. ``known`` names the prompt that it is, if it is one of the bank already."""

    from_s: float
    until_s: float
    known: str = ""
    after_music: bool = False
    """Music played since the last key: an announcement of the queue, or a person who took the call."""


def cuts(
    heard: Samples,
    keys_s: Sequence[float] = (),
    bank: PromptBank | None = None,
    *,
    pause_s: float = PAUSE_S,
    until_s: float = math.inf,
) -> list[Cut]:
    """The pieces of a recording (16 bits, 8 kHz) up to ``until_s``; a pause of ``pause_s`` or a key ends a piece."""
    heard = heard[: int(min(until_s * RATE_HZ, len(heard)))]
    found = _observed(heard, bank)
    end_s = len(heard) / RATE_HZ
    spoken = [part for piece in _spoken(found, end_s) for part in _parted(piece, keys_s)]
    pieces = _joined(spoken, keys_s, pause_s)
    music = list(_music(found, end_s))
    told = [replace(p, after_music=_queued(p, music, keys_s)) for p in pieces if p.until_s - p.from_s >= SHORTEST_S]
    return _widened(told, [0.0, end_s, *keys_s, *(at for span in music for at in span)])


def samples_of(heard: Samples, cut: Cut) -> Samples:
    """The sound of a piece."""
    return heard[round(cut.from_s * RATE_HZ) : round(cut.until_s * RATE_HZ)]


def alike(sounds: Sequence[Samples]) -> list[int]:
    """For each sound the number of the first that is the same recording: its own, where it is new."""
    new: list[tuple[int, KnownPrompt]] = []
    found: list[int] = []
    for number, sound in enumerate(sounds):
        trimmed = PromptBank.of({"": sound.astype(np.float32)}).prompts
        same = next((first for first, known in new for one in trimmed if _same(known, one)), number)
        found.append(same)
        if same == number:
            new += [(number, one) for one in trimmed]
    return found


def _same(one: KnownPrompt, other: KnownPrompt) -> bool:
    """The same recording as it came over a line twice: a packet may be lost, but no word may differ."""
    if abs(one.length_s - other.length_s) > _SAME_LENGTH_S:
        return False
    beginning = min(_BEGINNING, one.length, other.length)
    heard = np.pad(other.reference.samples, (_PLAY, _PLAY))
    first = one.reference.match(heard[: beginning + 2 * _PLAY], beginning)
    parts = range(0, min(one.length, other.length) - SEGMENT + 1, SEGMENT // 2)
    voiced = [at for at in parts if one.voiced[min(at // SEGMENT, len(one.voiced) - 1)]]
    fits = [one.reference.match_part(heard[first.lag :], at, SEGMENT) >= _SAME_NCC for at in voiced]
    return first.ncc >= _SAME_NCC and all(a or b for a, b in pairwise(fits))


def _observed(heard: Samples, bank: PromptBank | None) -> list[Observation]:
    ear, found = Ear(bank), list[Observation]()
    for start in range(0, len(heard), BLOCK):
        found += ear.feed(heard[start : start + BLOCK])
    return found + ear.flush()


def _spoken(found: Sequence[Observation], end_s: float) -> Iterator[Cut]:
    """All speech as it finally stands, what is known by its name."""
    prompts = list(_prompts(found, end_s))
    for stretch in stretches(found):
        until_s = end_s if stretch.until is None else stretch.until
        known = next((name for name, a, b in prompts if a < until_s and b > stretch.onset), "")
        yield Cut(from_s=stretch.onset, until_s=until_s, known=known if stretch.known else "")


def _prompts(found: Sequence[Observation], end_s: float) -> Iterator[tuple[str, float, float]]:
    """Known prompts that were heard as they are known: name, beginning and end."""
    told = [p for p in found if isinstance(p, Prompt)]
    for one in (p for p in told if p.phase is PromptPhase.CONFIRMED):
        later = [p for p in told if abs(p.onset - one.onset) < _SAME_S]
        if all(p.phase is not PromptPhase.DIVERGED for p in later):
            ends = [p.at if p.until is None else p.until for p in later if p.phase is PromptPhase.ENDED]
            yield one.name, one.onset, min(ends, default=end_s)


def _parted(piece: Cut, keys_s: Sequence[float]) -> Iterator[Cut]:
    """A piece that went on while a key was pressed, in two."""
    edges = [piece.from_s, *sorted(k for k in keys_s if piece.from_s < k < piece.until_s), piece.until_s]
    for from_s, until_s in pairwise(edges):
        yield replace(piece, from_s=from_s, until_s=until_s)


def _joined(spoken: Sequence[Cut], keys_s: Sequence[float], pause_s: float) -> list[Cut]:
    """Sentences that belong together, put together."""
    pieces: list[Cut] = []
    for part in spoken:
        last = pieces[-1] if pieces else None
        key = last is not None and any(last.until_s <= key <= part.from_s for key in keys_s)
        if last is None or key or part.from_s - last.until_s >= pause_s or part.known != last.known:
            pieces.append(part)
        else:
            pieces[-1] = replace(last, until_s=part.until_s)
    return pieces


def _music(found: Sequence[Observation], end_s: float) -> Iterator[tuple[float, float]]:
    last = {s.onset: s for s in found if isinstance(s, Sound) and s.kind is SoundKind.MUSIC}
    for sound in last.values():
        yield sound.onset, end_s if sound.until is None else sound.until


def _queued(piece: Cut, music: Sequence[tuple[float, float]], keys_s: Sequence[float]) -> bool:
    pressed_s = max((key for key in keys_s if key <= piece.from_s), default=0.0)
    return any(pressed_s <= from_s < piece.from_s for from_s, _ in music)


def _widened(pieces: Sequence[Cut], edges_s: Sequence[float]) -> list[Cut]:
    """With a little of what lies around each, but never of its neighbours, of music or of what a key changed."""
    wide: list[Cut] = []
    for piece in pieces:
        others = [*edges_s, *(at for other in pieces if other is not piece for at in (other.from_s, other.until_s))]
        before = max((at for at in others if at <= piece.from_s), default=piece.from_s)
        after = min((at for at in others if at >= piece.until_s), default=piece.until_s)
        from_s, until_s = max(before, piece.from_s - LEAD_S), min(after, piece.until_s + TAIL_S)
        wide.append(replace(piece, from_s=from_s, until_s=until_s))
    return wide
