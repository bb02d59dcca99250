"""Names of runs sort by time and do not repeat."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from scheduler.order import new_run_id

START = datetime(2026, 11, 20, 8, 30, 0, tzinfo=UTC)


def test_a_run_is_named_after_its_second_in_utc() -> None:
    name = new_run_id(START.astimezone())
    assert re.fullmatch(r"20261120T083000Z-[0-9a-z]{6}", name)


def test_names_sort_like_their_instants_down_to_microseconds() -> None:
    instants = [START + timedelta(microseconds=499 * i) for i in range(2004)]
    names = [new_run_id(instant) for instant in instants]
    assert names == sorted(names)


def test_names_given_one_after_the_other_differ() -> None:
    assert len({new_run_id() for _ in range(1000)}) == 1000
