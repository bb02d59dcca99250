from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.voice.listening.memory import CallMemory, Repeat, parts_of
from channels.voice.listening.pieces import Piece
from probe.observation import HeardBefore, Observation
from tests.channels.voice.listening.hearing import listen
from tests.channels.voice.listening.voices import Call, lossy, noise, say, silence

MENU = "Untuk informasi saldo, tekan satu. Untuk kartu hilang, tekan dua. Untuk petugas kami, tekan nol."


def again(found: list[Observation]) -> list[HeardBefore]:
    return [o for o in found if isinstance(o, HeardBefore)]


def looped(voice: str = "id") -> tuple[Call, float, float]:
    call = Call()
    first = call.add(silence(0.5), say(MENU, voice), silence(1.0)) + 0.5
    second = call.add(silence(0.4), say(MENU, voice), silence(1.0)) + 0.4
    return call, first, second


@pytest.mark.parametrize("noise_dbm0", [-65.0, -45.0])
def test_the_same_recording_is_known_again_and_dated_to_its_first_time(noise_dbm0: float) -> None:
    call, first, second = looped()
    found = again(listen(call.line(noise_dbm0), arm_s=second - 0.4))
    assert found[0].onset == pytest.approx(second, abs=0.1)
    assert found[0].at - second < 2.0
    assert all(o.onset - o.first_onset == pytest.approx(second - first, abs=0.01) for o in found)


def test_it_is_known_again_over_a_line_that_loses_packets() -> None:
    call, _, second = looped()
    assert again(listen(lossy(call.line(-60.0), 0.02), arm_s=second - 0.4))


def test_nothing_is_looked_for_before_the_arming() -> None:
    call, _, _ = looped()
    assert again(listen(call.line(-60.0))) == []


def test_the_same_words_of_another_speaker_or_at_another_speed_are_no_repetition() -> None:
    call, _, second = looped("id+m3")
    call.add(say(MENU, "id+f2"), silence(1.0), say(MENU, "id", speed=150), silence(1.0))
    found = again(listen(call.line(-60.0), arm_s=second - 0.4))
    assert all(o.onset < call.at - 14.0 for o in found)


def test_a_word_said_twice_is_no_repetition() -> None:
    """Shorter than a second: a person may say it so, and so does the machine that plays one in a trial."""
    call = Call()
    call.add(silence(0.5), say("Halo?"), silence(2.0), say("Halo?"), silence(2.0))
    assert again(listen(call.line(-60.0), arm_s=0.2)) == []


def test_the_half_second_that_our_key_cut_short_is_enough_to_know_the_menu_again() -> None:
    call, menu = Call(), say(MENU)
    call.add(silence(0.5), say("Selamat datang."), silence(0.4))
    first = call.add(menu[:4200])
    arm_s = call.at
    second = call.add(silence(0.35), menu, silence(1.0)) + 0.35
    found = again(listen(call.line(-60.0), arm_s=arm_s))
    assert found[0].onset == pytest.approx(second, abs=0.05)
    assert found[0].first_onset == pytest.approx(first, abs=0.05)


def test_parts_begin_where_speech_resumes_after_the_longest_pauses() -> None:
    words = [say("Selamat datang di layanan kami."), silence(0.3), say("Untuk saldo, tekan satu."), silence(0.5)]
    assert parts_of(np.concatenate(words))[1][0] == pytest.approx(len(words[0]) + len(words[1]), abs=400)


@settings(max_examples=50, deadline=None)
@given(bursts=st.lists(st.tuples(st.floats(0.02, 2.0), st.floats(0.0, 1.0)), max_size=12))
def test_parts_lie_side_by_side_and_last_a_second(bursts: list[tuple[float, float]]) -> None:
    sound = np.concatenate([silence(0.1), *(np.append(noise(a, -20.0), silence(b)) for a, b in bursts)])
    parts = parts_of(np.asarray(sound, dtype=np.float32))
    assert all(b - a >= 8000 for a, b in parts)
    assert all(one[1] == other[0] for one, other in pairwise(parts))


def test_silence_and_too_little_have_no_parts() -> None:
    assert parts_of(silence(0.5)) == []
    assert parts_of(np.append(say("Halo?"), silence(3.0))) == []


@pytest.mark.parametrize(
    ("piece", "covered"),
    [
        (Piece(1.0, 1.9, False), False),
        (Piece(1.0, 2.5, False), True),
        (Piece(2.5, None, False), True),
        (Piece(1.0, None, False), True),
        (Piece(3.0, 4.0, False), False),
    ],
)
def test_a_repetition_covers_the_speech_it_overlaps(piece: Piece, covered: bool) -> None:
    assert Repeat(2.0, 3.0, 0.0).covers(piece) is covered


def test_what_is_learned_before_any_sound_is_nothing() -> None:
    memory = CallMemory()
    memory.arm([Piece(0.0, None, False)])
    assert memory.repeats == []
    assert memory.doubtful == []
