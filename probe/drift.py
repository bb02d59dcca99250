"""Prompts whose wording changed: something else is said where a known prompt always stood, and the rest is as before.

The player goes on past such a step only if earlier runs heard the prompt there (``stood``). Whether the rest bears it
out is asked when the walk is over; where it does not, the prompt was simply not heard.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final

from probe.line import NEAR_S, Line
from probe.observation import (
    RECORDING,
    Agent,
    AgentPhase,
    KeysPressed,
    Noted,
    Observation,
    Prompt,
    PromptPhase,
)
from probe.script import ChooseStep, ExpectStep, PressStep, Step, expects_agent
from probe.speech import Stretch, stretches
from probe.walk import UNHEARD_S, StepEnd, StepRun, Walk

LEAST_S: Final = 1.0
"""Shorter speech is no other wording of a prompt: a known one is confirmed after as much."""
QUIET_S: Final = 3.0
"""So long after other speech the menu waits for a key, and the prompt will not come any more."""
BEFORE_S, AFTER_S = 0.15, 0.25
"""Kept around it: onsets and ends of speech are known to less than this."""
PAUSE_S: Final = 2.0
"""A longer pause ends what was said; between two sentences it is shorter."""
MOST_S: Final = 60.0
"""No more of it is kept."""
KEY_S: Final = 0.3
"""A key is dated at its end; it began so much before, and the far end stops for its beginning."""


@dataclass(frozen=True, slots=True)
class Change:
    """In ``[onset, until)`` other words were heard instead of the prompt ``name``, or from its middle on."""

    run: StepRun
    name: str
    onset: float
    until: float


def prompts_of(step: Step) -> tuple[str, ...]:
    """Names of the prompts that meet a step."""
    expected = step.expect if isinstance(step, ExpectStep) else ()
    return tuple(e.removeprefix("prompt:") for e in expected if e.startswith("prompt:"))


@dataclass(frozen=True, slots=True)
class Instead:
    """Words from ``onset`` on in the place of ``what``; from ``said`` on the far end went on, or waits for us."""

    what: str
    onset: float
    said: float


class Wordings:
    """What the player asks on its way: do other words stand where the prompt of a step stood in earlier runs?"""

    def __init__(self, script: Sequence[Step], stood: frozenset[str]) -> None:
        self._script = script
        self.stood = stood
        self.last: Instead | None = None
        """Other words that were gone past, while no known prompt came since."""
        self._place = -math.inf

    def met(self, prompt: Prompt) -> None:
        """A step was met by a known prompt: what comes next stands after it."""
        self._place, self.last = prompt.onset, None

    def past(self, other: Instead) -> None:
        """The walk goes on past these words."""
        self._place, self.last = other.onset, other

    def instead(self, index: int, line: Line, opened: float, now: float) -> Instead | None:
        """Words in the place of a step's prompt; none while another known prompt stands there.

        What began before ``opened`` belongs to earlier steps, and so does what came before a key or a prompt of theirs.
        """
        step = self._script[index]
        if step.text not in self.stood or not (wanted := prompts_of(step)) or not self._matters(index):
            return None
        keys = (seen.at - KEY_S for seen in line.log if isinstance(seen, KeysPressed))
        after = max(opened, self._place, *keys)
        fresh = next((s for s in _long(line.log, now) if s.onset > after), None)
        if fresh is None:
            return None
        then, others = self._awaited_after(index), [p for p in _confirmed(line.log) if p.onset > after]
        if any(p.name not in then or p.onset < fresh.onset for p in others):
            return None
        quiet = line.quiet_after_speech_since(fresh.onset)
        waits_for_us = not isinstance(self._script[index + 1], ExpectStep)
        over = quiet + QUIET_S if waits_for_us and quiet is not None else math.inf
        return Instead(f"prompt:{wanted[0]}", fresh.onset, -math.inf if others else over)

    def _matters(self, index: int) -> bool:
        """Must the prompt be heard, and can anything after it bear out that all the rest is as before?"""
        step, after = self._script[index], self._script[index + 1 :]
        bears_out = any(isinstance(s, ExpectStep) and any(map(_bears_out, s.expect)) for s in after)
        return bears_out and isinstance(step, ExpectStep) and not step.optional

    def _awaited_after(self, index: int) -> frozenset[str]:
        """Prompts that the far end says by itself after those of a step: before a key of ours is due."""
        ahead = takewhile(lambda step: isinstance(step, ExpectStep), self._script[index + 1 :])
        return frozenset(name for step in ahead for name in prompts_of(step))


def settled(walk: Walk) -> Walk:
    """The walk in which no prompt counts as changed unless the rest of the script bears it out.

    One that came after all before its deadline was heard.
    """
    return replace(walk, steps=tuple(_settled(walk, run) for run in walk.steps))


def _settled(walk: Walk, run: StepRun) -> StepRun:
    if run.end is not StepEnd.CHANGED or run.onset is None or run.started is None:
        return run
    came = next((p for p in _confirmed(walk.log) if p.name in prompts_of(run.step) and p.onset >= run.onset), None)
    if came is None:
        return run if _borne_out(walk, run, run.onset) else replace(run, end=StepEnd.DEADLINE)
    in_time = isinstance(run.step, ExpectStep) and came.at <= run.started + run.step.within
    return replace(run, end=StepEnd.MET if in_time else StepEnd.DEADLINE, onset=came.onset, what=f"prompt:{came.name}")


def changes(walk: Walk) -> tuple[Change, ...]:
    """All prompts of a settled walk whose wording changed, in the order of the script."""
    if walk.unheard_s >= UNHEARD_S:
        return ()
    return tuple(change for run in walk.steps if (change := _change(walk, run)) is not None)


def span(walk: Walk, change: Change) -> tuple[float, float]:
    """The change with a breath around it, and nothing of what was said before and after."""
    before = [_end(s, walk) for s in stretches(walk.log) if s.onset < change.onset]
    before += [p.until for p in walk.seen(Prompt) if p.until is not None and p.until <= change.onset]
    after = [s.onset for s in stretches(walk.log) if s.onset >= change.until]
    after += [p.onset for p in _confirmed(walk.log) if p.onset >= change.until]
    start = max([change.onset - BEFORE_S, *(end for end in before if end <= change.onset)])
    return start, min([change.until + AFTER_S, *after, walk.ended])


def second_of(walk: Walk, instant: float) -> float | None:
    """The second of the recording that was heard at an instant; none where nothing was recorded."""
    places = [s for s in walk.seen(Noted) if s.what == RECORDING and isinstance(s.facts.get("second"), int | float)]
    if not places:
        return None
    place = next((p for p in reversed(places) if p.at <= instant), places[0])
    second = place.facts["second"]
    return max(0.0, instant - place.at + float(second)) if isinstance(second, int | float) else None


def _change(walk: Walk, run: StepRun) -> Change | None:
    if run.end is StepEnd.CHANGED and run.onset is not None:
        return Change(run, run.what.removeprefix("prompt:"), run.onset, _until(walk, run.onset, run.onset))
    met = run.end is StepEnd.MET and run.what.startswith("prompt:") and run.onset is not None
    if met and run.onset is not None and run.step.text in walk.stood and not _person_may_come(walk, run):
        return _left(walk, run, run.what.removeprefix("prompt:"), run.onset)
    return None


def _left(walk: Walk, run: StepRun, name: str, onset: float) -> Change | None:
    """A prompt that began as known and went on with other words."""
    left = next(
        (
            p.at if p.until is None else p.until
            for p in walk.seen(Prompt)
            if p.phase is PromptPhase.DIVERGED and p.name == name and abs(p.onset - onset) < NEAR_S
        ),
        None,
    )
    if left is None or any(onset < key.at <= left + 2 * KEY_S for key in walk.seen(KeysPressed)):
        return None
    other = next((s for s in _long(walk.log, walk.ended) if abs(s.onset - left) <= NEAR_S), None)
    if other is None or _person(walk, other.onset, _end(other, walk)):
        return None
    until = _until(walk, onset, other.onset)
    return Change(run, name, onset, until) if until - left >= LEAST_S else None


def _person_may_come(walk: Walk, run: StepRun) -> bool:
    """After the last key an announcement may be cut short by a person, or end in a number that changes."""
    ahead = walk.script[len(walk.before(run)) :]
    return expects_agent(ahead) and not any(isinstance(step, PressStep | ChooseStep) for step in ahead)


def _borne_out(walk: Walk, run: StepRun, onset: float) -> bool:
    later = walk.steps[len(walk.before(run)) + 1 :]
    as_before = any(r.end is StepEnd.MET and _bears_out(r.what) for r in later)
    heard = walk.unheard_s < UNHEARD_S
    return as_before and heard and not _person(walk, onset, _until(walk, onset, onset))


def _bears_out(what: str) -> bool:
    return what.partition(":")[0] in ("prompt", "agent", "music")


def _person(walk: Walk, onset: float, until: float) -> bool:
    """May these words be an agent's, or a recorder's in place of one?"""
    last = {agent.onset: agent.phase for agent in walk.seen(Agent)}
    near = (phase for at, phase in last.items() if onset - NEAR_S <= at <= until + NEAR_S)
    return any(phase is not AgentPhase.RETRACTED for phase in near)


def _until(walk: Walk, onset: float, other: float) -> float:
    """Where the words end that began at ``onset`` and were unknown from ``other`` on."""
    ends = [p.onset for p in _confirmed(walk.log) if p.onset > other]
    ends += [key.at - KEY_S for key in walk.seen(KeysPressed) if key.at - KEY_S > other]
    last = min([*ends, onset + MOST_S, walk.ended])
    until = other
    for stretch in stretches(walk.log):
        if other <= stretch.onset < last and stretch.onset <= until + PAUSE_S:
            until = max(until, _end(stretch, walk))
    return min(until, last)


def _end(stretch: Stretch, walk: Walk) -> float:
    return walk.ended if stretch.until is None else stretch.until


def _long(log: Sequence[Observation], now: float) -> Iterator[Stretch]:
    """Speech that no known prompt explains, and long enough to be a wording."""
    return (s for s in stretches(log) if not s.known and (now if s.until is None else s.until) - s.onset >= LEAST_S)


def _confirmed(log: Sequence[Observation]) -> list[Prompt]:
    return [seen for seen in log if isinstance(seen, Prompt) and seen.phase is PromptPhase.CONFIRMED]
