"""The values the search for a person works on: what is heard at one instant, turns and the waits between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from channels.voice.listening.memory import Repeat
from channels.voice.listening.pieces import Piece

TURN_GAP_S = 0.7
"""Speech with shorter gaps is one turn."""
_BLIP_S = 0.2
"""What is over sooner and stands alone is no word: music is taken for speech for up to 0.1 s now and then."""
_CLICK_S = 0.25
"""Shorter sounds (a click, a cough) do not interrupt a wait."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A sign from outside the audio (``re_invite``, ``update``, ``rtp_gap``, ``key_pressed`` …), in stream seconds."""

    sign: str
    at_s: float


@dataclass(frozen=True, slots=True)
class OtherSound:
    """Sound other than speech that is over; ``tuneful`` when it was neither a tone nor noise."""

    onset_s: float
    until_s: float
    tuneful: bool = False

    @property
    def length_s(self) -> float:
        """Seconds from its beginning to its end."""
        return self.until_s - self.onset_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """All that matters at ``now_s`` (stream seconds; none where it has not happened)."""

    now_s: float
    unknown: list[Piece] = field(default_factory=list)
    speech_since_s: float | None = None
    """Somebody or something speaks since then; whether that is known is told 0.6 s later."""
    prompt_onset_s: float | None = None
    """Onset of the latest known prompt that was recognised and not withdrawn."""
    prompt_ended_s: float | None = None
    music_since_s: float | None = None
    music_ended_s: float | None = None
    sound_since_s: float | None = None
    """Sound other than speech is going on since then."""
    tune_since_s: float | None = None
    """The same, once it is like music."""
    others: tuple[OtherSound, ...] = ()
    """The last such sounds that are over, oldest first."""
    repeats: Sequence[Repeat] = ()
    """Speech that was heard in this call before."""
    doubtful: Sequence[Repeat] = ()
    """Speech that may turn out to be a repetition."""
    burst_s: float = 0.0
    cadence_s: float | None = None
    ringback_s: float | None = None
    beep_s: float | None = None
    fax_s: float | None = None

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
    """Join pieces (by onset) into turns. No turn begins with a blip, though it may hold one."""
    turns: list[Turn] = []
    for piece in pieces:
        going_on = piece.until_s is None
        until_s = now_s if piece.until_s is None else piece.until_s
        if turns and piece.onset_s - turns[-1].until_s < TURN_GAP_S:
            turns[-1] = Turn(turns[-1].onset_s, until_s, going_on)
        elif going_on or until_s - piece.onset_s >= _BLIP_S:
            turns.append(Turn(piece.onset_s, until_s, going_on))
    return turns


def waits_between(turns: list[Turn], heard: Heard) -> list[float]:
    """Seconds of waiting after each turn, until the next one or now; a wait begins anew after other sounds."""
    waits = [_longest_quiet(turn.until_s, later.onset_s, heard.others) for turn, later in pairwise(turns)]
    last = turns[-1] if turns else None
    if last is None or last.going_on:
        return [*waits, 0.0]
    began_s = max([last.until_s, *(s.until_s for s in heard.others if s.length_s > _CLICK_S)])
    ends_s = [s for s in (heard.sound_since_s, heard.speech_since_s) if s is not None]
    return [*waits, max(0.0, min(ends_s, default=heard.now_s) - began_s)]


def _longest_quiet(from_s: float, to_s: float, others: Sequence[OtherSound]) -> float:
    longest_s = 0.0
    for sound in others:
        if sound.length_s > _CLICK_S and from_s - _CLICK_S < sound.onset_s < to_s:
            longest_s = max(longest_s, sound.onset_s - from_s)
            from_s = max(from_s, sound.until_s)
    return max(longest_s, to_s - from_s)


def last_tune(heard: Heard) -> tuple[float, float] | None:
    """Beginning and end (now, while it goes on) of what was like music last."""
    if heard.tune_since_s is not None:
        return heard.tune_since_s, heard.now_s
    return next(((s.onset_s, s.until_s) for s in reversed(heard.others) if s.tuneful), None)
