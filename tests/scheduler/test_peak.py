"""Which tests stay in peak mode: the same ones for every process, and one in so many."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.peak import stays
from tests.scheduler.plans import SLOT, probe_plan


@pytest.mark.parametrize("minutes", [1, 5, 15, 30, 60])
@pytest.mark.parametrize("every_nth", [1, 2, 3, 7])
def test_of_the_slots_one_in_so_many_stays(minutes: int, every_nth: int) -> None:
    every = timedelta(minutes=minutes)
    kept = [stays(SLOT + index * every, every, every_nth) for index in range(every_nth * 10)]
    assert sum(kept) == 10
    assert all(sum(kept[start : start + every_nth]) == 1 for start in range(len(kept) - every_nth))


def test_a_slot_stays_or_goes_whatever_the_zone_it_is_written_in() -> None:
    every = timedelta(minutes=30)
    slots = [SLOT + index * every for index in range(4)]
    local = [slot.astimezone(probe_plan().plan.times.zone) for slot in slots]
    assert [stays(slot, every, 2) for slot in slots] == [stays(slot, every, 2) for slot in local]
