from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.voice.listening.bank import PromptBank
from channels.voice.listening.ear import Ear
from probe.observation import AgentPhase, Observation, PromptPhase, SoundKind, ToneKind
from tests.channels.voice.listening.hearing import agents, listen, phases, prompts, stretches, tones
from tests.channels.voice.listening.voices import Call, Ints, cadence, music, say, silence, tone

WELCOME = "Selamat datang di layanan pelanggan."
HOLD = "Mohon tunggu, semua petugas sedang sibuk."


def whole_call() -> tuple[Ints, dict[str, float]]:
    call = Call()
    call.add(silence(0.6))
    at = {"welcome": call.add(say(WELCOME))}
    at["arm"] = call.add(silence(0.8))
    at["hold"] = call.add(say(HOLD))
    at["music"] = call.add(music(4.0))
    call.add(silence(0.3))
    at["agent"] = call.add(say("Selamat pagi, dengan Budi.", "id+m3"))
    at["after"] = call.add(silence(5.0))
    return call.line(-60.0), at


@pytest.fixture(scope="module")
def bank() -> PromptBank:
    return PromptBank.of({"selamat-datang": say(WELCOME), "tunggu": say(HOLD), "lain": say("Terima kasih.")})


def test_a_call_from_the_greeting_to_the_agent_is_understood(bank: PromptBank) -> None:
    samples, at = whole_call()
    found = listen(samples, bank, arm_s=at["arm"])
    assert [n for n, _ in prompts(found, PromptPhase.CONFIRMED)] == ["selamat-datang", "tunggu"]
    assert [n for n, _ in prompts(found, PromptPhase.ENDED)] == ["selamat-datang", "tunggu"]
    assert len(stretches(found, SoundKind.MUSIC)) == 1
    assert [round(a, 1) for a, _ in stretches(found, SoundKind.SPEECH, known=False)] == [round(at["agent"], 1)]
    assert phases(found) == [AgentPhase.SUSPECTED, AgentPhase.CONFIRMED]


def test_nobody_is_suspected_before_we_listen_for_an_agent(bank: PromptBank) -> None:
    samples, _ = whole_call()
    assert phases(listen(samples, bank)) == []


def test_an_ear_without_prompts_still_hears_tones_and_speech() -> None:
    call = Call()
    call.add(silence(0.5), cadence(0.5, 0.5, times=4), say(WELCOME), silence(0.5))
    found = listen(call.line())
    assert tones(found) == [ToneKind.BUSY]
    assert len(stretches(found, SoundKind.SPEECH)) == 1


def test_a_fax_where_a_person_was_awaited_is_a_machine_and_nobody_after_it_a_person() -> None:
    call = Call()
    call.add(silence(0.5), cadence(1.0, 4.0), tone(3.0, 2100.0))
    call.add(silence(2.0), say("Halo?", "id+m3"), silence(4.0), say("Halo?", "id+m3"), silence(6.0))
    assert phases(listen(call.line(-60.0), arm_s=0.5)) == [AgentPhase.MACHINE]
    assert phases(listen(call.line(-60.0))) == []


def test_a_fax_that_answered_before_a_person_was_awaited_is_a_machine_as_soon_as_one_is() -> None:
    call = Call()
    call.add(silence(0.5), tone(3.0, 2100.0), silence(3.0))
    [machine] = agents(listen(call.line(-60.0), arm_s=5.0), AgentPhase.MACHINE)
    assert (machine.onset, machine.at) == pytest.approx((0.5, 5.0), abs=0.1)


@settings(max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(1, 5000), min_size=1, max_size=40))
def test_the_result_does_not_depend_on_how_the_stream_is_cut(cuts: list[int]) -> None:
    whole, pieces = Ear(BANK), Ear(BANK)
    expected = whole.feed(SAMPLES) + whole.flush()
    found: list[Observation] = []
    at = 0
    while at < len(SAMPLES):
        step = cuts[len(found) % len(cuts)]
        found += pieces.feed(SAMPLES[at : at + step])
        at += step
    assert found + pieces.flush() == expected


def test_a_call_costs_little_and_no_block_keeps_other_threads_waiting() -> None:
    """Four ears share a thread with 50 calls' media next to it: 4 % of a core per call, 30 ms per block at most."""
    words = ("satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan", "nol")
    prompts_ = {f"{a}-{b}": say(f"Untuk {a}, tekan {b}.") for a in words[:5] for b in words}
    bank, samples = PromptBank.of(prompts_), whole_call()[0]
    ear, spent = Ear(bank), list[float]()
    for i in range(0, len(samples), 640):
        began = time.thread_time()
        ear.feed(samples[i : i + 640])
        spent.append(time.thread_time() - began)
    assert sum(spent) / (len(samples) / 8000) < 0.04
    assert max(spent[1:]) < 0.03


SAMPLES = whole_call()[0][: 8 * 8000 + 123]
BANK = PromptBank.of({"selamat-datang": say(WELCOME)})


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), blocks=st.integers(0, 30))
def test_any_samples_whatever_are_survived(seed: int, blocks: int) -> None:
    """Extreme values, offsets and bursts: the far end may send anything."""
    rng = np.random.default_rng(seed)
    ear = Ear(BANK)
    ear.listen_for_agent()
    for _ in range(blocks):
        kind = rng.integers(4)
        n = int(rng.integers(0, 1500))
        block = rng.integers(-32768, 32768, n) if kind == 0 else np.full(n, [0, 32767, -32768, 1][kind])
        for seen in ear.feed(block.astype(np.int16)):
            assert 0.0 <= seen.at <= ear.now_s
    ear.flush()
