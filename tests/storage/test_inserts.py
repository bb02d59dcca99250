"""What is there already stays as it is, and who came first is known: slots and leases rest on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from storage.chain import RESULT
from storage.database import Database
from storage.inserts import insert_new
from storage.runs import LEASE, Runs
from storage.values import Cause, Planned, Stamp

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)
STAMP = Stamp(version="0.1.0", config="00" * 32)


def test_of_two_rows_with_one_key_the_first_stays(database: Database) -> None:
    rows = [{"key": "skill:inbound/tier-1", "run_id": name, "owner": name} for name in ("first", "second")]
    with database.write() as connection:
        assert [insert_new(connection, LEASE, row) for row in rows] == [True, False]
        assert connection.execute(select(LEASE.c.owner)).scalar_one() == "first"


def _planned(run_id: str, slot: datetime) -> Planned:
    return Planned(
        run_id=run_id,
        probe="ivr",
        channel="sip",
        service="inbound",
        skill="tier-1",
        trigger="schedule",
        slot=slot,
        due=slot,
        expires=slot + timedelta(minutes=30),
    )


def test_a_slot_is_submitted_once_by_whom_ever(database: Database) -> None:
    runs = Runs(database, STAMP, Path("/e"))
    assert [runs.submit(_planned(f"run-{n}", NOON)) for n in range(2)] == [True, False]


def test_a_slot_that_has_a_run_is_not_entered_as_missed(database: Database) -> None:
    runs = Runs(database, STAMP, Path("/e"))
    runs.submit(_planned("run-1", NOON))
    asked = [_planned("run-2", NOON), _planned("run-3", NOON + timedelta(minutes=30))]
    assert runs.submit_missed(asked, Cause.DOWN) == 1
    with database.read() as connection:
        assert connection.execute(select(RESULT.c.run_id)).scalars().all() == ["run-3"]
