"""What may still change in the calendar of the coming weeks: days that are estimates, leave that is not decreed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from probe.hours import Hours
from probe.setting_errors import Place
from siaga.config_sections import Sections
from siaga.rest_days import AHEAD_DAYS, calendar_version, estimated, years_without_leave


def calendar_warnings(parts: Sections, today: date) -> Iterator[Place]:
    """A warning per ``[hours.NAME]`` whose holidays of the next AHEAD_DAYS a person should look at."""
    for name, hours in parts.hours.items():
        if hours.holidays is None:
            continue
        for message in (_estimates(hours, hours.holidays, today), _leave(hours.holidays, today)):
            if message:
                yield Place(("hours", name, "holidays"), message)


def _estimates(hours: Hours, country: str, today: date) -> str:
    days = [f"{day} {name}" for day, name in estimated(country, today) if day not in hours.exceptions]
    if not days:
        return ""
    return (
        f"not decreed yet, an estimate of {calendar_version()}: {', '.join(days)}; "
        "name the dates in `except` once they are known"
    )


def _leave(country: str, today: date) -> str:
    years = years_without_leave(country, today)
    if not years:
        return ""
    listed = ", ".join(map(str, years))
    return (
        f"{calendar_version()} knows no joint leave of {listed}, which begins within {AHEAD_DAYS} days: "
        "install a newer one when it is decreed, or name the dates in `except`"
    )
