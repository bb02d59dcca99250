"""How far each planned probe is accounted for, and what its slots lack. Pure."""

from __future__ import annotations

import base64
import hashlib
from bisect import bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from probe.calendar import Plan
from scheduler.timetable import Due, ProbePlan
from storage.values import Cause, Planned, to_ms

SLACK: Final = timedelta(seconds=10)
"""A service counts as alive for so long after its last beat (two beats): it may be about to submit."""
_TICK: Final = timedelta(microseconds=1)


def unaccounted(plan: Plan, since: datetime, until: datetime, known: Collection[datetime]) -> list[datetime]:
    """The slots in ``(since, until]`` that have no row; ``known`` are those that have one."""
    have = {to_ms(slot) for slot in known}
    return [slot for slot in plan.slots(since + _TICK, until + _TICK) if to_ms(slot) not in have]


class Stretches:
    """When services were alive, to be asked about many instants."""

    def __init__(self, stretches: Iterable[tuple[datetime, datetime]]) -> None:
        """``stretches`` by their beginning; they may overlap."""
        self._from: list[datetime] = []
        self._to: list[datetime] = []
        for from_, to in stretches:
            if self._to and from_ <= self._to[-1]:
                self._to[-1] = max(self._to[-1], to)
            else:
                self._from.append(from_)
                self._to.append(to)

    def alive(self, moment: datetime, slack: timedelta = timedelta()) -> bool:
        """Whether a service was alive at an instant, or up to ``slack`` before it."""
        index = bisect_right(self._from, moment) - 1
        return index >= 0 and moment <= self._to[index] + slack


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """One planned probe: every slot up to ``until`` has a row."""

    probe: ProbePlan
    until: datetime

    def to(self, until: datetime) -> Book:
        """Accounted for up to a later instant; never back."""
        return replace(self, until=max(self.until, until))


@dataclass(frozen=True, slots=True)
class Missed:
    """A slot that has no row and cannot get a run any more."""

    probe: ProbePlan
    due: Due
    cause: Cause

    def planned(self, attempt: int = 0) -> Planned:
        """The run that did not take place. Its id follows from probe and slot, and tells when it was due."""
        key = f"{self.probe.name}\n{to_ms(self.due.slot)}\n{attempt}"
        word = base64.b32encode(hashlib.sha256(key.encode()).digest()).decode().lower()[:6]
        return self.probe.planned(self.due.slot, f"{self.due.at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{word}")


def examine(
    book: Book, horizon: datetime, known: Collection[datetime], alive: Stretches, *, alone: bool
) -> tuple[list[Missed], Book]:
    """What was missed of what was due until ``horizon``, and the book when that is entered.

    A slot that a living service may still submit is left for later, unless we are ``alone``.
    """
    missed, until = list[Missed](), horizon
    for slot in unaccounted(book.probe.plan, book.until, horizon, known):
        due = book.probe.due(slot)
        too_late = horizon > due.at + book.probe.grace + SLACK
        if due.at > horizon or not (alone or too_late or not alive.alive(due.at, SLACK)):
            until = min(until, slot - timedelta(milliseconds=1))
        else:
            missed.append(Missed(book.probe, due, Cause.LATE if alive.alive(due.at) else Cause.DOWN))
    return missed, book.to(until)
