"""The journal: chained entries without anything personal, and erasable text beside them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import delete, select

from storage.chain import JOURNAL, ORIGIN, link
from storage.database import Database
from storage.journal import TEXT, Journal, Kind

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_an_entry_is_read_back_as_it_was_written(database: Database) -> None:
    journal = Journal(database)
    seq = journal.write("remark", "run-1", {"about": "queue"}, {"by": "Sari", "remark": "antrean panjang"}, NOON)
    [note] = journal.read()
    assert (note.seq, note.at, note.kind, note.subject) == (seq, NOON, "remark", "run-1")
    assert note.body == {"about": "queue"}
    assert note.text == {"by": "Sari", "remark": "antrean panjang"}
    assert not note.erased


def test_names_and_remarks_stand_outside_of_the_hashed_row_which_carries_their_hash(database: Database) -> None:
    Journal(database).write("sign", "2026-11-20/pagi", {"head": "ab"}, {"by": "Sari"}, NOON)
    with database.read() as connection:
        [row] = connection.execute(select(JOURNAL)).mappings()
        [text] = connection.execute(select(TEXT.c.data)).scalars()
    assert "Sari" not in str(dict(row))
    assert bytes(row["text_sha256"]) == hashlib.sha256(text.encode()).digest()


def test_an_erased_text_reads_as_erased_and_one_that_never_was_does_not(database: Database) -> None:
    journal = Journal(database)
    seq = journal.write("remark", "run-1", {}, {"remark": "x"}, NOON)
    journal.write("config", "config", {"fingerprint": "00"}, None, NOON)
    with database.write() as connection:
        connection.execute(delete(TEXT).where(TEXT.c.seq == seq))
    assert [(note.text, note.erased) for note in journal.read()] == [(None, True), (None, False)]


def test_each_entry_carries_the_hash_of_the_one_before(database: Database) -> None:
    journal = Journal(database)
    for number in range(3):
        journal.write("notice", f"n-{number}", {"number": number}, {"by": "é ñ"}, NOON)
    with database.read() as connection:
        rows = connection.execute(select(JOURNAL).order_by(JOURNAL.c.seq)).mappings().all()
    assert bytes(rows[0]["prev_hash"]) == ORIGIN
    assert all(bytes(two["prev_hash"]) == bytes(one["hash"]) for one, two in pairwise(rows))
    assert all(link(JOURNAL, bytes(row["prev_hash"]), dict(row)) == bytes(row["hash"]) for row in rows)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [1, 2, 3]),
        ({"kind": "remark"}, [1, 3]),
        ({"since": NOON + HOUR}, [2, 3]),
        ({"until": NOON + HOUR}, [1]),
        ({"subject": "b"}, [2, 3]),
        ({"kind": "remark", "subject": "b", "since": NOON, "until": NOON + 3 * HOUR}, [3]),
    ],
)
def test_entries_are_found_by_kind_time_and_subject(
    database: Database, asked: dict[str, object], found: list[int]
) -> None:
    journal = Journal(database)
    written: list[tuple[Kind, str]] = [("remark", "a"), ("sign", "b"), ("remark", "b")]
    for number, (kind, subject) in enumerate(written):
        journal.write(kind, subject, {}, None, NOON + number * HOUR)
    assert [note.seq for note in journal.read(**asked)] == found  # type: ignore[arg-type]


def test_a_kind_that_nobody_knows_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="allowed: sign, remark"):
        Journal(database).write("gossip", "x", {}, None, NOON)  # type: ignore[arg-type]
    assert Journal(database).read() == []
