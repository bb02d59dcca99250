from __future__ import annotations

import numpy as np
import pytest

from channels.voice.listening.bank import PromptBank
from probe.observation import Observation, Prompt, PromptPhase, SoundKind
from tests.channels.voice.listening.hearing import listen, prompts, stretches
from tests.channels.voice.listening.voices import Call, Floats, Ints, lossy, music, noise, say, silence

TEXTS = {
    "salam": "Selamat datang di layanan pelanggan kami.",
    "menu": "Tekan satu untuk berbicara dengan petugas. Tekan dua untuk informasi.",
    "tutup": "Mohon maaf, kantor kami sedang tutup.",
    "tunggu": "Semua petugas sedang sibuk, mohon menunggu.",
    "kode": "Masukkan nomor kartu Anda, diakhiri dengan pagar.",
    "saldo": "Untuk informasi saldo, tekan bintang.",
}
CANDIDATE, CONFIRMED, DIVERGED, ENDED = PromptPhase


@pytest.fixture(scope="module")
def bank() -> PromptBank:
    return PromptBank.of({name: say(text) for name, text in TEXTS.items()})


def spoken(*sounds: Floats, noise_dbm0: float | None = None, lead_s: float = 0.7) -> Ints:
    call = Call()
    call.add(silence(lead_s), *sounds, silence(1.0))
    return call.line(noise_dbm0)


def times(found: list[Observation], phase: PromptPhase) -> list[float]:
    return [o.at for o in found if isinstance(o, Prompt) and o.phase is phase]


@pytest.mark.parametrize("name", list(TEXTS))
def test_every_prompt_is_a_candidate_at_03_s_confirmed_at_1_s_and_ended_at_its_length(
    bank: PromptBank, name: str
) -> None:
    sound = say(TEXTS[name])
    found = listen(spoken(sound, lead_s=0.7333), bank)
    onset = round(0.7333 * 8000) / 8000
    for phase in (CANDIDATE, CONFIRMED, ENDED):
        assert [n for n, _ in prompts(found, phase)] == [name]
    assert prompts(found, CONFIRMED)[0][1] == pytest.approx(onset, abs=0.0003)
    assert times(found, CANDIDATE)[0] - onset < 0.45
    assert times(found, CONFIRMED)[0] - onset < 1.15
    assert times(found, ENDED)[0] == pytest.approx(onset + len(sound) / 8000, abs=0.1)
    [ended] = [o for o in found if isinstance(o, Prompt) and o.phase is ENDED]
    assert ended.until == pytest.approx(onset + len(sound) / 8000, abs=0.01)


@pytest.mark.parametrize("lost_ms", [20, 40])
@pytest.mark.parametrize("name", list(TEXTS))
def test_a_greeting_that_comes_with_the_answer_is_known_without_its_first_packets(
    bank: PromptBank, name: str, lost_ms: int
) -> None:
    found = listen(spoken(say(TEXTS[name])[lost_ms * 8 :], lead_s=0.0), bank)
    assert [n for n, _ in prompts(found, CONFIRMED)] == [name]
    assert 0.0 <= prompts(found, CONFIRMED)[0][1] < 0.001


@pytest.mark.parametrize(
    "spoil",
    [
        lambda s: lossy(spoken(s), 0.02),
        lambda s: lossy(spoken(s), 0.05),
        lambda s: spoken(s, noise_dbm0=-33.0),
        lambda s: spoken(s * np.float32(0.25)),
        lambda s: spoken(s * np.float32(4.0)),
        lambda s: spoken(s + music(len(s) / 8000 + 1, -30.0)[: len(s)]),
    ],
    ids=["2 % loss", "5 % loss", "15 dB noise", "-12 dB", "+12 dB", "music 12 dB below"],
)
def test_bad_lines_do_not_hide_a_prompt(bank: PromptBank, spoil: object) -> None:
    assert callable(spoil)
    for name, text in TEXTS.items():
        assert [n for n, _ in prompts(listen(spoil(say(text)), bank), CONFIRMED)] == [name]


def test_other_speech_and_music_are_no_prompt(bank: PromptBank) -> None:
    other = [
        say("Silakan menghubungi kami kembali pada hari kerja pukul delapan pagi.", v) for v in ("id", "id+f2", "ms")
    ]
    found = listen(spoken(*other, music(10.0)), bank)
    assert prompts(found, CONFIRMED) == []
    assert len(stretches(found, SoundKind.SPEECH, known=True)) == 0


def test_a_prompt_cut_short_by_silence_ends_04_s_later(bank: PromptBank) -> None:
    found = listen(spoken(say(TEXTS["menu"])[:16000], silence(1.0)), bank)
    assert [n for n, _ in prompts(found, ENDED)] == ["menu"]
    assert times(found, ENDED)[0] == pytest.approx(0.7 + 2.0 + 0.5, abs=0.2)


def test_a_prompt_that_takes_over_ends_the_one_before(bank: PromptBank) -> None:
    found = listen(spoken(say(TEXTS["menu"])[:16000], say(TEXTS["tunggu"])), bank)
    assert [n for n, _ in prompts(found, CONFIRMED)] == ["menu", "tunggu"]
    assert [n for n, _ in prompts(found, ENDED)] == ["menu", "tunggu"]


def test_the_same_prompt_twice_is_heard_twice(bank: PromptBank) -> None:
    sound = say(TEXTS["salam"])
    onsets = [at for _, at in prompts(listen(spoken(sound, silence(0.2), sound), bank), CONFIRMED)]
    assert onsets == pytest.approx([0.7, 0.9 + len(sound) / 8000], abs=0.001)


def test_known_beginning_and_unknown_end_diverges_and_the_rest_is_unknown_speech(bank: PromptBank) -> None:
    start = say(TEXTS["menu"])[:12800]
    other = say("Kode yang Anda masukkan salah, silakan ulangi sekali lagi sekarang juga.", "id+f2")
    found = listen(spoken(start, other), bank)
    assert [n for n, _ in prompts(found, DIVERGED)] == ["menu"]
    unknown = stretches(found, SoundKind.SPEECH)
    assert unknown[0][0] == pytest.approx(0.7 + 1.6, abs=0.25)


def test_twins_are_told_apart_after_their_common_beginning() -> None:
    start = say("Terima kasih telah menghubungi kami.")
    ends = {"tutup": say("Kantor kami sedang tutup sekarang."), "buka": say("Silakan pilih menu berikut ini.")}
    bank = PromptBank.of({n: np.concatenate([start, e]) for n, e in ends.items()})
    for name, end in ends.items():
        found = listen(spoken(start, end), bank)
        assert [n for n, _ in prompts(found, CONFIRMED)] == [name]
        assert [n for n, _ in prompts(found, ENDED)] == [name]


def test_a_prompt_that_is_the_beginning_of_another_is_told_by_what_follows() -> None:
    short, more = say("Mohon tunggu sebentar."), say("Petugas kami akan segera melayani Anda.")
    bank = PromptBank.of({"pendek": short, "panjang": np.concatenate([short, more])})
    assert [n for n, _ in prompts(listen(spoken(short, silence(2.0)), bank), CONFIRMED)] == ["pendek"]
    assert [n for n, _ in prompts(listen(spoken(short, more), bank), CONFIRMED)] == ["panjang"]
    assert [n for n, _ in prompts(listen(spoken(short, music(3.0)), bank), CONFIRMED)] == ["pendek"]


def test_identical_recordings_are_heard_under_each_name() -> None:
    sound = say("Selamat datang.")
    bank = PromptBank.of({"a": sound, "b": sound})
    assert [n for n, _ in prompts(listen(spoken(sound), bank), CONFIRMED)] == ["a", "b"]


def test_a_prompt_over_line_noise_is_known_speech_and_never_unknown(bank: PromptBank) -> None:
    for text in TEXTS.values():
        found = listen(spoken(say(text), noise_dbm0=-55.0), bank)
        assert stretches(found, SoundKind.SPEECH) == []
        assert len(stretches(found, SoundKind.SPEECH, known=True)) >= 1


def test_noise_alone_is_nothing(bank: PromptBank) -> None:
    found = listen(spoken(noise(10.0, -30.0)), bank)
    assert not [o for o in found if isinstance(o, Prompt)]
    assert stretches(found, SoundKind.SPEECH) == []
