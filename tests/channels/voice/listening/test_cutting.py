"""A recorded walk comes apart at its pauses and at our keys, sentences stay whole, and music is left out."""

from __future__ import annotations

import numpy as np
import pytest

from channels.voice.listening.bank import PromptBank
from channels.voice.listening.cutting import LEAD_S, PAUSE_S, TAIL_S, Cut, alike, cuts, samples_of
from tests.channels.voice.listening.voices import Call, Floats, lossy, mu_law, music, noise, say, silence, tone

WELCOME = say("Selamat datang di pusat layanan Nusantara.", "id+f2")
MENU = say("Untuk bicara dengan petugas, tekan satu.", "id+f2")
WAIT = say("Mohon tunggu, panggilan sedang kami sambungkan.", "id+f2")
NEAR_S = 0.06


def spans(found: list[Cut]) -> list[tuple[float, float]]:
    """Without what is kept around them, which pauses of half a second leave room for."""
    return [(one.from_s + LEAD_S, one.until_s - TAIL_S) for one in found]


def near(*truth: tuple[float, float]) -> list[object]:
    return [pytest.approx(span, abs=NEAR_S) for span in truth]


def said(call: Call, sound: Floats) -> tuple[float, float]:
    return call.add(sound), call.at


@pytest.mark.parametrize("noise_dbm0", [None, -50.0])
def test_each_prompt_between_pauses_and_keys_is_a_piece(noise_dbm0: float | None) -> None:
    call = Call()
    call.add(silence(0.6))
    welcome = said(call, WELCOME)
    call.add(silence(PAUSE_S + 0.3))
    menu = said(call, MENU)
    key = call.add(silence(0.8)) + 0.4
    wait = said(call, WAIT)
    call.add(silence(1.0))
    assert spans(cuts(call.line(noise_dbm0), [key])) == near(welcome, menu, wait)


def test_sentences_of_one_prompt_stay_together() -> None:
    call = Call()
    call.add(silence(0.5))
    began = call.add(WELCOME)
    call.add(silence(PAUSE_S - 0.15))
    _, ended = said(call, MENU)
    call.add(silence(1.0))
    assert spans(cuts(call.line(-55.0))) == near((began, ended))
    assert len(cuts(call.line(-55.0), pause_s=0.4)) == 2


def test_a_key_parts_what_no_pause_parts() -> None:
    call = Call()
    call.add(silence(0.5))
    menu = said(call, MENU)
    key = call.add(silence(0.5)) + 0.2
    wait = said(call, WAIT)
    call.add(silence(1.0))
    assert spans(cuts(call.line(), [key])) == near(menu, wait)
    assert len(cuts(call.line())) == 1


def test_a_key_in_the_middle_of_a_prompt_ends_its_piece_there() -> None:
    call = Call()
    call.add(silence(0.5))
    began, ended = said(call, MENU)
    call.add(silence(1.0))
    key = (began + ended) / 2
    first, second = cuts(call.line(), [key])
    assert first.until_s == second.from_s == pytest.approx(key)


def test_music_tones_and_noise_are_no_pieces() -> None:
    call = Call()
    call.add(silence(0.5), tone(1.0, 425.0), silence(1.0), noise(3.0, -30.0), silence(0.8))
    wait = said(call, WAIT)
    call.add(silence(0.2), music(6.0), silence(0.5))
    [found] = cuts(call.line())
    assert spans([found]) == near(wait)
    assert not found.after_music


def test_whatever_is_said_in_a_queue_is_told_apart_until_the_next_key() -> None:
    call = Call()
    call.add(silence(0.5), WAIT, silence(0.2), music(5.0), silence(0.3), WELCOME, silence(1.0))
    call.add(say("Halo, dengan Rahman.", "ms+m3"), silence(1.0))
    key = call.add(silence(0.5))
    call.add(MENU, silence(1.0))
    assert [one.after_music for one in cuts(call.line(), [key])] == [False, True, True, False]


def test_a_known_prompt_keeps_its_name_and_parts_from_what_is_not_known() -> None:
    call = Call()
    call.add(silence(0.5))
    welcome = said(call, WELCOME)
    call.add(silence(0.4))
    menu = said(call, MENU)
    call.add(silence(1.0))
    found = cuts(call.line(-55.0), bank=PromptBank.of({"salam": WELCOME}))
    assert [one.known for one in found] == ["salam", ""]
    assert spans(found) == near(welcome, menu)


def test_nothing_is_heard_beyond_where_we_began_to_speak() -> None:
    call = Call()
    call.add(silence(0.5))
    welcome = said(call, WELCOME)
    call.add(silence(1.0))
    until = call.add(WAIT, silence(1.0))
    assert spans(cuts(call.line(), until_s=until)) == near(welcome)


@pytest.mark.parametrize("heard", [np.zeros(0, np.int16), np.zeros(40_000, np.int16), mu_law(noise(3.0, -40.0))])
def test_where_nobody_speaks_there_are_no_pieces(heard: np.ndarray) -> None:
    assert cuts(heard) == []


def test_what_is_said_again_is_the_same_recording() -> None:
    call = Call()
    for sound in (MENU, WAIT, MENU, WELCOME, WAIT):
        call.add(silence(1.2), sound)
    call.add(silence(1.2))
    heard = lossy(call.line(-55.0), 0.005)
    pieces = [samples_of(heard, one) for one in cuts(heard)]
    assert alike(pieces) == [0, 1, 0, 3, 1]


def test_another_number_is_another_recording() -> None:
    call = Call()
    for number in ("tiga", "lima", "tiga"):
        call.add(silence(1.2), say(f"Anda berada dalam antrean nomor {number}.", "id+f2"))
    call.add(silence(1.2))
    heard = call.line(-55.0)
    assert alike([samples_of(heard, one) for one in cuts(heard)]) == [0, 1, 0]


def test_a_piece_is_a_prompt_that_is_known_from_then_on() -> None:
    call = Call()
    call.add(silence(1.0), WELCOME, silence(1.2), MENU, silence(1.2))
    heard = call.line(-55.0)
    names = ("salam", "menu")
    bank = PromptBank.of({n: samples_of(heard, c).astype(np.float32) for n, c in zip(names, cuts(heard), strict=True)})
    assert [c.known for c in cuts(mu_law(np.concatenate(call.parts)), bank=bank)] == ["salam", "menu"]
