"""Whether a run begins now: one pure decision over maintenance, lateness, peak mode and courtesy.

Only what the clock asked for is held back. Who asks by hand, or re-tests a failure, gets the run until it expires.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduler.peak import stays
from scheduler.timetable import MANUAL, grace_of, interval_of
from storage.maintenance import Window, covers
from storage.values import Cause, Mode, Planned


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the centre lends us: ``[courtesy]`` per skill, and the share of tests in ``[peak]``."""

    agent_seconds_per_hour: float = 600.0
    every_nth: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the decision looks at besides the run itself."""

    windows: Sequence[Window] = ()
    peak: bool = False
    """Whether peak mode is on now."""
    agent_held_s: float = 0.0
    """Seconds of agents' time that tests of this skill took in the last hour."""
    was_alive: bool = True
    """Whether a service was alive when the run was due."""


@dataclass(frozen=True, slots=True)
class Start:
    """Play the whole script."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Play it up to the queue, and mark it as peak."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Decide again at an instant."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Miss:
    """It does not take place."""

    cause: Cause
    mode: Mode = "normal"
    """``peak`` with cause ``courtesy``: left out because of peak mode."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Its target was busy all the time. Nobody planned it, so it is not missed: it ends as inconclusive."""


Decision = Start | Cut | Wait | Miss | GiveUp


def decide(planned: Planned, now: datetime, around: Surroundings, limits: Limits, *, waited: bool = False) -> Decision:
    """What becomes of a queued run now. ``waited``: it was due in time and its target was busy."""
    if now < planned.due:
        return Wait(planned.due)
    if planned.slot is None:
        if now < planned.expires:
            return Start()
        return GiveUp() if waited else Miss(Cause.LATE)
    if covers(around.windows, planned.probe, planned.service, planned.channel, planned.due):
        return Miss(Cause.MAINTENANCE)
    if planned.channel == MANUAL:
        return Wait(planned.expires) if now < planned.expires else Miss(Cause.LATE)
    if not waited and not around.was_alive and now > planned.due + grace_of(planned):
        return Miss(Cause.DOWN)
    if now >= planned.expires:
        return Miss(Cause.BUSY if waited else Cause.LATE)
    if around.peak or planned.mode == "peak":
        kept = stays(planned.slot, interval_of(planned), limits.every_nth)
        return Cut() if kept else Miss(Cause.COURTESY, "peak")
    if planned.skill is not None and around.agent_held_s >= limits.agent_seconds_per_hour:
        return Miss(Cause.COURTESY)
    return Start()
