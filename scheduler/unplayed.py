"""Outcomes that say nothing about their target, because our own side did not play them or stood in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

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


def our_fault(outcome: Outcome, reason: Reason, detail: str) -> Outcome:
    """What was played stays, but it judges nobody: a step that failed is one that could not be judged."""
    blank = unplayed(reason, detail)
    steps = tuple(
        replace(step, verdict=StepVerdict.INCONCLUSIVE, detail=detail) if step.verdict is StepVerdict.FAIL else step
        for step in outcome.steps
    )
    return replace(
        blank,
        steps=steps,
        timings=outcome.timings,
        agent=outcome.agent,
        media=outcome.media,
        evidence=outcome.evidence,
    )
