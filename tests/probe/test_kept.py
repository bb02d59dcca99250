"""What is kept of a walk: everything observed with its instant, the limits of the steps, and nobody's words."""

from __future__ import annotations

import json
from typing import Any

from probe.kept import MOST_LINES, kept
from probe.observation import (
    RECORDING,
    Agent,
    AgentPhase,
    Answered,
    Message,
    Noted,
    Placed,
    Prompt,
    PromptPhase,
    Sender,
    Sign,
    Sound,
    SoundKind,
)
from probe.script import ExpectStep, PressStep
from probe.walk import StepEnd, StepRun, Walk

ZERO = 5000.25


def walk(*log: Any, steps: tuple[StepRun, ...] = ()) -> Walk:
    return Walk(steps=steps, log=(Placed(at=ZERO), *log), began=ZERO - 3.0, ended=ZERO + 30.0)


def lines(made: Walk) -> list[dict[str, Any]]:
    return [json.loads(line) for line in kept(made).splitlines()]


def test_every_instant_counts_from_t0_in_milliseconds() -> None:
    prompt = Prompt(at=ZERO + 2.0004, name="menu", phase=PromptPhase.CONFIRMED, onset=ZERO + 0.9996, score=0.9)
    sound = Sound(at=ZERO + 5, kind=SoundKind.MUSIC, onset=ZERO + 4, ended=True, until=ZERO + 4.5)
    _, placed, told, heard = lines(walk(prompt, sound))
    assert placed == {"saw": "Placed", "at_s": 0.0}
    assert told == {
        "saw": "Prompt", "at_s": 2.0, "name": "menu", "phase": "confirmed", "onset_s": 1.0, "score": 0.9,
        "until_s": None,
    }  # fmt: skip
    assert (heard["onset_s"], heard["until_s"], heard["ended"], heard["known"]) == (4.0, 4.5, True, False)


def test_the_signs_for_an_agent_keep_their_time_and_weight() -> None:
    sign = Sign("novel_speech", ZERO + 10, 1.5)
    agent = Agent(at=ZERO + 11, phase=AgentPhase.SUSPECTED, onset=ZERO + 10, confidence=0.4, signs=(sign,))
    assert lines(walk(agent))[-1]["signs"] == [{"sign": "novel_speech", "at_s": 10.0, "weight": 1.5}]


def test_the_steps_come_first_with_their_limits() -> None:
    expect = ExpectStep.model_validate({"expect": "agent", "within": "600s", "slow": "300s"})
    met = StepRun(step=expect, end=StepEnd.MET, started=ZERO + 1, finished=ZERO + 20, onset=ZERO + 12)
    press = StepRun(step=PressStep(press="1"), end=StepEnd.NOT_REACHED)
    head, first, second, *_ = lines(walk(Answered(at=ZERO + 1), steps=(met, press)))
    assert head == {"format": 1}
    assert first == {
        "step": "expect agent", "end": "met", "started_s": 1.0, "finished_s": 20.0, "onset_s": 12.0,
        "within_s": 600.0, "slow_s": 300.0,
    }  # fmt: skip
    assert second == {
        "step": "press 1", "end": "not_reached", "started_s": None, "finished_s": None, "onset_s": None,
    }  # fmt: skip


def test_what_people_wrote_is_not_kept() -> None:
    made = walk(Message(at=ZERO + 1, sender=Sender.HUMAN, text="Saya Budi, 0811", onset=ZERO + 1))
    assert "Budi" not in kept(made)
    assert lines(made)[-1] == {"saw": "Message", "at_s": 1.0, "sender": "human", "onset_s": 1.0}


def test_where_the_recording_lies_is_told_beside_the_rest() -> None:
    made = walk(Noted(at=ZERO + 2.5, what=RECORDING, facts={"second": 1}))
    assert lines(made)[-1] == {"saw": "Noted", "at_s": 2.5, "what": "recording", "facts": {"second": 1}}


def test_a_flood_of_observations_does_not_fill_the_disk() -> None:
    assert len(lines(walk(*[Answered(at=ZERO)] * (MOST_LINES + 5)))) == MOST_LINES + 1


def test_words_of_a_far_end_are_plain_ascii_lines() -> None:
    text = kept(walk(Noted(at=ZERO, what="\ud800\n\u202e", facts={"a": object})))
    assert text.isascii()
    assert len(text.splitlines()) == 3
