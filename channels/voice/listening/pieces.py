"""Divides speech into what known prompts explain and what they do not, and takes back what proved wrong.

Each report about a piece has its ``onset``; a piece that ends where it began (``until == onset``) never was: it is
how unknown speech is withdrawn when it turns out, a moment later, to be a known prompt (or the other way round).
Unknown speech since X was therefore heard if some unknown piece, taken with its last report, covers time after X.
"""

from __future__ import annotations

from dataclasses import dataclass

from channels.voice.listening.features import RATE_HZ
from channels.voice.listening.prompts import Stretch
from channels.voice.listening.speech import Spoken
from probe.observation import Sound, SoundKind

_DECIDE_S = 0.6
"""Unknown speech is told this long after its onset: 99 % of known prompts have been recognised by then."""
_MARGIN_S = 0.35
"""Speech that sticks out of a known prompt by less than this belongs to it."""
_SAME_S = 0.08
_REMEMBERED_S = 2.0


@dataclass(slots=True)
class Piece:
    """Speech of one kind, stream seconds; ``until_s`` none while it goes on."""

    onset_s: float
    until_s: float | None
    known: bool


def divide(spoken: Spoken, explained: list[Stretch], now_s: float) -> list[Piece]:
    """The pieces of one stretch of speech, in order, without gaps."""
    end_s = now_s if spoken.until_s is None else spoken.until_s
    pieces: list[Piece] = []
    at_s = spoken.onset_s
    for stretch in explained:
        from_s = max(at_s, stretch.onset / RATE_HZ)
        to_s = end_s if stretch.end is None else min(end_s, stretch.end / RATE_HZ)
        if to_s <= from_s:
            continue
        if from_s - at_s >= _MARGIN_S:
            pieces.append(Piece(at_s, from_s, False))
            at_s = from_s
        pieces.append(Piece(at_s, to_s, True))
        at_s = to_s
    if end_s - at_s >= _MARGIN_S or not pieces:
        pieces.append(Piece(at_s, end_s, False))
    pieces[-1].until_s = spoken.until_s
    return _joined(pieces)


def _joined(pieces: list[Piece]) -> list[Piece]:
    out: list[Piece] = []
    for piece in pieces:
        if out and out[-1].known == piece.known:
            out[-1].until_s = piece.until_s
        else:
            out.append(piece)
    return out


class SpeechPieces:
    """Reports speech with ``known`` as soon as it can be told, and keeps the reports true."""

    def __init__(self) -> None:
        self._told: list[tuple[Spoken, list[Piece]]] = []
        self._out: list[Sound] = []

    @property
    def unknown(self) -> list[Piece]:
        """Unknown speech told so far and not withdrawn, of the last stretches."""
        return [p for _, pieces in self._told for p in pieces if not p.known]

    def feed(self, now_s: float, recent: list[Spoken], explained: list[Stretch]) -> list[Sound]:
        """Compare what was told with what is known now."""
        self._out = []
        for spoken in recent:
            told = next((pieces for s, pieces in self._told if s is spoken), None)
            if told is None:
                told = []
                self._told = [*self._told[-15:], (spoken, told)]
            if spoken.until_s is None or now_s - spoken.until_s < _REMEMBERED_S:
                self._update(now_s, told, divide(spoken, explained, now_s))
        return self._out

    def _update(self, now_s: float, told: list[Piece], true: list[Piece]) -> None:
        same = 0
        while same < min(len(told), len(true)) and _alike(told[same], true[same]):
            self._end(now_s, told[same], true[same].until_s)
            same += 1
        for piece in told[same:]:
            self._say(now_s, piece, piece.onset_s)
        del told[same:]
        for piece in true[same:]:
            undecided = not piece.known and piece.until_s is None and now_s - piece.onset_s < _DECIDE_S
            if undecided:
                break
            fresh = Piece(piece.onset_s, None, piece.known)
            told.append(fresh)
            self._say(now_s, fresh, None)
            self._end(now_s, fresh, piece.until_s)

    def _end(self, now_s: float, piece: Piece, until_s: float | None) -> None:
        if until_s is not None and (piece.until_s is None or abs(piece.until_s - until_s) > _SAME_S):
            piece.until_s = until_s
            self._say(now_s, piece, until_s)
        elif until_s is None and piece.until_s is not None:
            piece.until_s = None
            self._say(now_s, piece, None)

    def _say(self, now_s: float, piece: Piece, until_s: float | None) -> None:
        self._out.append(
            Sound(
                at=now_s,
                kind=SoundKind.SPEECH,
                onset=piece.onset_s,
                ended=until_s is not None,
                until=until_s,
                known=piece.known,
            )
        )


def _alike(told: Piece, true: Piece) -> bool:
    return told.known == true.known and abs(told.onset_s - true.onset_s) <= _SAME_S
