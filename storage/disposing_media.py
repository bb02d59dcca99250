"""Recordings and pictures go before their rows: those of passes after a month, as a rule."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, select

from probe.reasons import Verdict
from storage.chain import JOURNAL, RESULT
from storage.database import Database
from storage.disposal import erased
from storage.journal import enter
from storage.unlinking import unlink
from storage.values import RunState, from_ms

CHUNK: Final = 5_000
"""Rows per transaction."""
FILES: Final = 500
"""Files per transaction."""
NOT_MEDIA: Final = frozenset({"result", "sip_trace"})
"""Kinds of evidence that stay as long as the row: nobody's voice or picture."""
MARK_AFTER: Final = 100_000
"""After so many rows without files, how far we came is entered, so that the next pass need not read them again."""
SKEW: Final = timedelta(days=1)
"""What begins later than this after now was entered by a wrong clock, and must not keep all that follows it."""

Rule = Literal["passes_media", "failures_media"]


def dispose_media(
    database: Database, root: Path, rule: Rule, before: datetime, now: datetime, pause: Callable[[], None]
) -> int:
    """Delete the media of passes, or of all others, that began before an instant; returns how many files there were."""
    with database.read() as connection:
        _, undone = _last(connection, rule)
        names = [name for row in _rows(connection, undone) for name in _media(row, rule)]
    gone, at, marked = unlink(root, names), 0, 0
    while True:
        with database.write() as connection:
            marked, _ = _last(connection, rule)
            at = max(at, marked)
            rows = _chunk(oldest(connection, at, before, now), rule)
            names = [name for row in rows for name in _media(row, rule)]
            if rows and (names or rows[-1].seq - marked >= MARK_AFTER):
                _enter(connection, rows, rule, now)
        if not rows:
            return gone
        at = rows[-1].seq
        gone += unlink(root, names)
        pause()


def oldest(connection: Connection, after: int, before: datetime, now: datetime) -> list[Row[Any]]:
    """The next rows after a number, as long as they began before an instant."""
    columns = ("seq", "run_id", "state", "verdict", "at_ms", "evidence", "hash")
    asked = select(*(RESULT.c[name] for name in columns)).where(RESULT.c.seq > after)
    rows = connection.execute(asked.order_by(RESULT.c.seq).limit(CHUNK))
    return list(takewhile(lambda row: not before <= from_ms(row.at_ms) <= now + SKEW, rows))


def names_of(row: Row[Any]) -> list[tuple[str, str]]:
    """Kind and path of the files of a row."""
    return [(kind, path) for kind, path, _ in json.loads(row.evidence)]


def _media(row: Row[Any], rule: Rule) -> list[str]:
    if (row.verdict == Verdict.PASS.value) != (rule == "passes_media"):
        return []
    return [path for kind, path in names_of(row) if kind not in NOT_MEDIA]


def _chunk(rows: list[Row[Any]], rule: Rule) -> list[Row[Any]]:
    files = 0
    for number, row in enumerate(rows):
        files += len(_media(row, rule))
        if files >= FILES:
            return rows[: number + 1]
    return rows


def _enter(connection: Connection, rows: Sequence[Row[Any]], rule: Rule, now: datetime) -> None:
    # what was never played has no files: named with the others, the stretches are longer and the entry is shorter
    seqs = [row.seq for row in rows if _media(row, rule) or row.state != RunState.DONE.value]
    kinds = {kind for row in rows for kind, path in names_of(row) if path in _media(row, rule)}
    body = {**erased("evidence", seqs if kinds else [], kinds), "until": rows[-1].seq}
    enter(connection, "disposal", rule, body, None, now)


def _last(connection: Connection, rule: Rule) -> tuple[int, list[list[int]]]:
    """How far the rule has come, and the stretches of its last entry."""
    asked = select(JOURNAL.c.body).where(JOURNAL.c.subject == rule, JOURNAL.c.kind == "disposal")
    body = connection.execute(asked.order_by(JOURNAL.c.seq.desc()).limit(1)).scalar_one_or_none()
    if body is None:
        return 0, []
    known = json.loads(body)
    return int(known["until"]), known["seqs"]


def _rows(connection: Connection, stretches: list[list[int]]) -> list[Any]:
    found: list[Any] = []
    for first, last in stretches:
        asked = select(RESULT.c.verdict, RESULT.c.evidence).where(RESULT.c.seq.between(first, last))
        found += connection.execute(asked).all()
    return found
