from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from channels.voice.listening.pieces import SpeechPieces, divide
from channels.voice.listening.prompts import Stretch
from channels.voice.listening.speech import Spoken
from probe.observation import Sound


def told(sounds: list[Sound]) -> list[tuple[float, float | None, bool]]:
    return [(s.onset, s.until, s.known) for s in sounds]


def test_unknown_speech_is_told_only_when_a_prompt_would_have_been_recognised() -> None:
    pieces, spoken = SpeechPieces(), Spoken(1.0)
    assert pieces.feed(1.5, [spoken], []) == []
    assert told(pieces.feed(1.7, [spoken], [])) == [(1.0, None, False)]


def test_unknown_speech_that_proves_known_is_taken_back_and_told_again() -> None:
    pieces, spoken = SpeechPieces(), Spoken(1.0)
    pieces.feed(1.7, [spoken], [])
    assert told(pieces.feed(1.8, [spoken], [Stretch(8000, None)])) == [(1.0, 1.0, False), (1.0, None, True)]
    assert pieces.unknown == []


def test_known_speech_whose_prompt_is_withdrawn_becomes_unknown_from_its_onset() -> None:
    pieces, spoken = SpeechPieces(), Spoken(1.0)
    pieces.feed(1.4, [spoken], [Stretch(8000, None)])
    assert told(pieces.feed(1.8, [spoken], [])) == [(1.0, 1.0, True), (1.0, None, False)]


def test_speech_that_goes_on_behind_a_prompt_is_a_piece_of_its_own() -> None:
    pieces, spoken = SpeechPieces(), Spoken(1.0)
    pieces.feed(2.0, [spoken], [Stretch(8000, None)])
    assert told(pieces.feed(3.3, [spoken], [Stretch(8000, 20000)])) == [(1.0, 2.5, True), (2.5, None, False)]


def test_a_short_word_is_told_when_it_ends() -> None:
    assert told(SpeechPieces().feed(1.6, [Spoken(1.0, 1.3)], [])) == [(1.0, None, False), (1.0, 1.3, False)]


_stretches = st.lists(
    st.tuples(st.integers(0, 80000), st.integers(1, 30000)).map(lambda p: Stretch(p[0], p[0] + p[1])), max_size=4
)


@given(onset=st.floats(0, 5), length=st.floats(0.1, 8), stretches=_stretches)
def test_pieces_cover_the_speech_without_gaps_and_change_kind_at_each_seam(
    onset: float, length: float, stretches: list[Stretch]
) -> None:
    pieces = divide(Spoken(onset, onset + length), sorted(stretches, key=lambda s: s.onset), 20.0)
    assert pieces[0].onset_s == onset
    assert pieces[-1].until_s == onset + length
    for earlier, later in pairwise(pieces):
        assert earlier.until_s == later.onset_s
        assert earlier.known != later.known
