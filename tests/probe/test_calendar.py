"""Slots: on the grid, inside the hours, in order, whatever the clock of the place does."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.calendar import Holidays, OpenTimes, Plan, offset_s
from probe.hours import DAYS, Hours

JAKARTA = ZoneInfo("Asia/Jakarta")
OFFICE = {"mon-fri": ["08:00-17:00"]}
FRIDAY = datetime(2026, 11, 20, tzinfo=JAKARTA)


def plan(
    week: dict[str, Any] | None,
    every_min: float = 30,
    zone: str = "Asia/Jakarta",
    when: Literal["open", "closed"] = "open",
    holidays: Holidays | None = None,
) -> Plan:
    hours = None if week is None else Hours.model_validate(week)
    times = OpenTimes(zone=ZoneInfo(zone), hours=hours, holidays=holidays or Holidays())
    return Plan(every_s=every_min * 60, times=times, when=when)


def local(slots: Any, zone: ZoneInfo = JAKARTA) -> list[str]:
    return [slot.astimezone(zone).strftime("%a %H:%M") for slot in slots]


def test_an_office_day_has_a_slot_at_its_start_and_none_at_its_end() -> None:
    found = local(plan(OFFICE, 60).slots(FRIDAY, FRIDAY + timedelta(days=3)))
    assert found == [f"Fri {hour:02}:00" for hour in range(8, 17)]


def test_slots_count_from_midnight_and_not_from_the_opening() -> None:
    assert local(plan({"fri": ["08:10-09:20"]}).slots(FRIDAY, FRIDAY + timedelta(days=1))) == ["Fri 08:30", "Fri 09:00"]


def test_around_the_clock_there_are_48_half_hours() -> None:
    for week in (None, {"mon-sun": ["00:00-24:00"]}):
        assert len(list(plan(week).slots(FRIDAY, FRIDAY + timedelta(days=1)))) == 48


def test_hours_past_midnight_belong_to_the_day_they_began() -> None:
    found = local(plan({"fri": ["22:00-02:00"]}, 60).slots(FRIDAY, FRIDAY + timedelta(days=7)))
    assert found == ["Fri 22:00", "Fri 23:00", "Sat 00:00", "Sat 01:00"]


def test_a_window_that_begins_inside_the_night_still_sees_its_rest() -> None:
    saturday = FRIDAY + timedelta(days=1)
    assert local(plan({"fri": ["22:00-02:00"]}, 60).slots(saturday, saturday + timedelta(days=1)))[0] == "Sat 00:00"


def test_a_grid_that_does_not_divide_the_day_starts_anew_at_midnight() -> None:
    found = local(plan(None, 7 * 60).slots(FRIDAY, FRIDAY + timedelta(days=2)))
    assert found == [f"{day} {hour:02}:00" for day in ("Fri", "Sat") for hour in (0, 7, 14, 21)]


def test_slots_are_named_by_their_instant_in_utc() -> None:
    slot = next(plan(OFFICE).slots(FRIDAY, FRIDAY + timedelta(days=1)))
    assert slot == datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
    assert slot.tzinfo is UTC


def test_closed_probes_are_due_exactly_when_open_ones_are_not() -> None:
    week = {**OFFICE, "sat": ["22:00-02:00"], "except": {"2026-11-20": []}}
    window = (FRIDAY, FRIDAY + timedelta(days=7))
    opened, closed = list(plan(week).slots(*window)), list(plan(week, when="closed").slots(*window))
    assert sorted(opened + closed) == list(plan(None).slots(*window))
    assert not set(opened) & set(closed)


CHRISTMAS, JOINT = date(2026, 12, 25), date(2026, 12, 24)
INDONESIA = Holidays(frozenset({CHRISTMAS}), frozenset({JOINT}))


@pytest.mark.parametrize(
    ("more", "open_days"),
    [
        ({}, [24, 25]),
        ({"holidays": "ID"}, [24]),
        ({"holidays": "ID", "joint_leave": "closed"}, []),
        ({"holidays": "ID", "except": {"2026-12-25": ["10:00-12:00"]}}, [24, 25]),
        ({"except": {"2026-12-24": []}}, [25]),
    ],
)
def test_holidays_close_joint_leave_may_and_exceptions_win(more: dict[str, Any], open_days: list[int]) -> None:
    times = plan({**OFFICE, **more}, holidays=INDONESIA).times
    noon = {day: datetime(2026, 12, day, 11, tzinfo=JAKARTA) for day in (24, 25)}
    assert [day for day, moment in noon.items() if times.is_open(moment)] == open_days


def test_a_holiday_does_not_cut_the_night_before_it() -> None:
    times = plan({"mon-sun": ["22:00-06:00"], "holidays": "ID"}, holidays=INDONESIA).times
    assert times.is_open(datetime(2026, 12, 25, 3, tzinfo=JAKARTA))
    assert not times.is_open(datetime(2026, 12, 25, 23, tzinfo=JAKARTA))
    assert not times.is_open(datetime(2026, 12, 26, 3, tzinfo=JAKARTA))


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Africa/Cairo", date(2026, 4, 24), 23),
        ("Pacific/Apia", date(2011, 12, 30), 0),
        ("Asia/Jakarta", date(2026, 11, 20), 24),
    ],
)
def test_a_day_has_as_many_slots_as_it_has_time(zone: str, day: date, hours: float) -> None:
    place = ZoneInfo(zone)
    always = plan(None, 30, zone)
    noons = (datetime(day.year, day.month, day.day, 12, tzinfo=UTC) + timedelta(days=d) for d in (-3, 3))
    found = [slot for slot in always.slots(*noons) if slot.astimezone(place).date() == day]
    assert len(found) == len(set(found)) == hours * 2


def test_the_hour_that_happens_twice_is_tested_twice_and_the_skipped_one_never() -> None:
    zone = "America/New_York"
    nights = plan({"mon-sun": ["01:00-03:00"]}, 30, zone)
    autumn, spring = datetime(2026, 11, 1, 4, tzinfo=UTC), datetime(2026, 3, 8, 5, tzinfo=UTC)
    count = {"autumn": autumn, "spring": spring}
    found = {k: local(nights.slots(v, v + timedelta(hours=12)), ZoneInfo(zone)) for k, v in count.items()}
    assert found["autumn"] == ["Sun 01:00", "Sun 01:30", "Sun 01:00", "Sun 01:30", "Sun 02:00", "Sun 02:30"]
    assert found["spring"] == ["Sun 01:00", "Sun 01:30"]


ZONES = st.sampled_from(
    ["Asia/Jakarta", "Asia/Jayapura", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Cairo",
     "Pacific/Apia", "Atlantic/Azores", "America/St_Johns", "Asia/Kathmandu", "UTC"]
)  # fmt: skip
MOMENTS = st.datetimes(datetime(2005, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
MINUTE = st.integers(0, 24 * 60 - 1)


@st.composite
def weeks(draw: st.DrawFn) -> dict[str, Any]:
    def clock(minute: int) -> str:
        return f"{minute // 60:02}:{minute % 60:02}"

    week: dict[str, Any] = {}
    for day in draw(st.lists(st.sampled_from(DAYS), unique=True)):
        cuts = sorted(draw(st.lists(MINUTE, unique=True, max_size=4).filter(lambda c: len(c) % 2 == 0)))
        spans = [f"{clock(a)}-{clock(b)}" for a, b in zip(cuts[::2], cuts[1::2], strict=True)]
        last = draw(st.one_of(st.none(), MINUTE))
        if last is not None and (not cuts or last > cuts[-1]):
            spans.append(f"{clock(last)}-{draw(st.sampled_from(['24:00', '00:00', clock(max(0, last - 1))]))}")
        week[day] = [span for span in spans if span.split("-")[0] != span.split("-")[1]]
    return week


EVERY = st.sampled_from([5, 15, 30, 50, 60, 7 * 60, 1440])
WHEN: st.SearchStrategy[Literal["open", "closed"]] = st.sampled_from(["open", "closed"])


@given(week=weeks(), every=EVERY, zone=ZONES, when=WHEN, start=MOMENTS, hours=st.integers(0, 80))
def test_slots_are_those_of_a_search_minute_by_minute(
    week: dict[str, Any], every: int, zone: str, when: Literal["open", "closed"], start: datetime, hours: int
) -> None:
    """The oracle walks elapsed minutes from each midnight and compares names of wall-clock times."""
    place, start = ZoneInfo(zone), start.replace(second=0, microsecond=0)
    end = start + timedelta(hours=hours)

    def is_open(wall: datetime) -> bool:
        for back in (0, 1):
            for span in week.get((wall - timedelta(days=back)).strftime("%a").lower(), []):
                first, last = span.split("-")
                now = wall.strftime("%H:%M")
                overnight = last <= first
                if back == 0 and first <= now and (overnight or now < last):
                    return True
                if back == 1 and overnight and now < last:
                    return True
        return False

    expected, day = [], start.astimezone(place).date() - timedelta(days=2)
    for _ in range(hours // 24 + 6):
        midnight = datetime(day.year, day.month, day.day, tzinfo=place).astimezone(UTC)
        day += timedelta(days=1)
        after = datetime(day.year, day.month, day.day, tzinfo=place).astimezone(UTC)
        for minute in range(0, int((after - midnight).total_seconds() // 60), every):
            slot = midnight + timedelta(minutes=minute)
            wall = slot.astimezone(place).replace(tzinfo=None)
            if start <= slot < end and is_open(wall) == (when == "open"):
                expected.append(slot)
    assert list(plan(week, every, zone, when).slots(start, end)) == expected


@given(
    week=weeks(),
    every=EVERY,
    zone=ZONES,
    cuts=st.lists(MOMENTS, min_size=3, max_size=3),
    seconds=st.integers(0, 90_000),
)
def test_slots_of_two_windows_are_those_of_the_whole(
    week: dict[str, Any], every: int, zone: str, cuts: list[datetime], seconds: int
) -> None:
    start = cuts[0]
    middle, end = start + timedelta(seconds=seconds), start + timedelta(seconds=200_000)
    the = plan(week, every, zone)
    assert [*the.slots(start, middle), *the.slots(middle, end)] == list(the.slots(start, end))


@given(weeks(), EVERY, ZONES, MOMENTS)
def test_the_next_slot_is_the_first_one_later(week: dict[str, Any], every: int, zone: str, after: datetime) -> None:
    the = plan(week, every, zone)
    later = [slot for slot in the.slots(after, after + timedelta(days=8)) if slot > after]
    assert the.next_slot(after, timedelta(days=8)) == (later[0] if later else None)


@given(weeks(), ZONES, MOMENTS)
def test_between_two_edges_nothing_opens_or_closes(week: dict[str, Any], zone: str, moment: datetime) -> None:
    times = plan(week, 1, zone).times
    edge = times.same_until(moment)
    assert moment < edge <= moment + timedelta(hours=25)
    between = [moment + (edge - moment) * i / 50 for i in range(50)]
    assert {times.is_open(instant) for instant in between} == {times.is_open(moment)}


def test_a_year_of_closed_days_is_leapt_over() -> None:
    never = plan({"mon": ["08:00-09:00"], "holidays": "ID"}, 1 / 60, holidays=Holidays(frozenset({FRIDAY.date()})))
    days = {FRIDAY.date() + timedelta(days=n) for n in range(-1, 402)}
    closed = OpenTimes(zone=JAKARTA, hours=never.times.hours, holidays=Holidays(frozenset(days)))
    asked = 0

    class Counted(OpenTimes):
        def is_open(self, moment: datetime) -> bool:
            nonlocal asked
            asked += 1
            return super().is_open(moment)

    times = Counted(zone=closed.zone, hours=closed.hours, holidays=closed.holidays)
    assert Plan(every_s=1, times=times).next_slot(FRIDAY) is None
    assert asked < 3 * 402


def test_a_probe_that_is_never_due_has_no_next_slot() -> None:
    assert plan({"mon": []}).next_slot(FRIDAY) is None
    assert plan({"mon-sun": ["00:00-24:00"]}, when="closed").next_slot(FRIDAY) is None


@given(st.text(max_size=20), MOMENTS, st.floats(0.1, 3600))
def test_an_offset_is_stable_and_inside_the_spread(name: str, slot: datetime, spread_s: float) -> None:
    offset = offset_s(name, slot, spread_s)
    assert 0 <= offset < spread_s
    assert offset == offset_s(name, slot.astimezone(JAKARTA), spread_s)


def test_offsets_fill_the_spread_evenly_over_probes_and_over_slots() -> None:
    slots = list(plan(None).slots(FRIDAY, FRIDAY + timedelta(days=5)))
    for offsets in (
        [offset_s("ivr", s, 360) for s in slots],
        [offset_s(f"probe-{n}", slots[0], 360) for n in range(240)],
    ):
        thirds = [sum(1 for o in offsets if k * 120 <= o < (k + 1) * 120) for k in range(3)]
        assert min(thirds) > 50


def test_an_offset_never_leads_out_of_the_hours() -> None:
    the = plan({"fri": ["08:00-08:31"]})
    last = list(the.slots(FRIDAY, FRIDAY + timedelta(days=1)))[-1]
    assert {the.start(f"probe-{n}", last, 360).minute for n in range(50)} == {30}


def test_naive_instants_are_refused() -> None:
    naive = FRIDAY.replace(tzinfo=None)
    for ask in (lambda: list(plan(None).slots(naive, FRIDAY)), lambda: plan(OFFICE).times.is_open(naive)):
        with pytest.raises(ValueError, match="naive"):
            ask()
