# ruff: noqa: A005 - the word of the house for this; it is only ever imported as probe.calendar
"""When a probe is due: one pure function for the clock, the KPI's denominator and the rota.

A slot is local midnight + k * ``every`` whose instant lies in the hours, identified by its UTC instant. Hours are wall
clock and are asked point by point ("is it open now?"), so that a day of 23 or 25 hours needs no special case; ``every``
is elapsed time, so that no slot falls into a gap of the clock or happens twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from probe.hours import DAY_MINUTES, DAYS, Hours, Interval

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Holidays:
    """Days on which a country rests: public holidays, and days of joint leave (*cuti bersama*).

    Whatever can say whether a day is in it will do; equal ones make equal plans.
    """

    public: Container[date] = frozenset()
    joint_leave: Container[date] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTimes:
    """``[hours.NAME]`` bound to a time zone and to the holidays of its country. Hours of None are always open."""

    zone: ZoneInfo
    hours: Hours | None = None
    holidays: Holidays = field(default_factory=Holidays)

    def is_open(self, moment: datetime) -> bool:
        """Whether the centre is open at an instant. Raises ValueError for a naive datetime."""
        local = _aware(moment).astimezone(self.zone)
        if self.hours is None:
            return True
        minute = local.hour * 60 + local.minute  # spans are whole minutes and half-open: seconds change nothing
        return any(s.start_min <= minute < s.end_min for s in self._spans(local.date())) or any(
            s.start_min <= minute + DAY_MINUTES < s.end_min for s in self._spans(local.date() - DAY)
        )

    def same_until(self, moment: datetime) -> datetime:
        """A later instant up to which the answer of ``is_open`` stays what it is at ``moment``; not always the last."""
        local = _aware(moment).astimezone(self.zone)
        today, minute = local.date(), local.hour * 60 + local.minute
        edges = [DAY_MINUTES, *(edge for span in self._spans(today) for edge in (span.start_min, span.end_min))]
        edges += [span.end_min - DAY_MINUTES for span in self._spans(today - DAY)]
        steady = _midnight(today + DAY, self.zone) - _midnight(today, self.zone) == DAY
        ahead = min(edge for edge in edges if edge > minute) - minute if steady else 1
        return moment + timedelta(minutes=ahead) - timedelta(seconds=local.second, microseconds=local.microsecond)

    def _spans(self, day: date) -> tuple[Interval, ...]:
        if self.hours is None:
            return (Interval(0, DAY_MINUTES),)
        exceptions: Mapping[date, tuple[Interval, ...]] = self.hours.exceptions
        if day in exceptions:
            return exceptions[day]
        if self.hours.holidays and day in self.holidays.public:
            return ()
        if self.hours.joint_leave == "closed" and day in self.holidays.joint_leave:
            return ()
        return self.hours.week.get(DAYS[day.weekday()], ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """When one probe is due: each ``every_s`` seconds while the centre is open, or while it is closed."""

    every_s: float
    times: OpenTimes
    when: Literal["open", "closed"] = "open"

    def due(self, moment: datetime) -> bool:
        """Whether the hours ask for this probe at an instant."""
        return self.times.is_open(moment) == (self.when == "open")

    def slots(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """The slots in ``[start, end)``, in order, in UTC. Raises ValueError for naive datetimes."""
        start, end = _aware(start).astimezone(UTC), _aware(end).astimezone(UTC)
        every = timedelta(seconds=self.every_s)
        if every <= timedelta(0):
            raise ValueError("slots need an interval longer than 0 s")
        day, due, edge = start.astimezone(self.times.zone).date() - DAY, False, start - DAY
        while (midnight := _midnight(day, self.times.zone)) < end:
            day += DAY
            until = min(end, _midnight(day, self.times.zone))
            slot = midnight + every * max(0, -((midnight - start) // every))
            while slot < until:
                if slot >= edge:
                    due, edge = self.due(slot), self.times.same_until(slot)
                if due:
                    yield slot
                    slot += every
                else:  # over the closed hours in one leap
                    slot = midnight - every * ((midnight - edge) // every)

    def next_slot(self, after: datetime, within: timedelta = timedelta(days=400)) -> datetime | None:
        """The first slot later than an instant, or None when there is none ``within`` that time."""
        first = _aware(after).astimezone(UTC) + timedelta(microseconds=1)
        return next(self.slots(first, first + within), None)

    def start(self, name: str, slot: datetime, spread_s: float) -> datetime:
        """When the run of a slot begins: up to ``spread_s`` into it, but not when that leaves the hours."""
        moved = slot + timedelta(milliseconds=round(offset_s(name, slot, spread_s) * 1000))
        return moved if self.due(moved) else slot


def offset_s(name: str, slot: datetime, spread_s: float) -> float:
    """Seconds into the slot, in ``[0, spread_s)``: the same at each asking, different for each probe and each slot.

    Against the herd at :00, and against agents who wait for the test at :00 and :30.
    """
    key = f"{name}\n{_aware(slot).astimezone(UTC).isoformat()}"
    share = int.from_bytes(hashlib.sha256(key.encode()).digest()[:6]) / 2**48
    return spread_s * share


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day: where the clock skips midnight, the instant of the skip."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("naive datetime: instants are aware")
    return moment
