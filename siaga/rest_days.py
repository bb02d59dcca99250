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
from typing import Final, Literal, get_args

from probe.calendar import Holidays

Category = Literal["public", "government"]
"""``government``: in Indonesia the joint leave (*cuti bersama*), which the package leaves out unless asked for it."""
CATEGORIES: Final[tuple[Category, ...]] = get_args(Category)
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


def estimated(country: str, first: date) -> Iterator[tuple[date, str]]:
    """The days from ``first`` on for AHEAD_DAYS that are not decreed yet, with their English names."""
    for day in _ahead(first):
        for category in CATEGORIES:
            if ESTIMATED in (name := _year(country, category, day.year).get(day, "")):
                yield day, name.removesuffix(ESTIMATED).rstrip()


def years_without_leave(country: str, first: date) -> list[int]:
    """The years in those days of which no joint leave is decreed, in a country that has some."""
    years = sorted({day.year for day in _ahead(first)})
    return [year for year in years if _has(country, "government") and not _year(country, "government", year)]


def _ahead(first: date) -> list[date]:
    return [first + timedelta(days=count) for count in range(AHEAD_DAYS)]


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

    if not _has(country, category):
        return MappingProxyType({})
    code, _, part = country.partition("-")
    language = "en_US" if "en_US" in getattr(holidays, code).supported_languages else None
    days = holidays.country_holidays(
        code, subdiv=part or None, years=year, categories=(category,), language=language, expand=False
    )
    return MappingProxyType(dict(days))


def _has(country: str, category: Category) -> bool:
    import holidays

    return category in getattr(holidays, country.partition("-")[0]).supported_categories
