"""What a planned probe lacks: every slot once, with the right cause, and none that may still get its run."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.books import SLACK, Book, Missed, Stretches, examine, unaccounted
from storage.values import Cause
from tests.scheduler.plans import HALF_HOUR, SLOT, probe_plan

PROBE = probe_plan(spread_s=360)
NEVER = Stretches([])
FIVE = timedelta(minutes=5)


def at(hour: int, minute: int = 0) -> datetime:
    """A time of the day in Jakarta."""
    return SLOT + timedelta(hours=hour - 8, minutes=minute)


def test_a_service_stopped_from_0805_to_1140_missed_seven_half_hours() -> None:
    book = Book(probe=PROBE, until=at(8))
    alive = Stretches([(at(6), at(8, 5)), (at(11, 40), at(11, 40))])
    missed, after = examine(book, at(11, 40), {at(8)}, alive, alone=True)
    assert [one.due.slot for one in missed] == [at(8, 30) + n * HALF_HOUR for n in range(7)]
    assert {one.cause for one in missed} == {Cause.DOWN}
    assert after.until == at(11, 40)
    assert examine(after, at(11, 41), (), alive, alone=True)[0] == []


def test_a_slot_whose_run_is_still_to_come_is_left_to_the_clock() -> None:
    due = PROBE.due(SLOT)
    before, after = due.at - timedelta(seconds=1), due.at
    missed, book = examine(Book(probe=PROBE, until=SLOT - FIVE), before, (), NEVER, alone=True)
    assert missed == []
    assert book.until < SLOT, "it stays open"
    assert [one.due for one in examine(book, after, (), NEVER, alone=True)[0]] == [due]


def test_a_living_service_gets_its_time_to_submit_and_then_it_was_late() -> None:
    due, alive = PROBE.due(SLOT), Stretches([(at(7), at(12))])
    book = Book(probe=PROBE, until=SLOT - FIVE)
    patient = examine(book, due.at + PROBE.grace + SLACK, (), alive, alone=False)
    assert patient[0] == []
    assert patient[1].until < SLOT
    late, closed = examine(book, due.at + PROBE.grace + SLACK + FIVE, (), alive, alone=False)
    assert [(one.due, one.cause) for one in late] == [(due, Cause.LATE)]
    assert closed.until > SLOT


def test_somebody_who_has_just_beaten_may_be_about_to_submit() -> None:
    due = PROBE.due(SLOT)
    book = Book(probe=PROBE, until=SLOT - FIVE)
    just_before = Stretches([(at(7), due.at - SLACK)])
    assert examine(book, due.at, (), just_before, alone=False)[0] == []
    [missed] = examine(book, due.at, (), just_before, alone=True)[0]
    assert missed.cause is Cause.DOWN
    long_before = Stretches([(at(7), due.at - SLACK - timedelta(seconds=1))])
    assert len(examine(book, due.at, (), long_before, alone=False)[0]) == 1


@given(
    every_min=st.sampled_from([7, 30, 60, 420]),
    spread=st.floats(0, 0.99),
    steps_min=st.lists(st.integers(1, 700), min_size=1, max_size=6),
    have=st.sets(st.integers(0, 60)),
    alone=st.booleans(),
    stretches=st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 300)), max_size=3),
)
def test_looking_often_finds_what_looking_once_finds_and_each_slot_once(
    every_min: int,
    spread: float,
    steps_min: list[int],
    have: set[int],
    alone: bool,
    stretches: list[tuple[int, int]],
) -> None:
    probe = probe_plan(every_s=every_min * 60, spread_s=every_min * 60 * spread)
    lived = sorted((SLOT + timedelta(minutes=a), SLOT + timedelta(minutes=a + b)) for a, b in stretches)
    alive = Stretches(lived)
    all_slots = list(probe.plan.slots(SLOT, SLOT + timedelta(days=3)))
    known = {all_slots[index] for index in have if index < len(all_slots)}
    book, now, found = Book(probe=probe, until=SLOT), SLOT, list[Missed]()
    for step in steps_min:
        now += timedelta(minutes=step)
        missed, book = examine(book, now, known | {one.due.slot for one in found}, alive, alone=alone)
        found += missed
    slots = [one.due.slot for one in found]
    assert len(slots) == len(set(slots))
    assert not set(slots) & known
    for one in found:
        assert one.due.at <= now
        assert (one.cause is Cause.LATE) == any(a <= one.due.at <= b for a, b in lived)
    # what the book calls accounted has a row; what has none is still to come, or a living service may bring it
    assert unaccounted(probe.plan, SLOT, book.until, known | set(slots)) == []
    for slot in unaccounted(probe.plan, book.until, now, known | set(slots)):
        assert probe.due(slot).at > now - probe.grace - SLACK
        assert probe.due(slot).at > now or not alone


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100))), st.integers(-10, 210), st.integers(0, 20))
def test_alive_is_whoever_beat_then(spans: list[tuple[int, int]], minute: int, slack: int) -> None:
    known = sorted((SLOT + timedelta(minutes=a), SLOT + timedelta(minutes=a + b)) for a, b in spans)
    moment, more = SLOT + timedelta(minutes=minute), timedelta(minutes=slack)
    assert Stretches(known).alive(moment, more) == any(a <= moment <= b + more for a, b in known)


def test_a_missed_run_is_named_by_its_time_and_everybody_names_it_alike() -> None:
    missed = Missed(PROBE, PROBE.due(SLOT), Cause.DOWN)
    assert missed.planned().run_id == missed.planned().run_id
    assert missed.planned().run_id.startswith(f"{missed.due.at:%Y%m%dT%H%M%SZ}-")
    assert missed.planned(1).run_id != missed.planned().run_id
    herd = {Missed(probe_plan(f"p-{n}"), PROBE.due(SLOT), Cause.DOWN).planned().run_id for n in range(1000)}
    assert len(herd) == 1000


@pytest.mark.parametrize("horizon", [SLOT - timedelta(hours=1), SLOT])
def test_a_clock_that_was_set_back_opens_no_book_again(horizon: datetime) -> None:
    book = Book(probe=PROBE, until=SLOT)
    assert examine(book, horizon, (), NEVER, alone=True) == ([], book)
