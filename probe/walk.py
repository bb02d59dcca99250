"""What the player saw, step by step: the facts that the judge decides on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from probe.observation import Observation, Unheard
from probe.reasons import Reason
from probe.script import ExpectStep, Step


class StepEnd(StrEnum):
    """How a step came to its end."""

    MET = "met"
    SKIPPED = "skipped"
    """An optional expectation that was not met."""
    CHANGED = "changed"
    """Where its prompt always stood other words were heard, and the rest of the script went as before."""
    DEADLINE = "deadline"
    CALL_OVER = "call_over"
    NEVER = "never"
    """Something of ``never`` was observed."""
    MACHINE = "machine"
    """A machine took the call where a person was awaited; nobody comes after it."""
    STOPPED = "stopped"
    """Interrupted, capped, or our own trouble."""
    LET_GO = "let_go"
    """Not reached, because the agent had been held long enough."""
    NOT_REACHED = "not_reached"


_Kind = TypeVar("_Kind", bound=Observation)

UNHEARD_S: Final = 0.3
"""So much of a call missed by our own ear spoils what it says of the far end: a known prompt is recognised by 0.3 s."""
UNMET = frozenset({StepEnd.DEADLINE, StepEnd.CALL_OVER, StepEnd.NEVER, StepEnd.MACHINE, StepEnd.STOPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRun:
    """One step of the script as it went. Instants on the monotonic clock.

    ``onset`` is when the thing that met the step began (back-dated); ``what`` names it in words of the script.
    """

    step: Step
    end: StepEnd
    started: float | None = None
    finished: float | None = None
    onset: float | None = None
    what: str = ""

    @property
    def waited_s(self) -> float | None:
        """From the start of the step to the onset of what met it, else to its end."""
        if self.started is None or self.finished is None:
            return None
        return max(0.0, (self.finished if self.onset is None else self.onset) - self.started)

    @property
    def slow(self) -> bool:
        """Met, but later than its ``slow`` limit."""
        limit = self.step.slow if isinstance(self.step, ExpectStep) else None
        return self.end is StepEnd.MET and limit is not None and (self.waited_s or 0.0) > limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A script played over a session: one StepRun per step and everything observed, in order."""

    steps: tuple[StepRun, ...]
    log: tuple[Observation, ...]
    began: float
    ended: float
    stopped_by: Reason | None = None
    """Why we ended it ourselves before the script was through."""
    stood: frozenset[str] = frozenset()
    """Steps (their text) that earlier runs met: their prompts are known to stand there."""

    @property
    def script(self) -> tuple[Step, ...]:
        return tuple(run.step for run in self.steps)

    @property
    def failed(self) -> StepRun | None:
        """The step the script ended at, if it did not come through."""
        return next((run for run in self.steps if run.end in UNMET), None)

    def before(self, run: StepRun) -> tuple[StepRun, ...]:
        """The steps that came before this one (told by identity: two steps may be equal)."""
        index = next(i for i, item in enumerate(self.steps) if item is run)
        return self.steps[:index]

    @property
    def unheard_s(self) -> float:
        """Seconds of the far end that our own machine was too slow to hear."""
        return sum(unheard.lost_s for unheard in self.seen(Unheard))

    def seen(self, kind: type[_Kind]) -> list[_Kind]:
        """All observations of one type, in order."""
        return [item for item in self.log if isinstance(item, kind)]
