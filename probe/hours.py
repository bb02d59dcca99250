"""Operating hours as people write them: ``mon-fri = ["08:00-17:00"]``, holidays, exceptions by date."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from probe.setting import Setting, Timezone, offer
from probe.setting_errors import Place, places_of, refuse_at

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Days of the week by name; the index is that of ``date.weekday()``."""
DAY_MINUTES = 24 * 60
_KEYS = ("timezone", "holidays", "joint_leave", "except")
_ALLOWED = f"{', '.join(DAYS)}, ranges such as mon-fri, {', '.join(_KEYS)}"
_INTERVAL = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")
_HOW = 'allowed: "HH:MM-HH:MM", such as "08:00-17:00", "00:00-24:00" or past midnight "22:00-06:00"'


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """Minutes of wall clock after local midnight, half-open; past midnight when ``end_min`` is over 24 h."""

    start_min: int
    end_min: int


def parse_interval(value: object) -> Interval:
    """An interval of ``"HH:MM-HH:MM"``. Raises ValueError with what is allowed."""
    match = _INTERVAL.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"not a span of hours; {_HOW}")
    start_h, start_m, end_h, end_m = (int(part) for part in match.groups())
    start, end = start_h * 60 + start_m, end_h * 60 + end_m
    if start_m > 59 or end_m > 59 or start >= DAY_MINUTES or end > DAY_MINUTES:
        raise ValueError(f"no such time in {value!r}; {_HOW}")
    if start == end:
        raise ValueError(f'{value!r} is empty; for the whole day write "00:00-24:00", for a closed day []')
    return Interval(start, end if end > start else end + DAY_MINUTES)


def _parse_day(value: object) -> tuple[Interval, ...]:
    if isinstance(value, tuple) and all(isinstance(item, Interval) for item in value):
        return value
    if not isinstance(value, list):
        raise ValueError('a list of spans is expected: ["08:00-12:00", "13:00-17:00"], or [] for a closed day')
    spans, wrong = [], []
    for index, item in enumerate(value):
        try:
            spans.append(parse_interval(item))
        except ValueError as error:
            wrong.append(Place((index,), str(error)))
    spans.sort()
    if any(two.start_min < one.end_min for one, two in pairwise(spans)):
        wrong.append(Place((), "spans of one day overlap; each minute may stand in one span only"))
    refuse_at(wrong)
    return tuple(spans)


Day = Annotated[tuple[Interval, ...], BeforeValidator(_parse_day)]


def days_of(key: str) -> tuple[str, ...]:
    """The days that a key names: ``mon``, ``mon-fri`` or, over the week's end, ``sat-mon``. Raises ValueError."""
    first, dash, last = key.partition("-")
    for name in (first, last) if dash else (first,):
        if name not in DAYS:
            hint = "days are named, never numbered" if name.strip().isdigit() else f"unknown key or day `{name}`"
            raise ValueError(f"{hint}{offer(key, (*_KEYS, *DAYS), _ALLOWED)}")
    if not dash:
        return (first,)
    start, count = DAYS.index(first), (DAYS.index(last) - DAYS.index(first)) % 7 + 1
    return tuple(DAYS[(start + i) % 7] for i in range(count))


class Hours(Setting):
    """``[hours.NAME]``: spans per weekday, exceptions by date, and which holidays close."""

    week: Mapping[str, Day]
    timezone: Timezone | None = None
    holidays: Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")] | None = None
    joint_leave: Literal["open", "closed"] = "open"
    except_: Mapping[str, Day] = Field(default_factory=dict, alias="except")

    @model_validator(mode="before")
    @classmethod
    def _gather_days(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "week" in value:
            return value
        week, wrong, seen = dict[str, Any](), list[Place](), dict[str, str]()
        for key in (k for k in value if k not in _KEYS):
            try:
                for day in days_of(key):
                    if day in seen:
                        twice = f"{day} is set twice, here and in `{seen[day]}`; name each day once"
                        wrong.append(Place((key,), twice, on_key=True))
                    seen.setdefault(day, key)
            except ValueError as error:
                wrong.append(Place((key,), str(error), on_key=True))
            try:
                week |= dict.fromkeys(days_of(key) if not wrong else (), _parse_day(value[key]))
            except ValueError as error:
                wrong += places_of(error, (key,))
        if wrong:
            refuse_at(wrong)
        return {**{k: v for k, v in value.items() if k in _KEYS}, "week": week}

    @field_validator("except_", mode="before")
    @classmethod
    def _dates_exist(cls, value: Any) -> Any:
        if isinstance(value, dict):
            refuse_at([Place((key,), _no_date(key), on_key=True) for key in value if _no_date(key)])
        return value

    @cached_property
    def exceptions(self) -> dict[date, tuple[Interval, ...]]:
        """Spans of the dates that differ from their weekday."""
        return {date.fromisoformat(key): spans for key, spans in self.except_.items()}


def _no_date(key: str) -> str:
    try:
        date.fromisoformat(key)
    except ValueError:
        return f"no such date {key!r}; allowed: YYYY-MM-DD, such as 2026-12-25"
    return ""
