"""The values the search for a person works on: what is heard at one instant, turns and the waits between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from channels.voice.listening.pieces import Piece

TURN_GAP_S = 0.7
"""Speech with shorter gaps is one turn."""
_CLICK_S = 0.25
"""Shorter sounds (a click, a cough) do not interrupt a wait."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A sign from outside the audio (``re_invite``, ``update``, ``rtp_gap``, ``key_pressed`` …), in stream seconds."""

    sign: str
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """All that matters at ``now_s`` (stream seconds; none where it has not happened)."""

    now_s: float
    unknown: list[Piece] = field(default_factory=list)
    prompt_onset_s: float | None = None
    """Onset of the latest known prompt that was recognised and not withdrawn."""
    prompt_ended_s: float | None = None
    music_since_s: float | None = None
    music_ended_s: float | None = None
    sound_since_s: float | None = None
    """Sound other than speech is going on since then."""
    last_sound: tuple[float, float] | None = None
    """When the last such sound began and ended."""
    burst_s: float = 0.0
    cadence_s: float | None = None
    ringback_s: float | None = None
    beep_s: float | None = None

    @property
    def sounding_s(self) -> float:
        """How long sound other than speech has been going on."""
        return 0.0 if self.sound_since_s is None else self.now_s - self.sound_since_s


@dataclass(frozen=True, slots=True)
class Turn:
    """Unknown speech with gaps below 0.7 s. ``until_s`` is the present instant while it is going on."""

    onset_s: float
    until_s: float
    going_on: bool

    @property
    def length_s(self) -> float:
        """Seconds from the first to the last sound."""
        return self.until_s - self.onset_s


def turns_of(pieces: list[Piece], now_s: float) -> list[Turn]:
    """Join pieces (by onset) into turns."""
    turns: list[Turn] = []
    for piece in pieces:
        going_on = piece.until_s is None
        until_s = now_s if piece.until_s is None else piece.until_s
        if turns and piece.onset_s - turns[-1].until_s < TURN_GAP_S:
            turns[-1] = Turn(turns[-1].onset_s, until_s, going_on)
        else:
            turns.append(Turn(piece.onset_s, until_s, going_on))
    return turns


def waits_between(turns: list[Turn], heard: Heard) -> list[float]:
    """Seconds of waiting after each turn, until the next one or now; the last wait begins anew after other sounds."""
    waits = [later.onset_s - turn.until_s for turn, later in pairwise(turns)]
    last = turns[-1] if turns else None
    if last is None or last.going_on:
        return [*waits, 0.0]
    began_s, end_s = last.until_s, heard.sound_since_s or heard.now_s
    if heard.last_sound is not None and heard.last_sound[1] - heard.last_sound[0] > _CLICK_S:
        began_s = max(began_s, heard.last_sound[1])
    return [*waits, max(0.0, end_s - began_s)]
