"""The campaign of the prompts on a few recordings: that its figures can be bad, and that its halves share nothing."""

from __future__ import annotations

import numpy as np
import pytest

from channels.voice.listening.bank import PromptBank
from prove import corpus, prompts, spoiling
from prove.campaign import Result
from tests.channels.voice.listening.voices import say
from tests.farends import recordings

TEXTS = ("Jadwal kereta pagi sudah berubah.", "Loket dua melayani pembayaran.", "Surat Anda selesai besok siang.")


@pytest.fixture(scope="module")
def few() -> PromptBank:
    return PromptBank.of({text: say(text, "id+f3") for text in TEXTS})


@pytest.fixture(scope="module")
def sides() -> tuple[corpus.Corpus, corpus.Corpus]:
    if not recordings.fetched():
        pytest.skip("needs recordings of people: run `make farends` as root on Debian, which fetches them (95 MB)")
    return corpus.load("tuning", prompts.SMALL), corpus.load("scoring", prompts.SMALL)


def names(side: corpus.Corpus) -> set[str]:
    return {name for prompt in (*side.bank.prompts, *side.impostors, *side.variants) for name in prompt.names}


def test_no_voice_language_or_wording_stands_on_both_sides(sides: tuple[corpus.Corpus, corpus.Corpus]) -> None:
    tuning, scoring = (names(side) for side in sides)
    assert {n.partition("/")[0] for n in tuning}.isdisjoint(n.partition("/")[0] for n in scoring)
    assert {n.partition("/")[2] for n in tuning}.isdisjoint(n.partition("/")[2] for n in scoring)
    assert {folder for side in corpus.LANGUAGES.values() for folder in side} == set(recordings.LANGUAGES)


def test_no_impostor_is_a_known_recording(sides: tuple[corpus.Corpus, corpus.Corpus]) -> None:
    for side in sides:
        known = {name for prompt in side.bank.prompts for name in prompt.names}
        assert len(side.bank.prompts) >= 6
        assert len(side.impostors) >= 9
        assert known.isdisjoint(name for prompt in side.impostors for name in prompt.names)


def test_a_few_known_prompts_are_found_and_a_few_others_are_none(few: PromptBank) -> None:
    known, other = few.prompts[:2], few.prompts[2:]
    found = prompts.tally(
        prompts.Listeners(PromptBank(known)),
        prompts.lines(None)["clean"],
        prompts.plays_of(known),
        prompts.plays_of(other),
    )
    assert (found.known, found.missed, found.impostors, found.wrong) == (2, 0, 1, 0.0)
    assert max(found.onsets_ms) < 1.0
    assert 0.2 < min(found.candidates_s) <= max(found.candidates_s) < 0.8


def test_a_prompt_that_is_not_known_counts_as_missed_and_a_known_impostor_as_mistaken(few: PromptBank) -> None:
    stranger, known = few.prompts[:1], few.prompts[1:]
    found = prompts.tally(
        prompts.Listeners(PromptBank(known)),
        prompts.lines(None)["clean"],
        prompts.plays_of(stranger),
        prompts.plays_of(known),
    )
    assert (found.missed, found.mistaken) == (1, 2)


def test_figures_over_the_limits_are_no_proof() -> None:
    bad, result = prompts.Tally(known=100, missed=4, impostors=1000, mistaken=3), Result()
    bad.candidates_s, bad.onsets_ms = [0.3] * 90 + [0.5] * 10, [0.0] * 95 + [26.0]
    prompts._figures(result, "15 dB SNR", bad)
    assert [f.good for f in result.findings] == [False, False, False, False]


def test_noise_is_as_loud_as_it_says_and_so_many_packets_are_lost_in_bursts() -> None:
    speech, dice = say(TEXTS[0]), np.random.default_rng(1)
    rms = float(np.sqrt(np.mean(speech**2)))
    hiss = spoiling.noisy(np.zeros(80_000, dtype=np.float32), speech, dice)
    assert 20 * np.log10(rms / np.sqrt(np.mean(hiss.astype(np.float64) ** 2))) == pytest.approx(15.0, abs=0.3)
    steady = np.full(160 * 40_000, 8000.0, dtype=np.float32)
    lost = spoiling.lossy(steady, dice).reshape(-1, 160)[:, 0] < 7000
    assert np.mean(lost) == pytest.approx(0.05, abs=0.005)
    runs = np.count_nonzero(np.diff(lost.astype(int)) == 1)
    assert np.count_nonzero(lost) / runs == pytest.approx(2.0, abs=0.15)
