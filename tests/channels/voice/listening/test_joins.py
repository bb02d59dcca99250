"""Prompts heard from their middle on: the far end began there, or a part was lost on the way."""

from __future__ import annotations

import numpy as np
import pytest

from channels.voice.listening.bank import PromptBank
from probe.observation import Observation, Prompt, PromptPhase, SoundKind
from tests.channels.voice.listening.hearing import listen, prompts, stretches
from tests.channels.voice.listening.voices import Call, Floats, lossy, music, say, silence

TEXTS = {
    "panjang": "Terima kasih telah menghubungi layanan kami. Untuk keluhan pelanggan, tekan satu. Untuk hal lain, "
    "tetap tunggu sampai petugas kami menjawab panggilan Anda.",
    "antre": "Semua petugas sedang melayani pelanggan lain. Panggilan Anda akan segera kami sambungkan.",
    "libur": "Kantor kami tutup selama hari raya dan buka kembali pada hari Senin pukul delapan pagi.",
}
CANDIDATE, CONFIRMED, DIVERGED, ENDED = PromptPhase


@pytest.fixture(scope="module")
def bank() -> PromptBank:
    return PromptBank.of({name: say(text) for name, text in TEXTS.items()})


def heard(bank: PromptBank, *sounds: Floats, loss: float = 0.0) -> list[Observation]:
    call = Call()
    call.add(*sounds, silence(2.0))
    return listen(lossy(call.line(), loss) if loss else call.line(), bank)


def confirmed(found: list[Observation]) -> list[tuple[str, float]]:
    return prompts(found, CONFIRMED)


@pytest.mark.parametrize("name", list(TEXTS))
@pytest.mark.parametrize("cut_s", [0.5, 1.13, 1.9, 2.71])
def test_a_prompt_that_begins_in_its_middle_is_known_and_dated_to_where_it_would_have_begun(
    bank: PromptBank, name: str, cut_s: float
) -> None:
    sound, before_s = say(TEXTS[name]), 3.3
    found = heard(bank, silence(before_s), sound[round(cut_s * 8000) :])
    assert [n for n, _ in confirmed(found)] == [name]
    assert confirmed(found)[0][1] == pytest.approx(before_s - cut_s, abs=0.01)
    assert stretches(found, SoundKind.SPEECH) == []
    ended = next(o for o in found if isinstance(o, Prompt) and o.phase is ENDED)
    assert ended.at == pytest.approx(before_s - cut_s + len(sound) / 8000, abs=0.12)


def test_a_prompt_joined_with_the_first_sample_of_the_call_begins_with_the_call(bank: PromptBank) -> None:
    found = heard(bank, say(TEXTS["panjang"])[24_000:])
    assert confirmed(found) == [("panjang", 0.0)]


def test_a_joined_prompt_is_not_dated_into_what_was_heard_before_it(bank: PromptBank) -> None:
    before = say("Baik.", "id+f2")
    found = heard(bank, before, silence(3.5), say(TEXTS["panjang"])[6 * 8000 :])
    assert [n for n, _ in confirmed(found)] == ["panjang"]
    assert confirmed(found)[0][1] == pytest.approx(len(before) / 8000, abs=0.15)


@pytest.mark.parametrize("lost_s", [0.3, 0.5, 0.8, 1.4, 2.2, 3.0])
@pytest.mark.parametrize("at_s", [0.5, 1.2, 2.4])
def test_sound_lost_within_a_prompt_leaves_it_one_prompt(bank: PromptBank, lost_s: float, at_s: float) -> None:
    sound = say(TEXTS["panjang"])
    a, b = round(at_s * 8000), round((at_s + lost_s) * 8000)
    gap = np.concatenate([sound[:a], silence(lost_s), sound[b:]])
    found = heard(bank, silence(0.7), gap)
    assert {n for n, _ in confirmed(found)} == {"panjang"}
    assert all(at == pytest.approx(0.7, abs=0.001) for _, at in confirmed(found))
    assert stretches(found, SoundKind.SPEECH) == []
    last = [o for o in found if isinstance(o, Prompt)][-1]
    assert last.phase is ENDED
    assert last.at == pytest.approx(0.7 + len(sound) / 8000, abs=0.15)


@pytest.mark.parametrize("jump_s", [0.4, 0.9, 2.0, 3.0])
def test_a_stream_that_jumps_within_a_prompt_stays_in_it(bank: PromptBank, jump_s: float) -> None:
    sound = say(TEXTS["panjang"])
    found = heard(bank, silence(0.7), sound[:16_000], sound[16_000 + round(jump_s * 8000) :])
    assert {n for n, _ in confirmed(found)} == {"panjang"}
    assert stretches(found, SoundKind.SPEECH) == []


def test_the_same_words_within_other_speech_are_no_join(bank: PromptBank) -> None:
    shared = say(TEXTS["antre"])[: 3 * 8000][12_000:]
    other = say("Maaf, pilihan ini tidak ada di dalam menu", "id+f2")
    found = heard(bank, silence(0.5), other, shared, say("Silakan coba lagi lain kali.", "id+f2"))
    assert confirmed(found) == []


def test_other_speech_and_music_join_nothing(bank: PromptBank) -> None:
    other = [say("Silakan menghubungi kami pada hari kerja, kami siap membantu.", v) for v in ("id", "id+f2", "ms")]
    assert confirmed(heard(bank, *other, music(20.0))) == []


def test_a_join_survives_lost_packets(bank: PromptBank) -> None:
    for name, text in TEXTS.items():
        found = heard(bank, silence(3.0), say(text)[14_000:], loss=0.05)
        assert [n for n, _ in confirmed(found)] == [name]
