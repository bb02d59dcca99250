"""Alarms: told once when trouble begins, once when it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from storage.alarms import Alarms
from storage.database import Database

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)
M = timedelta(minutes=1)


def test_trouble_is_news_once_however_often_it_is_seen(database: Database) -> None:
    alarms = Alarms(database)
    assert [alarms.start("trunk:a", "timeout", NOON + n * M) for n in range(3)] == [True, False, False]
    [alarm] = alarms.untold()
    assert (alarm.key, alarm.since, alarm.detail, alarm.over) == ("trunk:a", NOON, "timeout", None)
    assert alarms.told(alarm, NOON + M)
    assert alarms.untold() == []
    assert [a.key for a in alarms.standing()] == ["trunk:a"]


def test_the_end_is_told_once_too(database: Database) -> None:
    alarms = Alarms(database)
    alarms.start("trunk:a", "timeout", NOON)
    alarms.told(alarms.untold()[0], NOON)
    assert alarms.end("trunk:a", NOON + M)
    assert not alarms.end("trunk:a", NOON + 2 * M)
    [alarm] = alarms.untold()
    assert (alarm.told, alarm.over) == (NOON, NOON + M)
    assert alarms.told(alarm, NOON + 2 * M)
    assert (alarms.untold(), alarms.standing()) == ([], [])


def test_trouble_that_returns_after_its_end_was_told_is_news_again(database: Database) -> None:
    alarms = Alarms(database)
    alarms.start("trunk:a", "timeout", NOON)
    alarms.told(alarms.untold()[0], NOON)
    alarms.end("trunk:a", NOON + M)
    alarms.told(alarms.untold()[0], NOON + M)
    assert alarms.start("trunk:a", "refused", NOON + 5 * M)
    [alarm] = alarms.untold()
    assert (alarm.since, alarm.detail, alarm.told, alarm.over) == (NOON + 5 * M, "refused", None, None)


def test_trouble_that_returns_before_its_end_was_told_goes_on_as_the_same(database: Database) -> None:
    alarms = Alarms(database)
    alarms.start("trunk:a", "timeout", NOON)
    alarms.told(alarms.untold()[0], NOON)
    alarms.end("trunk:a", NOON + M)
    assert not alarms.start("trunk:a", "timeout", NOON + 2 * M)
    assert alarms.untold() == []
    assert [a.since for a in alarms.standing()] == [NOON]


def test_of_two_services_only_one_has_told(database: Database) -> None:
    alarms = Alarms(database)
    alarms.start("trunk:a", "timeout", NOON)
    [alarm] = alarms.untold()
    assert [alarms.told(alarm, NOON + M), alarms.told(alarm, NOON + M)] == [True, False]


def test_an_end_that_came_after_reading_is_still_to_be_told(database: Database) -> None:
    alarms = Alarms(database)
    alarms.start("trunk:a", "timeout", NOON)
    [read_before] = alarms.untold()
    alarms.end("trunk:a", NOON + M)
    assert not alarms.told(read_before, NOON + M)
    [alarm] = alarms.untold()
    assert alarm.over == NOON + M


def test_an_end_without_a_beginning_is_nothing(database: Database) -> None:
    assert not Alarms(database).end("trunk:a", NOON)
    assert Alarms(database).untold() == []
