"""Holidays as decreed, joint leave where it is wanted, and what is said of days that may still change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo

import pytest

from probe.calendar import Holidays, OpenTimes, Plan
from probe.hours import Hours
from siaga.config import load
from siaga.config_calendar import calendar_warnings
from siaga.config_sections import Sections
from siaga.rest_days import calendar_version, holidays_of

JAKARTA = ZoneInfo("Asia/Jakarta")
CHRISTMAS, JOINT_LEAVE, MONDAY = date(2026, 12, 25), date(2026, 12, 24), date(2026, 12, 21)


def opened(day: date, hours: Hours) -> bool:
    times = OpenTimes(zone=JAKARTA, hours=hours, holidays=holidays_of(hours.holidays))
    return times.is_open(datetime(day.year, day.month, day.day, 9, tzinfo=JAKARTA))


def office(joint_leave: Literal["open", "closed"] = "open", exceptions: Mapping[str, list[str]] | None = None) -> Hours:
    return Hours.model_validate(
        {"mon-sun": ["08:00-17:00"], "holidays": "ID", "joint_leave": joint_leave, "except": dict(exceptions or {})}
    )


def test_a_public_holiday_closes_and_the_joint_leave_before_it_only_where_it_is_wanted() -> None:
    assert [opened(day, office()) for day in (MONDAY, JOINT_LEAVE, CHRISTMAS)] == [True, True, False]
    assert [opened(day, office("closed")) for day in (MONDAY, JOINT_LEAVE, CHRISTMAS)] == [True, False, False]


def test_the_decrees_of_2026_and_2027_are_known() -> None:
    """17 public days and 8 of joint leave in 2026 (SKB 3 Menteri); those of 2027 begin with the Lunar New Year's."""
    days = [date(2026, 1, 1) + timedelta(days=count) for count in range(365)]
    known = holidays_of("ID")
    assert sum(day in known.public for day in days) == 17
    assert sum(day in known.joint_leave for day in days) == 8
    assert date(2027, 2, 5) in known.joint_leave


def test_without_a_country_no_day_is_a_holiday_and_an_unknown_one_is_refused() -> None:
    assert holidays_of(None) == Holidays()
    with pytest.raises(ValueError, match="no holidays are known of 'ZZ'"):
        holidays_of("ZZ")


def test_a_part_of_a_country_has_its_own_and_no_joint_leave_where_there_is_none() -> None:
    epiphany = date(2027, 1, 6)
    assert epiphany in holidays_of("DE-BY").public
    assert epiphany not in holidays_of("DE").public
    assert epiphany not in holidays_of("DE-BY").joint_leave


def test_equal_countries_make_equal_plans_so_that_a_reload_leaves_them_alone() -> None:
    def plan(country: str) -> Plan:
        return Plan(every_s=60, times=OpenTimes(zone=JAKARTA, hours=office(), holidays=holidays_of(country)))

    assert plan("ID") == plan("ID")
    assert plan("ID") != plan("DE")


def test_in_ramadan_the_dates_of_the_timetable_win_over_weekdays_and_holidays() -> None:
    ramadan = {str(date(2026, 2, 18) + timedelta(days=count)): ["07:00-15:30"] for count in range(30)}
    ramadan["2026-03-19"] = ["09:00-12:00"]  # Nyepi, a public holiday on which this centre works anyway
    hours = office("closed", ramadan)
    plan = Plan(every_s=1800, times=OpenTimes(zone=JAKARTA, hours=hours, holidays=holidays_of("ID")))

    def slots(day: date) -> list[str]:
        start = datetime(day.year, day.month, day.day, tzinfo=JAKARTA)
        return [f"{slot.astimezone(JAKARTA):%H:%M}" for slot in plan.slots(start, start + timedelta(days=1))]

    assert (slots(date(2026, 2, 15))[0], slots(date(2026, 2, 15))[-1]) == ("08:00", "16:30")
    assert (slots(date(2026, 2, 18))[0], slots(date(2026, 2, 18))[-1]) == ("07:00", "15:00")
    assert slots(date(2026, 3, 19)) == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
    assert slots(date(2026, 3, 20)) == []  # joint leave before Eid al-Fitr, not in the timetable
    assert slots(date(2026, 3, 25))[0] == "08:00"


def warnings(today: date, hours: Hours) -> list[str]:
    return [place.message for place in calendar_warnings(Sections(hours={"a": hours}), today)]


def test_days_of_the_next_90_days_that_are_estimates_are_named_until_they_are_decided() -> None:
    assert warnings(date(2026, 12, 10), office()) == []  # Eid al-Fitr of 2027-03-10 is the 91st day
    (told,) = warnings(date(2026, 12, 11), office())
    assert told.startswith(f"not decreed yet, an estimate of {calendar_version()}: 2027-03-10 Eid al-Fitr; name the")
    assert warnings(date(2026, 12, 11), office(exceptions={"2027-03-10": []})) == []


def test_a_coming_year_without_decreed_joint_leave_is_a_warning() -> None:
    (told,) = (w for w in warnings(date(2027, 10, 4), office()) if "joint leave" in w)
    assert "knows no joint leave of 2028" in told
    assert not [w for w in warnings(date(2027, 10, 3), office()) if "joint leave" in w]
    german = Hours.model_validate({"mon": ["08:00-17:00"], "holidays": "DE"})
    assert warnings(date(2027, 12, 31), german) == []


def test_the_warning_stands_at_the_country(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Then(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls(2028, 1, 1, tzinfo=tz)

    monkeypatch.setattr("siaga.config_warn.datetime", Then)
    path = tmp_path / "siaga.toml"
    path.write_text('[hours.a]\nmon-sun = ["08:00-17:00"]\nholidays = "ID"\n')
    found = load(path).warnings
    assert {(w.line, w.column, w.path) for w in found} == {(3, 12, "hours.a.holidays")}
    assert [w.message.split(" ")[0] for w in found] == ["holidays", "not"]
