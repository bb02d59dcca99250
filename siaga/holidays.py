"""Holidays of a country, from the package ``holidays``: years are worked out when a day in them is first asked for.

The package is a default: moon-dependent days are estimates until they are decreed, and the dates of ``except`` win.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.metadata import version
from types import MappingProxyType
from typing import Final, Literal

from probe.calendar import Holidays

Category = Literal["public", "government"]
"""``government``: in Indonesia the joint leave (*cuti bersama*), which the package leaves out unless it is asked for."""
ESTIMATED: Final = "(estimated)"
"""How the package marks days that hang on the sight of the moon and are not decreed yet."""
AHEAD_DAYS: Final = 90


def holidays_of(country: str | None) -> Holidays:
    """The holidays of ``ID`` or ``DE-BY``; none for None. Raises ValueError for a country that is not known."""
    if country is None:
        return Holidays()
    if wrong := unknown(country):
        raise ValueError(wrong)
    return Holidays(public=_Days(country, "public"), joint_leave=_Days(country, "government"))


def calendar_version() -> str:
    """Where the days come from, for the record: ``holidays 0.108``."""
    return f"holidays {version('holidays')}"


@cache
def unknown(country: str) -> str:
    """What is wrong with the code of a country or of a part of one; empty for one that is known."""
    import holidays

    code, _, part = country.partition("-")
    known: Mapping[str, list[str]] = holidays.list_supported_countries()
    if code not in known:
        return f'no holidays are known of {code!r}; allowed: the code of a country (ISO 3166), such as "ID"'
    if part and part not in known[code]:
        parts = ", ".join(f"{code}-{p}" for p in known[code]) or f"{code} alone"
        return f"{code} has no part {part!r} with holidays of its own; allowed: {parts}"
    return ""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something about the coming days that a person should check. ``names`` are English, as the package has them."""

    day: date
    name: str
    """Empty where no joint leave of the day's whole year is known."""


def doubts(country: str, today: date, *, joint_leave: bool) -> Iterator[Doubt]:
    """Estimated days from ``today`` on for AHEAD_DAYS, and years whose joint leave is not decreed where that matters."""
    ahead = [today + timedelta(days=count) for count in range(AHEAD_DAYS)]
    for day in ahead:
        for name in (_year(country, category, day.year).get(day, "") for category in ("public", "government")):
            if ESTIMATED in name:
                yield Doubt(day, name)
    for year in sorted({day.year for day in ahead}) if joint_leave else ():
        if not _year(country, "government", year):
            yield Doubt(date(year, 1, 1), "")


@dataclass(frozen=True, slots=True)
class _Days(Container[date]):
    country: str
    category: Category

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and day in _year(self.country, self.category, day.year)


@cache
def _year(country: str, category: Category, year: int) -> Mapping[date, str]:
    """The days of one year with their names; empty where the country has no such category."""
    import holidays

    code, _, part = country.partition("-")
    kind = getattr(holidays, code)
    if category not in kind.supported_categories:
        return MappingProxyType({})
    language = "en_US" if "en_US" in kind.supported_languages else None
    days = holidays.country_holidays(
        code, subdiv=part or None, years=year, categories=(category,), language=language, expand=False
    )
    return MappingProxyType(dict(days))
