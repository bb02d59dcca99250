"""A person, or an announcement, in a stream that stalls: the silence that fills the gaps is nobody's pause."""

from __future__ import annotations

import numpy as np
import pytest

from probe.observation import AgentPhase
from tests.channels.voice.listening.hearing import agents, listen
from tests.channels.voice.listening.voices import Call, Floats, music, say, silence


def stalled(sound: Floats, ms: int) -> Floats:
    """Silence put in after 0.6 s and after 1.4 s."""
    gap = silence(ms / 1000)
    return np.concatenate([sound[:4800], gap, sound[4800:11200], gap, sound[11200:]])


@pytest.mark.parametrize("ms", [100, 200, 300])
def test_a_person_is_not_proven_by_gaps_in_the_stream_but_by_waiting(ms: int) -> None:
    call = Call()
    call.add(silence(0.5), music(4.0), silence(0.3))
    onset = call.add(stalled(say("Selamat pagi, dengan Sari, ada yang bisa saya bantu?", "id+f2"), ms))
    end = call.add(silence(3.0))
    call.add(say("Halo?", "id+f2"), silence(6.0))
    found = listen(call.line(-60.0), arm_s=0.5)
    [sure] = agents(found, AgentPhase.CONFIRMED)
    assert sure.onset == pytest.approx(onset, abs=0.1)
    assert sure.at > end + 1.0
    assert agents(found, AgentPhase.RETRACTED) == []


@pytest.mark.parametrize("ms", [100, 200, 300])
def test_an_announcement_with_gaps_in_the_stream_is_no_person(ms: int) -> None:
    text = "Semua petugas kami masih sibuk, panggilan Anda sangat penting bagi kami, mohon menunggu."
    call = Call()
    call.add(silence(0.5), music(4.0), silence(0.3), stalled(say(text), ms), silence(0.6), music(6.0))
    assert agents(listen(call.line(-60.0), arm_s=0.5), AgentPhase.CONFIRMED) == []
