"""What a script may expect of what is told."""

from __future__ import annotations

import pytest

from probe.match import Window, match
from probe.observation import Tone, ToneKind
from probe.script import ExpectStep, check_expectation

WINDOW = Window(opened=0.0, deadline=30.0)


@pytest.mark.parametrize("kind", [kind for kind in ToneKind if kind is not ToneKind.BEEP])
def test_every_tone_that_is_told_may_be_expected_and_forbidden(kind: ToneKind) -> None:
    step = ExpectStep.model_validate({"expect": f"tone:{kind}", "never": f"tone:{kind}"})
    heard = Tone(at=2.0, kind=kind, onset=1.0)
    assert match(step.expect, heard, WINDOW) == match(step.never, heard, WINDOW) is not None


def test_a_recorders_beep_is_nothing_to_wait_for() -> None:
    with pytest.raises(ValueError, match="unknown thing to expect 'tone:beep'"):
        check_expectation("tone:beep")
