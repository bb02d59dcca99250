"""People write times as they think of them; siaga reads them in the zone of the centre."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from siaga.cli.exits import Exit, Stop
from siaga.cli.moments import beginning, bounds, day, later, moment

WIB = ZoneInfo("Asia/Jakarta")
NOW = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)
"""01:30 on the 21st at the centre."""


def at(hour: int, minute: int = 0, day: int = 21) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=WIB)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("today", at(0)), ("hari-ini", at(0)), ("yesterday", at(0, day=20)), ("kemarin", at(0, day=20)),
        ("2h", at(23, 30, day=20)), ("30m", at(1)), ("1d", at(1, 30, day=20)), ("14:00", at(14)), ("14.00", at(14)),
        ("2026-11-20", at(0, day=20)), ("2026-11-20T08:15", at(8, 15, day=20)), (" 9:05 ", at(9, 5)),
        ("2026-11-20T08:15:00+09:00", datetime(2026, 11, 19, 23, 15, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_a_time_is_read_in_the_zone_of_the_centre(text: str, instant: datetime) -> None:
    assert moment(text, "--since", WIB, NOW) == instant


@pytest.mark.parametrize("text", ["", "soon", "25:00", "14:60", "2026-13-01", "-2h", "2w", "99999999h", "bln-depan"])
def test_what_is_no_time_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(Stop, match=r"--since.*allowed: today") as stop:
        moment(text, "--since", WIB, NOW)
    assert stop.value.code == Exit.USAGE


@pytest.mark.parametrize(
    ("text", "instant"),
    [("2h", at(3, 30)), ("03:00", at(3)), ("01:00", at(1, day=22)), ("2026-11-21T03:00", at(3))],
)
def test_an_end_lies_ahead(text: str, instant: datetime) -> None:
    assert later(text, "--until", WIB, NOW) == instant


def test_a_day_is_that_of_the_centre() -> None:
    assert day(None, "--day", WIB, NOW) == date(2026, 11, 21)
    assert day("yesterday", "--day", WIB, NOW) == date(2026, 11, 20)
    with pytest.raises(Stop, match="no day"):
        day("2h", "--day", WIB, NOW)


def test_a_day_of_the_clock_change_is_as_long_as_it_is() -> None:
    start, end = bounds(date(2026, 11, 1), ZoneInfo("America/New_York"))
    assert (end - start).total_seconds() == 25 * 3600


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("now", NOW), ("sekarang", NOW), ("3h-ago", at(22, 30, day=20)), ("3h-lalu", at(22, 30, day=20)),
        ("30m ago", at(1)), ("22:00", at(22)), ("yesterday", at(0, day=20)), ("2026-11-20T08:15", at(8, 15, day=20)),
    ],
)  # fmt: skip
def test_a_beginning_is_never_guessed(text: str, instant: datetime) -> None:
    assert beginning(text, "--from", WIB, NOW) == instant


def test_a_bare_duration_is_no_beginning() -> None:
    with pytest.raises(Stop, match=r"--from: '3h' may be ago or from now; write 3h-ago \(3h-lalu\)"):
        beginning("3h", "--from", WIB, NOW)


@pytest.mark.parametrize(
    ("begins", "instant"),
    [(at(8, day=20), at(10, day=20)), (at(10, day=20), at(10)), (at(22), at(10, day=22))],
)
def test_an_end_by_the_clock_is_the_next_one_after_the_beginning(begins: datetime, instant: datetime) -> None:
    assert later("10:00", "--to", WIB, NOW, begins) == instant


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31", "1979-12-31", "2200-01-01"])
def test_what_is_too_far_away_is_refused_with_what_is_allowed(text: str) -> None:
    for read in (moment, later, beginning, day):
        with pytest.raises(Stop, match="allowed: 1980-01-01 to 2199-12-31"):
            read(text, "--day", WIB, NOW)
