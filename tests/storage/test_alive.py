"""Beats tell when a service was alive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from storage.alive import GAP, Alive
from storage.database import Database

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)
S = timedelta(seconds=1)


def test_beats_make_one_stretch_without_holes(database: Database) -> None:
    alive = Alive(database)
    assert [alive.beat("a", NOON + n * 5 * S) for n in range(4)] == [False, True, True, True]
    assert alive.stretches(NOON, NOON + 60 * S) == [(NOON, NOON + 15 * S)]
    asked = [NOON - S, NOON, NOON + 7 * S, NOON + 15 * S, NOON + 16 * S]
    assert [alive.was_alive(moment) for moment in asked] == [False, True, True, True, False]


def test_a_gap_between_beats_is_a_time_without_service(database: Database) -> None:
    alive = Alive(database)
    alive.beat("a", NOON)
    assert alive.beat("a", NOON + GAP)
    assert not alive.beat("a", NOON + 2 * GAP + S)
    assert not alive.was_alive(NOON + GAP + S)
    assert alive.last() == NOON + 2 * GAP + S


def test_who_lived_through_it_makes_up_for_beats_that_were_not_taken(database: Database) -> None:
    alive = Alive(database)
    alive.beat("a", NOON, NOON - S)
    assert alive.beat("a", NOON + 300 * S, NOON - S)
    assert alive.stretches(NOON, NOON + 300 * S) == [(NOON - S, NOON + 300 * S)]
    assert not alive.beat("a", NOON + 600 * S, NOON + 400 * S), "there was a gap in between"
    assert not alive.was_alive(NOON + 399 * S)
    assert alive.was_alive(NOON + 401 * S)


def test_another_service_that_lives_on_covers_the_gap(database: Database) -> None:
    alive = Alive(database)
    for number in range(20):
        alive.beat("b", NOON + number * 5 * S)
        if number in (0, 19):
            alive.beat("a", NOON + number * 5 * S)
    assert alive.was_alive(NOON + 50 * S)


def test_a_clock_that_is_set_back_begins_a_stretch_and_shortens_none(database: Database) -> None:
    alive = Alive(database)
    alive.beat("a", NOON)
    alive.beat("a", NOON + 20 * S)
    assert not alive.beat("a", NOON - 3600 * S)
    assert alive.beat("a", NOON - 3595 * S)
    assert alive.was_alive(NOON + 20 * S)
    assert alive.was_alive(NOON - 3597 * S)
    assert not alive.was_alive(NOON - 1800 * S)


def test_nobody_was_ever_alive_at_first(database: Database) -> None:
    assert Alive(database).last() is None
    assert not Alive(database).was_alive(NOON)
