"""Room for runs, worked out twice: by the product, and here slowly from the meaning of the words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scheduler.capacity import Asked, busiest, crowd

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def asked(due: int, patience: int, longest: int, probe: str = "a") -> Asked:
    return Asked(at(due), at(due + patience), timedelta(minutes=longest), probe)


def test_runs_that_end_before_the_next_begins_never_miss() -> None:
    found = crowd([asked(0, 30, 30), asked(30, 30, 30), asked(60, 30, 30)], 1)
    assert (found.asked, found.missed) == (3, 0)


def test_who_waits_until_its_next_slot_is_left_out_and_takes_no_room() -> None:
    found = crowd([asked(0, 30, 30), asked(1, 29, 30, "b"), asked(2, 29, 30, "c")], 1)
    assert found.left_out == {"b": 1}
    assert crowd([asked(0, 30, 30), asked(1, 29, 30, "b")], 2).missed == 0


RUNS = st.lists(
    st.builds(asked, st.integers(0, 120), st.integers(1, 60), st.integers(1, 60), st.sampled_from("abc")), max_size=30
)


@given(RUNS, st.integers(1, 4))
def test_it_is_first_come_first_served_with_so_many_at_once(runs: list[Asked], rooms: int) -> None:
    begun: list[tuple[datetime, datetime]] = []
    missed = 0
    for run in sorted(runs):
        moments = sorted({run.due, *(end for _, end in begun if end > run.due)})
        start = next(m for m in moments if sum(first <= m < end for first, end in begun) < rooms)
        if start >= run.expires:
            missed += 1
        else:
            begun.append((start, start + run.longest))
    found = crowd(runs, rooms)
    assert (found.asked, found.missed) == (len(runs), missed)


@given(st.lists(st.integers(0, 300), max_size=40), st.integers(1, 90))
def test_the_busiest_stretch_begins_with_one_of_its_instants(minutes: list[int], within: int) -> None:
    wanted = max((sum(first <= m < first + within for m in minutes) for first in minutes), default=0)
    assert busiest([at(m) for m in minutes], timedelta(minutes=within)) == wanted
