"""Stretches of speech as they finally stand: reports may be corrected, and the last one about an onset counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from probe.observation import Observation, Sound, SoundKind


@dataclass(frozen=True, slots=True)
class Stretch:
    """Speech from ``onset`` to ``until`` (None: still going on), monotonic seconds."""

    onset: float
    until: float | None
    known: bool
    """A known prompt explains it."""


def stretches(log: Iterable[Observation]) -> list[Stretch]:
    """All speech, by onset. A stretch whose end equals its onset was taken back: it never was."""
    last: dict[float, Sound] = {
        seen.onset: seen for seen in log if isinstance(seen, Sound) and seen.kind is SoundKind.SPEECH
    }
    found = (Stretch(s.onset, _end(s), s.known) for s in last.values())
    return sorted((s for s in found if s.until is None or s.until > s.onset), key=lambda s: s.onset)


def _end(sound: Sound) -> float | None:
    if not sound.ended:
        return None
    return sound.at if sound.until is None else sound.until
