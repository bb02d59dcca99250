"""Since when probes are planned, and how far they are accounted for."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

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


def test_plans_of_other_probes_end_together_and_only_when_all_agree(database: Database) -> None:
    plans = Plans(database)
    plans.open_all([f"p-{n:04}" for n in range(1200)], NOON)
    assert plans.close_all_but({"p-0000", "unknown"}, lambda _: False) == []
    assert len(plans.all()) == 1200
    assert plans.close_all_but({"p-0000", "unknown"}, lambda _: True) == [f"p-{n:04}" for n in range(1, 1200)]
    assert [plan.probe for plan in plans.all()] == ["p-0000"]


def test_agreement_is_asked_while_nobody_else_writes(database: Database) -> None:
    """A service that opens a plan has told its file before: whoever ends plans has seen it, or ends them before."""
    plans, opened = Plans(database), threading.Event()

    def open_one() -> None:
        plans.open("late", NOON)
        opened.set()

    opening = threading.Thread(target=open_one)

    def agreed(_: Connection) -> bool:
        opening.start()
        assert not opened.wait(0.3)
        return True

    plans.open("old", NOON)
    assert plans.close_all_but((), agreed) == ["old"]
    opening.join()
    assert [plan.probe for plan in plans.all()] == ["late"]
