"""Results that somebody cut off at the end, head and all, are missed by the journal and by their evidence."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from storage.chain import CHAIN, RESULT
from storage.database import Database
from storage.disposal import results_gone
from storage.journal import HEADED, Journal, Kind
from storage.runs import DETAIL, RUN, Runs
from tests.storage.book import ROWS, found, names, stored, write_book
from tests.storage.racing import NOON, STAMP, planned

LONG_AGO_S = 1_700_000_000


def cut(database: Database, last: int) -> None:
    """As whoever may write everything would do it."""
    kept = stored(database, RESULT, last)
    with database.write() as connection:
        gone = select(RESULT.c.run_id).where(RESULT.c.seq > last)
        connection.execute(delete(RUN).where(RUN.c.run_id.in_(gone)))
        connection.execute(delete(DETAIL).where(DETAIL.c.seq > last))
        connection.execute(delete(RESULT).where(RESULT.c.seq > last))
        connection.execute(update(CHAIN).where(CHAIN.c.name == "result").values(seq=last, hash=kept["hash"]))


@pytest.mark.parametrize("kind", sorted(HEADED - {"disposal"}))
def test_results_cut_off_are_named_by_the_next_entry_of_the_journal(
    database: Database, tmp_path: Path, kind: Kind
) -> None:
    write_book(database, tmp_path)
    body = {"action": "config"} if kind in ("maintenance", "peak") else {}
    Journal(database).write(kind, "x", body, {"by": "Sari"}, NOON)
    assert found(database, tmp_path) == []
    cut(database, ROWS - 2)
    assert names(found(database, tmp_path)) == [("witness_gone", f"result {ROWS}")]


def test_other_results_in_the_place_of_those_cut_off_are_named(database: Database, tmp_path: Path) -> None:
    write_book(database, tmp_path)
    Journal(database).write("sign", "2026-11-20/approved", {}, {"name": "Sari"}, NOON)
    hash_ = stored(database, RESULT, ROWS)["hash"]
    with database.write() as connection:
        connection.execute(update(RESULT).where(RESULT.c.seq == ROWS).values(hash=hash_[::-1]))
    assert ("witness_differs", f"result {ROWS}") in names(found(database, tmp_path))


def test_results_that_went_lawfully_are_not_missed(database: Database, tmp_path: Path) -> None:
    write_book(database, tmp_path)
    journal = Journal(database)
    journal.write("sign", "2026-11-20/approved", {}, {"name": "Sari"}, NOON)
    last = stored(database, RESULT, ROWS)
    with database.write() as connection:
        for table in (DETAIL, RESULT):
            connection.execute(delete(table))
        connection.execute(delete(RUN))
    journal.write("disposal", "results", results_gone(ROWS, bytes(last["hash"])), None, NOON + timedelta(days=800))
    assert found(database, tmp_path) == []


def test_evidence_without_a_result_is_named_unless_it_is_fresh_or_its_run_is_on_its_way(
    database: Database, tmp_path: Path
) -> None:
    write_book(database, tmp_path)
    [folder] = tmp_path.glob("*/run-7")
    cut(database, 6)
    assert found(database, tmp_path) == []
    os.utime(folder, (LONG_AGO_S, LONG_AGO_S))
    assert names(found(database, tmp_path)) == [("stray", str(folder.absolute()))]


def test_the_folder_of_a_run_on_its_way_and_an_empty_one_are_no_finding(database: Database, tmp_path: Path) -> None:
    Runs(database, STAMP, tmp_path).submit(planned("waits", 3))
    for name in ("waits", "empty"):
        folder = tmp_path / "2026-11-20" / name
        folder.mkdir(parents=True)
        if name == "waits":
            (folder / "suara.wav").write_bytes(b"x")
        os.utime(folder, (LONG_AGO_S, LONG_AGO_S))
    assert found(database, tmp_path) == []
