"""When the runs of a probe begin: all slots, each once, in order, wherever the probe lives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.timetable import MANUAL, ProbePlan, grace, grace_of, interval_of
from tests.scheduler.plans import SLOT, probe_plan

ZONES = ["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "America/New_York", "Australia/Lord_Howe"]
WEEKS: list[dict[str, Any] | None] = [
    None,
    {"mon-fri": ["08:00-17:00"]},
    {"mon-sun": ["22:00-06:00"]},
    {"mon-sun": ["00:30-03:30"]},
]
EDGES = [datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC), SLOT]
"""New York sets its clock forward, back, and an ordinary day."""


def walk(probe: ProbePlan, after: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """As the clock does: from one firing time to the next."""
    found = []
    while (due := probe.next_due(after)) is not None and due.at <= until:
        found.append((due.at, due.slot))
        after = due.at
    return found


@given(
    zone=st.sampled_from(ZONES),
    week=st.sampled_from(WEEKS),
    when=st.sampled_from(["open", "closed"]),
    every_min=st.sampled_from([7, 30, 60, 420]),
    spread=st.floats(0, 0.999),
    start=st.sampled_from(EDGES),
    shift_min=st.integers(-2000, 2000),
)
def test_going_from_start_to_start_meets_every_slot_once(
    zone: str, week: Any, when: Any, every_min: int, spread: float, start: datetime, shift_min: int
) -> None:
    probe = probe_plan(every_s=every_min * 60, spread_s=every_min * 60 * spread, week=week, zone=zone, when=when)
    after = start + timedelta(minutes=shift_min)
    until = after + timedelta(days=2)
    walked = walk(probe, after, until)
    assert walked == [(due.at, due.slot) for due in probe.dues(after, until)]
    slots = list(probe.plan.slots(after - timedelta(days=1), until + timedelta(days=1)))
    expected = {slot for slot in slots if after < probe.due(slot).at <= until}
    assert {slot for _, slot in walked} == expected
    assert len(walked) == len(expected)


@pytest.mark.parametrize(
    ("zone", "utc"), [("Asia/Jakarta", "01:00"), ("Asia/Makassar", "00:00"), ("Asia/Jayapura", "23:00")]
)
def test_eight_in_the_morning_is_another_instant_in_each_indonesian_zone(zone: str, utc: str) -> None:
    probe = probe_plan(week={"fri": ["08:00-09:00"]}, every_s=3600, zone=zone)
    due = probe.next_due(SLOT - timedelta(days=1))
    assert due is not None
    assert f"{due.slot:%H:%M}" == utc


@pytest.mark.parametrize(("day", "count"), [("2026-03-08", 46), ("2026-11-01", 50)])
def test_new_york_has_as_many_half_hours_as_the_day_is_long(day: str, count: int) -> None:
    probe = probe_plan(zone="America/New_York", spread_s=360)
    midnight = datetime.fromisoformat(day).replace(tzinfo=probe.plan.times.zone)
    last = (midnight + timedelta(days=1)).astimezone(UTC)
    slots = [due.slot for due in probe.dues(midnight.astimezone(UTC) - timedelta(seconds=1), last + timedelta(hours=1))]
    assert len([slot for slot in slots if slot.astimezone(midnight.tzinfo).date() == midnight.date()]) == count


def test_a_wide_spread_lets_the_first_slot_of_a_day_overtake_the_last_of_the_day_before() -> None:
    probe = probe_plan(every_s=7 * 3600, spread_s=6.9 * 3600)
    dues = probe.dues(SLOT, SLOT + timedelta(days=30))
    assert [due.slot for due in dues] != sorted(due.slot for due in dues)
    assert walk(probe, SLOT, SLOT + timedelta(days=30)) == [(due.at, due.slot) for due in dues]


def test_grace_is_a_quarter_of_the_interval_and_at_most_five_minutes() -> None:
    assert grace(timedelta(minutes=1)) == timedelta(seconds=15)
    assert grace(timedelta(minutes=20)) == grace(timedelta(hours=24)) == timedelta(minutes=5)


@pytest.mark.parametrize("channel", ["sip", MANUAL])
def test_a_run_expires_at_its_next_slot_and_a_persons_test_a_shift_later(channel: str) -> None:
    planned = probe_plan(channel=channel, spread_s=360).planned(SLOT)
    assert planned.expires == SLOT + timedelta(minutes=30) + timedelta(hours=12 if channel == MANUAL else 0)
    assert (interval_of(planned), grace_of(planned)) == (timedelta(minutes=30), timedelta(minutes=5))
    assert SLOT <= planned.due < SLOT + timedelta(minutes=6)
    assert (planned.slot, planned.trigger) == (SLOT, "schedule")


def test_the_same_settings_are_the_same_plan_and_any_other_is_not() -> None:
    week = {"mon-fri": ["08:00-17:00"]}
    assert probe_plan(week=week) == probe_plan(week=week)
    others = [probe_plan(week=None), probe_plan(week=week, every_s=60), probe_plan(week=week, zone="Asia/Makassar")]
    assert all(other != probe_plan(week=week) for other in others)
