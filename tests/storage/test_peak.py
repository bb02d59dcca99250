"""Peak mode: stretches that begin now, end by themselves or by hand, and stand in the journal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from storage.database import Database
from storage.journal import Journal
from storage.peak import Peak

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
MS = timedelta(milliseconds=1)


def test_peak_mode_holds_from_its_start_to_before_its_end(database: Database) -> None:
    peak = Peak(database)
    stretch = peak.start(NOON, NOON + HOUR, "banjir panggilan", by="Sari")
    assert [peak.at(m) for m in (NOON - MS, NOON, NOON + HOUR - MS, NOON + HOUR)] == [None, stretch, stretch, None]
    [note] = Journal(database).read("peak")
    assert note.body["until"] == "2026-11-20T06:00:00.000Z"
    assert note.text == {"reason": "banjir panggilan", "by": "Sari"}


def test_peak_mode_ended_by_hand_is_over_at_once(database: Database) -> None:
    peak = Peak(database)
    peak.start(NOON, NOON + HOUR, "x")
    assert peak.end(NOON + HOUR / 2)
    assert peak.at(NOON + HOUR / 2) is None
    assert peak.at(NOON + HOUR / 4) is not None
    assert not peak.end(NOON + HOUR / 2)
    assert [note.body["action"] for note in Journal(database).read("peak")] == ["start", "end"]


def test_a_new_start_takes_the_place_of_the_stretch_that_runs(database: Database) -> None:
    peak = Peak(database)
    peak.start(NOON, NOON + 4 * HOUR, "first")
    second = peak.start(NOON + HOUR, NOON + 2 * HOUR, "second")
    assert peak.at(NOON + HOUR) == second
    assert peak.at(NOON + 3 * HOUR) is None
    assert [(s.from_, s.until) for s in peak.list(NOON, NOON + 9 * HOUR)] == [
        (NOON, NOON + HOUR),
        (NOON + HOUR, NOON + 2 * HOUR),
    ]


def test_an_end_that_is_past_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="later end"):
        Peak(database).start(NOON, NOON, "x")
    assert Journal(database).read() == []
