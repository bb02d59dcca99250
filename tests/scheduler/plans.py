"""Probes, runs and moments for the tests of clock, gate and accounts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from probe.calendar import OpenTimes, Plan
from probe.hours import Hours
from probe.outcome import Trigger
from scheduler.timetable import ProbePlan
from storage.values import Planned

SLOT = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
"""08:00 in Jakarta."""
HALF_HOUR = timedelta(minutes=30)


def probe_plan(
    name: str = "ivr",
    every_s: float = 1800,
    *,
    spread_s: float = 0.0,
    week: dict[str, Any] | None = None,
    zone: str = "Asia/Jakarta",
    when: Literal["open", "closed"] = "open",
    channel: str = "sip",
    skill: str | None = "tier-1",
) -> ProbePlan:
    """A probe of the clock."""
    hours = None if week is None else Hours.model_validate(week)
    plan = Plan(every_s=every_s, times=OpenTimes(zone=ZoneInfo(zone), hours=hours), when=when)
    return ProbePlan(name=name, channel=channel, plan=plan, spread_s=spread_s, service="inbound", skill=skill)


def scheduled(slot: datetime = SLOT, every: timedelta = HALF_HOUR, **more: Any) -> Planned:
    """The run of a slot that is due four minutes into it."""
    known: dict[str, Any] = {
        "run_id": f"{slot:%Y%m%dT%H%M%SZ}-000000",
        "probe": "ivr",
        "channel": "sip",
        "service": "inbound",
        "skill": "tier-1",
        "trigger": "schedule",
        "slot": slot,
        "due": slot + every * 2 / 15,
        "expires": slot + every,
    }
    return Planned(**known | more)


def by_hand(trigger: Trigger = "manual", now: datetime = SLOT) -> Planned:
    """A run that somebody asks for."""
    return replace(scheduled(now), trigger=trigger, slot=None, due=now, expires=now + timedelta(minutes=10))
