"""After two years, as a rule, the oldest results go with all that belongs to them, and what people wrote goes too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import delete, func, select

from storage.chain import JOURNAL, RESULT
from storage.database import Database
from storage.disposal import erased, results_gone
from storage.disposing_media import CHUNK, names_of, oldest
from storage.journal import TEXT, enter
from storage.results import DETAIL
from storage.unlinking import drop_days, unlink
from storage.values import from_ms, to_ms

ZONES: Final = timedelta(days=2)
"""The folders are named by days of the centre; a day there ends up to 14 hours from the same one in UTC."""


def dispose_results(
    database: Database, root: Path, before: datetime, now: datetime, pause: Callable[[], None]
) -> tuple[int, int]:
    """Delete the oldest results, contiguous from the start of the chain; returns how many, and how many files."""
    results = files = 0
    while True:
        with database.write() as connection:
            rows = oldest(connection, 0, before, now)
            if rows:
                last = rows[-1]
                connection.execute(delete(DETAIL).where(DETAIL.c.seq <= last.seq))
                connection.execute(delete(RESULT).where(RESULT.c.seq <= last.seq))
                enter(connection, "disposal", "results", results_gone(last.seq, bytes(last.hash)), None, now)
        if not rows:
            break
        results += len(rows)
        files += unlink(root, [path for row in rows for _, path in names_of(row)])
        pause()
    with database.read() as connection:
        first_ms = connection.execute(select(func.min(RESULT.c.at_ms))).scalar_one()
    kept = before if first_ms is None else min(before, from_ms(first_ms))
    drop_days(root, (kept - ZONES).date())
    return results, files


def dispose_texts(database: Database, before: datetime, now: datetime, pause: Callable[[], None]) -> int:
    """Erase what people wrote in the journal before an instant, and who they were; returns how many."""
    gone = 0
    asked = select(TEXT.c.seq).join(JOURNAL, JOURNAL.c.seq == TEXT.c.seq).where(JOURNAL.c.at_ms < to_ms(before))
    while True:
        with database.write() as connection:
            seqs = connection.execute(asked.order_by(TEXT.c.seq).limit(CHUNK)).scalars().all()
            if seqs:
                connection.execute(delete(TEXT).where(TEXT.c.seq.in_(seqs)))
                enter(connection, "disposal", "text", erased("text", seqs), None, now)
        if not seqs:
            return gone
        gone += len(seqs)
        pause()
