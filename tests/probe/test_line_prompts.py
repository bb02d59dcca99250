"""When a prompt is over: at its end, unless it broke off and was taken up again."""

from __future__ import annotations

from probe.line import Line
from probe.observation import Prompt, PromptPhase, Sound, SoundKind

CANDIDATE, CONFIRMED, DIVERGED, ENDED = PromptPhase


def seen(*phases: tuple[float, PromptPhase]) -> Line:
    line = Line()
    for at, phase in phases:
        line.add(Prompt(at=at, name="menu", phase=phase, onset=1.0))
    return line


MENU = Prompt(at=2.0, name="menu", phase=CONFIRMED, onset=1.0)


def test_a_prompt_that_broke_off_and_was_taken_up_again_goes_on() -> None:
    broken = ((1.3, CANDIDATE), (2.0, CONFIRMED), (3.0, ENDED))
    assert seen(*broken).prompt_ended_at(MENU) == 3.0
    assert seen(*broken, (3.9, CANDIDATE), (3.9, CONFIRMED)).prompt_ended_at(MENU) is None
    assert seen(*broken, (3.9, CANDIDATE), (3.9, CONFIRMED), (6.0, ENDED)).prompt_ended_at(MENU) == 6.0


def test_a_prompt_that_goes_on_with_other_words_is_over_with_them() -> None:
    line = seen((1.3, CANDIDATE), (2.0, CONFIRMED))
    line.add(Prompt(at=3.5, name="menu", phase=DIVERGED, onset=1.0, until=3.0))
    assert line.prompt_ended_at(MENU) == 3.5
    line.add(Sound(at=3.6, kind=SoundKind.SPEECH, onset=3.0))
    assert line.prompt_ended_at(MENU) is None
    line.add(Sound(at=6.4, kind=SoundKind.SPEECH, onset=3.0, ended=True, until=6.0))
    assert line.prompt_ended_at(MENU) == 6.0
