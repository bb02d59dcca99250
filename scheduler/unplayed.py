"""Outcomes of runs that said nothing about their target because our own side did not get to play them."""

from __future__ import annotations

from collections.abc import Sequence

from probe.outcome import Outcome, StepResult, StepVerdict, Timings
from probe.reasons import Judged, Reason, Stage, Verdict, owner_of
from probe.script import Step


def unplayed(reason: Reason, detail: str, script: Sequence[Step] = ()) -> Outcome:
    """Inconclusive at stage probe, with no step reached; ``reason`` is one of our side's."""
    return Outcome(
        verdict=Verdict.INCONCLUSIVE,
        stage=Stage.PROBE,
        reason=reason,
        owner=owner_of(reason, Stage.PROBE),
        detail=detail,
        accessibility=Judged.NOT_JUDGED,
        availability=Judged.NOT_JUDGED,
        timings=Timings(),
        steps=tuple(
            StepResult(step=step.text, verdict=StepVerdict.NOT_REACHED, at_s=None, took_s=None) for step in script
        ),
    )
