"""A probe as the clock knows it, and the run that it asks for at each of its slots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from probe.calendar import Plan
from scheduler.order import new_run_id
from storage.values import Planned

MANUAL: Final = "manual"
"""The channel of tests that a person does and enters."""
MANUAL_PATIENCE: Final = timedelta(hours=12)
"""How long after its interval a person may still enter a test: until the end of the shift that followed."""
MOST_GRACE: Final = timedelta(seconds=300)


def grace(every: timedelta) -> timedelta:
    """How late a run may begin without counting as missed: a quarter of its interval, at most 5 minutes."""
    return min(every / 4, MOST_GRACE)


class Due(NamedTuple):
    """A slot and when its run begins."""

    at: datetime
    slot: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbePlan:
    """A probe that is tested at its slots. Equal ones are the same plan: a new configuration leaves them alone."""

    name: str
    channel: str
    plan: Plan
    spread_s: float = 0.0
    service: str | None = None
    skill: str | None = None

    @property
    def every(self) -> timedelta:
        return timedelta(seconds=self.plan.every_s)

    @property
    def grace(self) -> timedelta:
        """How late its runs may begin."""
        return grace(self.every)

    def due(self, slot: datetime) -> Due:
        """When the run of a slot begins."""
        return Due(self.plan.start(self.name, slot, self.spread_s), slot)

    def dues(self, after: datetime, until: datetime) -> list[Due]:
        """The runs that begin in ``(after, until]``, in order; a wide spread may let one overtake another."""
        slots = self.plan.slots(after - timedelta(seconds=self.spread_s), until + timedelta(microseconds=1))
        return sorted(due for due in map(self.due, slots) if after < due.at <= until)

    def next_due(self, after: datetime) -> Due | None:
        """The first run that begins later than an instant; None when there is none within 400 days."""
        best: Due | None = None
        from_ = after - timedelta(seconds=self.spread_s)
        for slot in self.plan.slots(from_, after + timedelta(days=400)):
            if best is not None and slot > best.at:
                break
            due = self.due(slot)
            if due.at > after and (best is None or due < best):
                best = due
        return best

    def planned(self, slot: datetime, run_id: str | None = None) -> Planned:
        """The run of a slot."""
        patience = MANUAL_PATIENCE if self.channel == MANUAL else timedelta()
        return Planned(
            run_id=run_id or new_run_id(),
            probe=self.name,
            channel=self.channel,
            service=self.service,
            skill=self.skill,
            trigger="schedule",
            slot=slot,
            due=self.due(slot).at,
            expires=slot + self.every + patience,
        )


def interval_of(planned: Planned) -> timedelta:
    """The interval of the probe that a scheduled run belongs to."""
    patience = MANUAL_PATIENCE if planned.channel == MANUAL else timedelta()
    return planned.expires - (planned.slot or planned.due) - patience


def grace_of(planned: Planned) -> timedelta:
    """How late a scheduled run may begin."""
    return grace(interval_of(planned))
