"""Instants as people write them on the command line: ``today``, ``2h``, ``2026-11-20T14:00``, ``14:00``."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from siaga.cli.exits import usage

_AGO: Final = re.compile(r"(\d{1,4})(m|h|d)")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")
_DAYS: Final = {"today": 0, "hari-ini": 0, "yesterday": -1, "kemarin": -1}
HOW: Final = "allowed: today, yesterday, 30m, 2h, 3d, 2026-11-20, 2026-11-20T14:00 or 14:00"


def moment(text: str, option: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The instant, in UTC; ``2h`` is two hours before ``now``. Raises Stop 64 for what is none of these."""
    word = text.strip().lower()
    today = now.astimezone(zone).date()
    if ago := _AGO.fullmatch(word):
        return (now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})).astimezone(UTC)
    if clock := _CLOCK.fullmatch(word):
        return datetime.combine(today, time(int(clock[1]), int(clock[2])), zone).astimezone(UTC)
    if word in _DAYS:
        return _midnight(today + timedelta(days=_DAYS[word]), zone)
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise usage(f"{option}: {text!r} is no time; {HOW}") from None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def later(text: str, option: str, zone: ZoneInfo, now: datetime) -> datetime:
    """As ``moment``, but in the future: ``2h`` is two hours after ``now``, and ``01:30`` may be tomorrow's."""
    word = text.strip().lower()
    if ahead := _AGO.fullmatch(word):
        return (now + timedelta(**{_UNITS[ahead[2]]: int(ahead[1])})).astimezone(UTC)
    found = moment(text, option, zone, now)
    if _CLOCK.fullmatch(word) and found <= now:
        tomorrow = found.astimezone(zone).date() + timedelta(days=1)
        found = datetime.combine(tomorrow, found.astimezone(zone).time(), zone).astimezone(UTC)
    return found


def day(text: str | None, option: str, zone: ZoneInfo, now: datetime) -> date:
    """A day at the centre; absent: today. Raises Stop 64."""
    if text is None:
        return now.astimezone(zone).date()
    word = text.strip().lower()
    if word in _DAYS:
        return now.astimezone(zone).date() + timedelta(days=_DAYS[word])
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise usage(f"{option}: {text!r} is no day; allowed: today, yesterday or 2026-11-20") from None


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first instant of a local day and that of the next one, in UTC."""
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
