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
_BACK: Final = re.compile(r"(\d{1,4}[mhd])[- ](?:ago|lalu)")
_NOW: Final = ("now", "sekarang")
YEARS: Final = range(1980, 2200)
"""Days that have a midnight before and after them in every zone, and all that anybody tests."""
HOW: Final = "allowed: today, yesterday, 30m, 2h, 3d, 2026-11-20, 2026-11-20T14:00 or 14:00"
HOW_AHEAD: Final = "allowed: 30m, 2h, 3d from now, 03:00, 2026-11-21 or 2026-11-21T03:00"
HOW_BEGUN: Final = "allowed: now, 14:00, 2026-11-20, 2026-11-20T14:00, yesterday, or 3h-ago (3h-lalu)"


def moment(text: str, option: str, zone: ZoneInfo, now: datetime, how: str = HOW) -> datetime:
    """The instant, in UTC; ``2h`` is two hours before ``now``. Raises Stop 64, with ``how``, for what is none."""
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
        raise usage(f"{option}: {text!r} is no time; {how}") from None
    _refuse_far(found, option, text)
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def later(text: str, option: str, zone: ZoneInfo, now: datetime, begins: datetime | None = None) -> datetime:
    """As ``moment``, but ahead: ``2h`` is two hours after ``now``; ``01:30`` is the next one after what ``begins``."""
    word = text.strip().lower()
    if ahead := _AGO.fullmatch(word):
        return (now + timedelta(**{_UNITS[ahead[2]]: int(ahead[1])})).astimezone(UTC)
    after = begins or now
    if clock := _CLOCK.fullmatch(word):
        first, at = after.astimezone(zone).date(), time(int(clock[1]), int(clock[2]))
        found = datetime.combine(first, at, zone).astimezone(UTC)
        return found if found > after else datetime.combine(first + timedelta(days=1), at, zone).astimezone(UTC)
    return moment(text, option, zone, now, HOW_AHEAD)


def beginning(text: str, option: str, zone: ZoneInfo, now: datetime) -> datetime:
    """As ``moment``, but ``3h`` alone is refused: it is in the past for some and in the future for others."""
    word = text.strip().lower()
    if word in _NOW:
        return now
    if _AGO.fullmatch(word):
        raise usage(
            f"{option}: {text!r} may be ago or from now; write {word}-ago ({word}-lalu), or a time; {HOW_BEGUN}"
        )
    back = _BACK.fullmatch(word)
    return moment(back[1] if back else text, option, zone, now, HOW_BEGUN)


def day(text: str | None, option: str, zone: ZoneInfo, now: datetime) -> date:
    """A day at the centre; absent: today. Raises Stop 64."""
    if text is None:
        return now.astimezone(zone).date()
    word = text.strip().lower()
    if word in _DAYS:
        return now.astimezone(zone).date() + timedelta(days=_DAYS[word])
    try:
        found = date.fromisoformat(word)
    except ValueError:
        raise usage(f"{option}: {text!r} is no day; allowed: today, yesterday or 2026-11-20") from None
    _refuse_far(found, option, text)
    return found


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first instant of a local day and that of the next one, in UTC."""
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def _refuse_far(found: date, option: str, text: str) -> None:
    if found.year not in YEARS:
        raise usage(f"{option}: {text!r} is too far away; allowed: {YEARS[0]}-01-01 to {YEARS[-1]}-12-31")


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
