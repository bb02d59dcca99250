"""Since when probes are planned, and how far they are accounted for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from storage.database import Database
from storage.plans import Plans

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_probe_is_planned_from_the_moment_it_is_opened(database: Database) -> None:
    plans = Plans(database)
    assert plans.accounted("ivr") is None
    assert plans.open("ivr", NOON)
    assert not plans.open("ivr", NOON + HOUR)
    assert plans.accounted("ivr") == NOON


def test_accounting_goes_forward_and_never_back(database: Database) -> None:
    plans = Plans(database)
    plans.open("ivr", NOON)
    plans.advance("ivr", NOON + 2 * HOUR)
    plans.advance("ivr", NOON + HOUR)
    [planned] = plans.all()
    assert (planned.probe, planned.since, planned.until) == ("ivr", NOON, NOON + 2 * HOUR)


def test_a_probe_that_was_closed_is_planned_anew_from_its_next_opening(database: Database) -> None:
    plans = Plans(database)
    plans.open("ivr", NOON)
    assert plans.close("ivr")
    assert not plans.close("ivr")
    plans.advance("ivr", NOON + HOUR)
    assert plans.all() == []
    plans.open("ivr", NOON + 3 * HOUR)
    assert plans.accounted("ivr") == NOON + 3 * HOUR
