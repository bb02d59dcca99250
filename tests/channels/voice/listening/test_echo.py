"""Our own sound that comes back is known for it, and never somebody who answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from channels.voice.listening.echo import EchoWatch
from channels.voice.listening.features import BLOCK
from probe.observation import AgentPhase, SoundKind
from tests.channels.voice.listening.hearing import agents, listen, phases, stretches
from tests.channels.voice.listening.voices import (
    Call,
    Floats,
    Ints,
    a_law,
    cadence,
    lossy,
    mu_law,
    music,
    noise,
    say,
    silence,
)

GREETING = say("Selamat siang, ini panggilan uji otomatis. Tidak perlu ditindaklanjuti. Terima kasih.", "id+f2")
BEGINS = 1.0


def spoken(length: int) -> Floats:
    """What we send: the greeting after a second."""
    out = np.zeros(length, dtype=np.float32)
    at = round(BEGINS * 8000)
    out[at : at + len(GREETING)] = GREETING[: length - at]
    return out


def echo_of(sent: Floats, delay_ms: float, loss_db: float) -> Floats:
    lag = round(delay_ms * 8)
    return np.concatenate([np.zeros(lag, np.float32), sent])[: len(sent)] * np.float32(10 ** (-loss_db / 20))


def watched(heard: Ints, sent: Floats) -> EchoWatch:
    echo = EchoWatch()
    for i in range(0, len(heard) // BLOCK * BLOCK, BLOCK):
        echo.feed(i, heard[i : i + BLOCK].astype(np.float32), sent[i : i + BLOCK])
    return echo


LINES: dict[str, Callable[[Floats], Ints]] = {
    "mu-law": mu_law,
    "A-law": a_law,
    "noise": lambda s: mu_law(s + noise(len(s) / 8000, -62.0)[: len(s)]),
    "a twentieth of the packets lost": lambda s: lossy(mu_law(s), 0.05),
}


@pytest.mark.parametrize("delay_ms", [20.0, 133.0, 600.0])
@pytest.mark.parametrize("loss_db", [0.0, 15.0, 30.0])
@pytest.mark.parametrize("line", LINES)
def test_our_own_sound_is_found_with_its_delay_and_its_loss(delay_ms: float, loss_db: float, line: str) -> None:
    sent = spoken(8000 * 9)
    echo = watched(LINES[line](echo_of(sent, delay_ms, loss_db)), sent)
    assert echo.delay_ms == pytest.approx(delay_ms, abs=2.0)
    assert echo.loss_db == pytest.approx(loss_db, abs=2.5)
    first = echo.stretches[0]
    assert first.onset / 8000 == pytest.approx(BEGINS + delay_ms / 1000, abs=0.4)


@pytest.mark.parametrize(
    "other",
    [say("Selamat pagi, dengan Budi, ada yang bisa saya bantu? Halo? Halo, selamat siang.", "id+m3"), music(7.0)],
)
def test_somebody_else_is_no_echo(other: Floats) -> None:
    sent = spoken(8000 * 8)
    heard = np.concatenate([silence(1.2), other, silence(8.0)])[: len(sent)]
    assert watched(mu_law(heard), sent).stretches == []


def test_while_we_are_silent_nothing_is_an_echo() -> None:
    heard = mu_law(np.concatenate([say("Halo, selamat siang, dengan Budi."), silence(1.0)]))
    faint = np.random.default_rng(1).integers(-6, 7, len(heard)).astype(np.float32)
    assert watched(heard, faint).stretches == []


@pytest.mark.parametrize("delay_ms", [40.0, 300.0, 600.0])
@pytest.mark.parametrize("loss_db", [3.0, 20.0])
def test_an_echo_of_our_greeting_answers_nothing(delay_ms: float, loss_db: float) -> None:
    """Ringback, then a line that returns what we say: nobody is there."""
    call = Call()
    call.add(silence(0.5), cadence(1.0, 4.0))
    length = 8000 * 18
    sent = np.concatenate([silence(5.0), spoken(length - 5 * 8000)])
    heard = np.concatenate([np.concatenate(call.parts), silence(20.0)])[:length] + echo_of(sent, delay_ms, loss_db)
    played = (6.0, 6.0 + len(GREETING) / 8000)
    found = listen(
        mu_law(heard + noise(18.0, -65.0)),
        arm_s=0.5,
        cues=((played[0], lambda ear: ear.we_sent("play", *played)),),
        sent=mu_law(sent),
    )
    assert AgentPhase.CONFIRMED not in phases(found)
    assert stretches(found, SoundKind.SPEECH, known=False) == []


def test_who_answers_after_the_echo_is_heard() -> None:
    length = 8000 * 20
    sent = np.concatenate([silence(5.0), spoken(length - 5 * 8000)])
    call = Call()
    call.add(silence(0.5), cadence(1.0, 4.0))
    call.add(silence(6.0 + len(GREETING) / 8000 + 1.0 - call.at))
    answer = call.add(say("Ya, terima kasih.", "id+m3"), silence(9.0))
    heard = np.concatenate([np.concatenate(call.parts), silence(20.0)])[:length] + echo_of(sent, 200.0, 12.0)
    played = (6.0, 6.0 + len(GREETING) / 8000)
    found = listen(
        mu_law(heard + noise(20.0, -65.0)),
        arm_s=0.5,
        cues=((played[0], lambda ear: ear.we_sent("play", *played)),),
        sent=mu_law(sent),
    )
    assert agents(found, AgentPhase.CONFIRMED)[0].onset == pytest.approx(answer, abs=0.2)
