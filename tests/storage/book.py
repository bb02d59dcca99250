"""A record with one of each: runs that ended in every way, details, files, a journal with what people wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select, update

from storage.chain import JOURNAL, RESULT, table_of
from storage.database import Database
from storage.findings import Finding
from storage.journal import Journal
from storage.runs import Runs
from storage.tables import JournalTextRow
from storage.values import Cause
from storage.verify import verify
from tests.storage.racing import NOON, STAMP, TTL, planned, record_of, with_files

TEXT: Final = table_of(JournalTextRow)
DONE: Final = (1, 3, 4, 7)
"""The rows of runs that were played: with detail and two files each."""
ROWS: Final = 8


def write_book(database: Database, root: Path) -> None:
    """Eight results, three journal entries."""
    runs = Runs(database, STAMP, root)
    journal = Journal(database)
    journal.write("config", "config", {"fingerprint": "ab" * 32}, None, NOON)
    journal.write("sign", "2026-11-20/pagi", {"role": "pic"}, {"name": "Sari Dewi", "remark": "\u2713 lengkap"}, NOON)
    for n in range(1, ROWS + 1):
        run = planned(f"run-{n}", None if n == 4 else n)
        if n in (2, 5):
            runs.submit_missed([run], Cause.DOWN if n == 2 else Cause.MAINTENANCE)
            continue
        runs.submit(run)
        if n == 8:
            runs.miss("run-8", Cause.LATE)
            continue
        owner = f"w{n}"
        runs.beat(owner, NOON, TTL)
        assert runs.claim(run.run_id, owner, f"key-{n}", NOON) == "claimed"
        if n == 6:
            runs.lose("run-6", owner)
            continue
        runs.finish(run.run_id, owner, with_files(record_of(run), root))
    journal.write("remark", "run-2", {}, {"name": "Budi", "text": "listrik padam"}, NOON + timedelta(hours=1))


def found(database: Database, root: Path) -> list[Finding]:
    return list(verify(database, root, language="en"))


def names(findings: list[Finding]) -> list[tuple[str, str]]:
    """What was found, and where."""
    return [(finding.what, finding.where) for finding in findings]


def stored(database: Database, table: Any, seq: int, /) -> dict[str, Any]:
    with database.read() as view:
        return dict(view.execute(select(table).where(table.c.seq == seq)).mappings().one())


def change(database: Database, table: Any, seq: int, /, **values: Any) -> None:
    with database.write() as connection:
        assert connection.execute(update(table).where(table.c.seq == seq).values(**values)).rowcount == 1


@contextmanager
def changed(database: Database, table: Any, seq: int, /, **values: Any) -> Iterator[None]:
    """A row that somebody changed, for a while."""
    before = stored(database, table, seq)
    change(database, table, seq, **values)
    yield
    change(database, table, values.get("seq", seq), **before)


def altered(column: str, value: Any, kind: type) -> Any:
    """A value that differs in one bit, and that the table allows."""
    allowed = {"state": ("done", "lost"), "cause": ("down", "late")}
    if column in allowed:
        return next(word for word in allowed[column] if word != value)
    if value is None:
        return {int: 1, str: "x", bytes: b"x"}[kind]
    if isinstance(value, int):
        return value + 1000 if column == "seq" else value ^ 1
    middle = len(value) // 2
    if isinstance(value, str):
        return value[:middle] + chr(ord(value[middle]) ^ 1) + value[middle + 1 :]
    return value[:middle] + bytes([value[middle] ^ 1]) + value[middle + 1 :]


__all__ = ["JOURNAL", "RESULT", "TEXT", "altered", "change", "changed", "found", "names", "stored", "write_book"]
