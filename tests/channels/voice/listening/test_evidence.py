from __future__ import annotations

import pytest

from channels.voice.listening.evidence import Heard, OtherSound, Turn, last_tune, turns_of, waits_between
from channels.voice.listening.pieces import Piece

FIRST, SECOND = Turn(1.0, 3.0, False), Turn(8.0, 9.0, False)


def waits(*others: OtherSound, now_s: float = 12.0, **more: float) -> list[float]:
    return waits_between([FIRST, SECOND], Heard(now_s=now_s, others=others, **more))  # type: ignore[arg-type]


def test_silence_between_turns_and_until_now_is_waiting() -> None:
    assert waits() == [5.0, 3.0]


@pytest.mark.parametrize(
    ("sound", "between"),
    [((3.0, 7.5), 0.5), ((4.0, 5.0), 3.0), ((3.5, 8.0), 0.5), ((5.0, 5.2), 5.0), ((0.0, 1.0), 5.0)],
)
def test_sound_between_turns_is_no_waiting_but_a_click_is(sound: tuple[float, float], between: float) -> None:
    assert waits(OtherSound(*sound))[0] == pytest.approx(between)


def test_the_last_wait_begins_anew_after_another_sound_and_ends_with_the_next_one() -> None:
    assert waits(OtherSound(9.0, 10.5))[1] == pytest.approx(1.5)
    assert waits(sound_since_s=11.0)[1] == pytest.approx(2.0)
    assert waits(speech_since_s=11.5)[1] == pytest.approx(2.5)


def test_nobody_waits_while_speaking() -> None:
    assert waits_between([Turn(1.0, 5.0, True)], Heard(now_s=5.0)) == [0.0]


def test_the_last_tune_is_the_one_going_on_or_the_latest_that_was_one() -> None:
    others = (OtherSound(1.0, 2.0, True), OtherSound(3.0, 4.0))
    assert last_tune(Heard(now_s=9.0, others=others)) == (1.0, 2.0)
    assert last_tune(Heard(now_s=9.0, others=others, tune_since_s=5.0)) == (5.0, 9.0)
    assert last_tune(Heard(now_s=9.0)) is None


def test_a_turn_begins_with_a_word_and_not_with_a_blip_of_music_that_was_taken_for_speech() -> None:
    blip, halo = Piece(18.77, 18.85, False), Piece(19.38, None, False)
    assert turns_of([blip], 19.2) == []
    assert turns_of([blip, halo], 20.0) == [Turn(19.38, 20.0, True)]
    assert turns_of([Piece(1.0, 1.3, False)], 2.0) == [Turn(1.0, 1.3, False)]


def test_a_blip_within_a_turn_is_part_of_it() -> None:
    pieces = [Piece(1.0, 2.0, False), Piece(2.5, 2.6, False), Piece(3.0, 4.0, False)]
    assert turns_of(pieces, 9.0) == [Turn(1.0, 4.0, False)]
