"""Proves the record: every hash of both chains, every detail, every file of evidence (docs/decisions/0007).

What is gone is fine exactly when the journal has its disposal. What nothing inside can prove, because whoever may write
everything can compute everything anew: that the newest hash is the one on the printed daily report.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from probe.words import Language
from storage import evidence as files
from storage.chain import RESULT, table_of
from storage.database import Database
from storage.findings import Finding, Found, Tally, teller
from storage.heads import Heads
from storage.links import NOTES, RESULTS, Lawful, Row, Walk
from storage.retold import retold
from storage.stray import stray
from storage.tables import RunRow
from storage.values import RunState

__all__ = ["Finding", "Tally", "verify"]
RUN: Final = table_of(RunRow)
FINAL: Final = (RunState.DONE.value, RunState.LOST.value, RunState.MISSED.value)


def verify(
    database: Database, evidence: Path, tally: Tally | None = None, language: Language = "id"
) -> Iterator[Finding]:
    """What is not as it was written; nothing when all is. ``tally`` is filled meanwhile. Raises DatabaseError.

    Reads in chunks and may run beside a service that writes and disposes.
    """
    tally, found, lawful, heads = tally or Tally(), teller(language), Lawful(database), Heads()
    for step in Walk(database, NOTES, lawful, found).steps():
        tally.rows += step.rows
        heads.take(step.sound)
        yield from step.findings
    walk = Walk(database, RESULTS, lawful, found)
    for step in walk.steps():
        tally.rows += step.rows
        yield from step.findings
        for row in step.sound:
            yield from _evidence(row, walk.where(row), evidence, tally, lawful, found)
        yield from _without_run(database, step.sound, walk, found)
    yield from heads.missing(database, lawful, found)
    yield from retold(database, found)
    tally.head = walk.last.hex() if isinstance(walk.last, bytes) else ""
    yield from _without_result(database, found)
    yield from stray(database, evidence, lawful, found, time.time())


def _evidence(row: Row, where: str, root: Path, tally: Tally, lawful: Lawful, found: Found) -> Iterator[Finding]:
    for kind, name, sha256 in json.loads(row["evidence"]):
        path = root.absolute() / name
        place = f"{path} ({where})"
        tally.files += 1
        try:
            kept = files.digest(path)
        except (FileNotFoundError, NotADirectoryError):
            if not lawful.erased("evidence", row["seq"], kind):
                yield found("file_gone", place)
        except OSError as error:
            yield found("file_unreadable", place, cause=error.strerror)
        else:
            if kept != sha256:
                yield found("file_altered", place)


def _without_run(database: Database, rows: list[Row], walk: Walk, found: Found) -> Iterator[Finding]:
    """Runs that ended are cleared away by their due time, so those of later slots must still be there."""
    with database.read() as connection:
        oldest = [
            connection.execute(select(func.min(RUN.c.due_ms)).where(RUN.c.state == state)).scalar_one()
            for state in FINAL
        ]
        since = min((due for due in oldest if due is not None), default=None)
        asked = {} if since is None else {r["run_id"]: r for r in rows if (r["slot_ms"] or -1) >= since}
        kept = set(connection.execute(select(RUN.c.run_id).where(RUN.c.run_id.in_(asked))).scalars())
    for run_id, row in asked.items():
        if run_id not in kept:
            yield found("result_without_run", walk.where(row))


def _without_result(database: Database, found: Found) -> Iterator[Finding]:
    result = RESULT.c.state.label("result")
    asked = (
        select(RUN.c.run_id, RUN.c.state, result)
        .outerjoin(RESULT, RESULT.c.run_id == RUN.c.run_id)
        .where(RUN.c.state.in_(FINAL), (RESULT.c.state.is_(None)) | (RESULT.c.state != RUN.c.state))
        .order_by(RUN.c.due_ms, RUN.c.run_id)
    )
    with database.read() as connection:
        rows = connection.execute(asked).all()
    for row in rows:
        if row.result is None:
            yield found("run_without_result", f"run {row.run_id}", state=row.state)
        else:
            yield found("run_differs", f"run {row.run_id}", state=row.state, result=row.result)
