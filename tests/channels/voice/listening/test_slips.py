"""Prompts whose place slips in mid-sentence: a stalled sender, a jitter buffer that catches up, a clock that drifts."""

from __future__ import annotations

import numpy as np
import pytest

from channels.voice.listening.bank import PromptBank
from probe.observation import Observation, Prompt, PromptPhase
from tests.channels.voice.listening.hearing import listen, prompts
from tests.channels.voice.listening.test_prompts import TEXTS
from tests.channels.voice.listening.voices import Call, Floats, lossy, say, silence

CANDIDATE, CONFIRMED, DIVERGED, ENDED = PromptPhase
_LEAD_S = 0.7


@pytest.fixture(scope="module")
def bank() -> PromptBank:
    return PromptBank.of({name: say(text) for name, text in TEXTS.items()})


def slipped(sound: Floats, at_s: float, ms: int, fill: str = "fading") -> Floats:
    """Inserts (ms > 0) or drops (ms < 0) sound at ``at_s``; concealment repeats the last frame, fading."""
    at, count = round(at_s * 8000), abs(ms) * 8
    if ms < 0:
        return np.concatenate([sound[:at], sound[at + count :]])
    last = sound[at - 160 : at]
    repeats = [last * np.float32(0.7**i) for i in range(count // 160 + 1)]
    gap = np.concatenate(repeats)[:count] if fill == "fading" else silence(count / 8000)
    return np.concatenate([sound[:at], gap, sound[at:]])


def heard(bank: PromptBank, *sounds: Floats, loss: float = 0.0) -> list[Observation]:
    call = Call()
    call.add(silence(_LEAD_S), *sounds, silence(2.0))
    return listen(lossy(call.line(), loss) if loss else call.line(), bank)


def followed(found: list[Observation], name: str) -> None:
    """The prompt was a candidate, confirmed and ended, each once, and nothing else was told of it."""
    for phase in (CANDIDATE, CONFIRMED, ENDED):
        assert [n for n, _ in prompts(found, phase)] == [name]
    assert prompts(found, DIVERGED) == []


@pytest.mark.parametrize("fill", ["fading", "silence"])
@pytest.mark.parametrize("ms", [20, 40, 60, 100, 160, 300])
@pytest.mark.parametrize("at_s", [0.31, 0.45, 0.54, 0.66, 0.9, 1.4, 2.33])
def test_inserted_frames_do_not_lose_the_prompt_and_move_its_end(
    bank: PromptBank, ms: int, at_s: float, fill: str
) -> None:
    sound = slipped(say(TEXTS["menu"]), at_s, ms, fill)
    found = heard(bank, sound)
    followed(found, "menu")
    assert {onset for phase in PromptPhase for _, onset in prompts(found, phase)} == {_LEAD_S}
    ended = next(o for o in found if isinstance(o, Prompt) and o.phase is ENDED)
    assert -0.02 < ended.at - (_LEAD_S + len(sound) / 8000) < 0.12


@pytest.mark.parametrize("ms", [-20, -40, -60, -100, -160])
@pytest.mark.parametrize("at_s", [0.31, 0.45, 0.54, 0.66, 0.9, 1.4, 2.33])
def test_dropped_frames_do_not_lose_the_prompt(bank: PromptBank, ms: int, at_s: float) -> None:
    found = heard(bank, slipped(say(TEXTS["menu"]), at_s, ms))
    followed(found, "menu")
    assert prompts(found, CONFIRMED)[0][1] == pytest.approx(_LEAD_S, abs=0.001)


@pytest.mark.parametrize("ms", [-60, -20, 20, 60, 160])
@pytest.mark.parametrize("at_s", [0.06, 0.13, 0.2, 0.27])
@pytest.mark.parametrize("name", ["menu", "kode", "salam"])
def test_a_slip_in_the_first_words_does_not_lose_the_prompt(bank: PromptBank, name: str, at_s: float, ms: int) -> None:
    found = heard(bank, slipped(say(TEXTS[name]), at_s, ms))
    followed(found, name)
    assert prompts(found, CONFIRMED)[0][1] == pytest.approx(_LEAD_S, abs=abs(ms) / 1000 + 0.001)


@pytest.mark.parametrize("lost_ms", [20, 40, 60, 80])
@pytest.mark.parametrize(
    "text", [*TEXTS.values(), "Anda akan kami hubungkan.", "Oh, nomor itu tidak ada.", "Mmm, maaf."]
)
def test_a_prompt_whose_first_packets_were_lost_began_where_it_would_have_begun(text: str, lost_ms: int) -> None:
    sound = say(text).copy()
    sound[: lost_ms * 8] = 0.0
    found = heard(PromptBank.of({"it": say(text)}), sound)
    assert {abs(onset - _LEAD_S) < 0.025 for _, onset in prompts(found, CONFIRMED)} == {True}


@pytest.mark.parametrize(("first_ms", "second_ms"), [(60, -40), (-60, -100), (160, 100), (100, -100), (300, -20)])
@pytest.mark.parametrize("apart_s", [0.4, 0.6, 1.5])
def test_two_slips_do_not_lose_the_prompt(bank: PromptBank, first_ms: int, second_ms: int, apart_s: float) -> None:
    for name in ("menu", "tunggu"):
        later = slipped(say(TEXTS[name]), 0.5 + apart_s, second_ms)
        followed(heard(bank, slipped(later, 0.5, first_ms)), name)
        followed(heard(bank, slipped(later, 0.5, first_ms), loss=0.02), name)


@pytest.mark.parametrize("every_s", [0.3, 0.4])
def test_a_stall_after_which_the_jitter_buffer_catches_up_frame_by_frame_does_not_lose_the_prompt(
    bank: PromptBank, every_s: float
) -> None:
    for name in ("menu", "kode", "tunggu"):
        sound = slipped(say(TEXTS[name]), 0.52, 100)
        for i in range(5):
            at_s = 0.62 + every_s * (i + 1)
            sound = slipped(sound, at_s, -20) if at_s * 8000 + 400 < len(sound) else sound
        followed(heard(bank, sound), name)


@pytest.mark.parametrize("ppm", [-200, 200])
def test_a_clock_that_drifts_does_not_lose_a_prompt_of_30_s(ppm: int) -> None:
    sentence = "Terima kasih telah menghubungi kami. Untuk informasi nomor {} silakan menunggu sebentar lagi."
    long = np.concatenate([say(sentence.format(i)) for i in range(1, 8)])[: 30 * 8000]
    places = np.arange(0, len(long) - 1, 1.0 + ppm * 1e-6)
    drifted = np.interp(places, np.arange(len(long)), long).astype(np.float32)
    bank = PromptBank.of({"panjang": long})
    assert bank.prompts[0].length_s > 29
    found = heard(bank, drifted)
    followed(found, "panjang")
    ended = next(o for o in found if isinstance(o, Prompt) and o.phase is ENDED)
    assert ended.at == pytest.approx(_LEAD_S + len(drifted) / 8000, abs=0.12)


@pytest.mark.parametrize("at_s", [0.4, 0.6, 0.75, 1.3])
def test_other_words_after_a_known_beginning_are_not_taken_for_a_slip(bank: PromptBank, at_s: float) -> None:
    other = "Kode yang Anda masukkan salah, silakan ulangi sekali lagi sekarang juga."
    for name in ("menu", "tunggu", "kode"):
        for voice in ("id", "id+f2"):
            found = heard(bank, say(TEXTS[name])[: round(at_s * 8000)], say(other, voice))
            assert [n for n, _ in prompts(found, CONFIRMED)] == ([name] if at_s > 1 else [])
            assert [n for n, _ in prompts(found, DIVERGED)] == [name]
