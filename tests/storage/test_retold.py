"""Maintenance and peak mode change the figures: what was put into their tables by hand is named."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, delete, insert, update

from storage.database import Database
from storage.disposal import erased
from storage.journal import TEXT, Journal
from storage.maintenance import MAINTENANCE, Windows
from storage.peak import PEAK, Peak
from storage.retention import dispose
from storage.values import to_ms
from tests.storage.book import found, names
from tests.storage.racing import NOON

HOUR = timedelta(hours=1)
LATER_MS = to_ms(NOON + 9 * HOUR)


@pytest.fixture
def kept(database: Database) -> Database:
    """Three windows, one of which was ended early, and three stretches, two of which were."""
    windows, peak = Windows(database), Peak(database)
    for number in range(3):
        windows.add("ivr", NOON - HOUR, NOON + 5 * HOUR, f"router {number}", NOON, by="Budi")
    windows.end(2, NOON + HOUR)
    peak.start(NOON, NOON + 5 * HOUR, "ramai")
    peak.start(NOON + HOUR, NOON + 5 * HOUR, "sangat ramai")
    peak.end(NOON + 2 * HOUR)
    peak.start(NOON + 3 * HOUR, NOON + 5 * HOUR, "ramai lagi")
    return database


def test_what_was_said_through_siaga_is_sound(kept: Database, tmp_path: Path) -> None:
    assert found(kept, tmp_path) == []


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        (MAINTENANCE, "target", "sip"),
        (MAINTENANCE, "from_ms", to_ms(NOON - 9 * HOUR)),
        (MAINTENANCE, "to_ms", LATER_MS),
        (MAINTENANCE, "created_ms", to_ms(NOON - 9 * HOUR)),
        (MAINTENANCE, "reason", "lain"),
        (PEAK, "from_ms", to_ms(NOON - 9 * HOUR)),
        (PEAK, "until_ms", LATER_MS),
        (PEAK, "reason", "lain"),
    ],
)
@pytest.mark.parametrize("id_", [1, 2, 3])
def test_a_changed_row_is_named_with_what_changed(
    kept: Database, tmp_path: Path, table: Table, column: str, value: Any, id_: int
) -> None:
    with kept.write() as connection:
        connection.execute(update(table).where(table.c.id == id_).values({column: value}))
    [finding] = found(kept, tmp_path)
    assert (finding.what, finding.where) == ("window_differs", f"{table.name} {id_}")
    assert column in finding.sentence


@pytest.mark.parametrize("id_", [1, 2, 3])
@pytest.mark.parametrize("table", [MAINTENANCE, PEAK])
def test_a_deleted_row_is_named(kept: Database, tmp_path: Path, table: Table, id_: int) -> None:
    with kept.write() as connection:
        connection.execute(delete(table).where(table.c.id == id_))
    assert names(found(kept, tmp_path)) == [("window_gone", f"{table.name} {id_}")]


def test_a_row_that_nobody_said_is_named(kept: Database, tmp_path: Path) -> None:
    span = {"from_ms": to_ms(NOON), "reason": "x"}
    with kept.write() as connection:
        connection.execute(insert(MAINTENANCE).values(target="ivr", to_ms=LATER_MS, created_ms=0, **span))
        connection.execute(insert(PEAK).values(until_ms=LATER_MS, **span))
    assert names(found(kept, tmp_path)) == [("window_unsaid", "maintenance 4"), ("window_unsaid", "peak 4")]


def test_a_number_that_was_used_again_hides_nothing(kept: Database, tmp_path: Path) -> None:
    with kept.write() as connection:
        connection.execute(delete(MAINTENANCE).where(MAINTENANCE.c.id == 3))
        connection.execute(insert(MAINTENANCE).values(id=4, target="ivr", from_ms=0, to_ms=1, created_ms=0, reason="x"))
    assert names(found(kept, tmp_path)) == [("window_gone", "maintenance 3"), ("window_unsaid", "maintenance 4")]


def test_windows_are_compared_also_when_what_people_wrote_was_erased(kept: Database, tmp_path: Path) -> None:
    with kept.write() as connection:
        seqs = connection.execute(TEXT.select()).scalars().all()
        connection.execute(delete(TEXT))
    Journal(kept).write("disposal", "text", erased("text", seqs), None, NOON)
    assert found(kept, tmp_path) == []
    with kept.write() as connection:
        connection.execute(update(MAINTENANCE).where(MAINTENANCE.c.id == 1).values(to_ms=LATER_MS))
    assert names(found(kept, tmp_path)) == [("window_differs", "maintenance 1")]


class Policy:
    """Everything goes after a day."""

    results = passes_media = failures_media = timedelta(days=1)


def test_windows_that_went_by_their_retention_are_no_loss(kept: Database, tmp_path: Path) -> None:
    dispose(kept, tmp_path, Policy(), NOON + timedelta(days=9), lambda: None)
    assert Windows(kept).list() == ()
    assert found(kept, tmp_path) == []


def test_a_number_that_went_by_its_retention_and_was_used_again_is_still_watched(
    kept: Database, tmp_path: Path
) -> None:
    later = NOON + timedelta(days=9)
    dispose(kept, tmp_path, Policy(), later, lambda: None)
    id_ = Windows(kept).add("ivr", later, later + HOUR, "router", later).id
    assert found(kept, tmp_path) == []
    with kept.write() as connection:
        connection.execute(delete(MAINTENANCE))
    assert names(found(kept, tmp_path)) == [("window_gone", f"maintenance {id_}")]
