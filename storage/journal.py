"""The journal: what people and the service did to the record, chained like the results.

The hashed row holds nothing personal. Names and free text are JSON in ``journal_text``, whose SHA-256 the row carries:
they can be erased, and the chain still holds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, get_args

from sqlalchemy import Connection, RowMapping, insert, select

from storage.chain import JOURNAL, RESULT, append, head, table_of
from storage.database import Database
from storage.rows import AlteredRowError
from storage.tables import JournalTextRow
from storage.values import from_ms, to_ms

TEXT: Final = table_of(JournalTextRow)

Kind = Literal["sign", "remark", "maintenance", "peak", "disposal", "config", "clock", "notice", "export", "prompt"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

HEADED: Final[frozenset[Kind]] = frozenset({"sign", "export", "config", "disposal", "maintenance", "peak"})
"""Their bodies say where the results ended then, so that results cut off afterwards are missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One entry of the journal. ``subject``: the run, day, shift or target it is about."""

    seq: int
    at: datetime
    kind: Kind
    subject: str
    body: Mapping[str, Any]
    text: Mapping[str, Any] | None
    """What a person wrote, and who; None when nothing was written, or it was erased."""
    erased: bool


def enter(
    connection: Connection,
    kind: Kind,
    subject: str,
    body: Mapping[str, Any],
    text: Mapping[str, Any] | None,
    at: datetime,
) -> int:
    """Add an entry inside a writing transaction; returns its number. ``body`` holds no names and no free text."""
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of journal entry; allowed: {', '.join(KINDS)}")
    if kind in HEADED:
        seq, hash_ = head(connection, RESULT)
        body = {**body, "head_seq": seq, "head_hash": hash_.hex()}
    data = None if text is None else _json(text)
    row = {
        "at_ms": to_ms(at),
        "kind": kind,
        "subject": subject,
        "body": _json(body),
        "text_sha256": None if data is None else hashlib.sha256(data.encode()).digest(),
    }
    [complete] = append(connection, JOURNAL, [row])
    if data is not None:
        connection.execute(insert(TEXT).values(seq=complete["seq"], data=data))
    return int(complete["seq"])


class Journal:
    """Writes and reads the journal."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(
        self, kind: Kind, subject: str, body: Mapping[str, Any], text: Mapping[str, Any] | None, at: datetime
    ) -> int:
        """Add an entry in a transaction of its own; returns its number. Names and free text go into ``text``."""
        with self._database.write() as connection:
            return enter(connection, kind, subject, body, text, at)

    def read(
        self,
        kind: Kind | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        subject: str | None = None,
    ) -> list[Note]:
        """The entries in ``[since, until)``, in the order in which they were made."""
        asked = select(JOURNAL, TEXT.c.data).outerjoin(TEXT, TEXT.c.seq == JOURNAL.c.seq).order_by(JOURNAL.c.seq)
        if kind is not None:
            asked = asked.where(JOURNAL.c.kind == kind)
        if since is not None:
            asked = asked.where(JOURNAL.c.at_ms >= to_ms(since))
        if until is not None:
            asked = asked.where(JOURNAL.c.at_ms < to_ms(until))
        if subject is not None:
            asked = asked.where(JOURNAL.c.subject == subject)
        with self._database.read() as connection:
            return [_note(row) for row in connection.execute(asked).mappings()]


def _note(row: RowMapping) -> Note:
    try:
        return _read(row)
    except (ValueError, TypeError, OverflowError) as error:
        raise AlteredRowError("journal", row["seq"]) from error


def _read(row: RowMapping) -> Note:
    data = row["data"]
    return Note(
        seq=row["seq"],
        at=from_ms(row["at_ms"]),
        kind=row["kind"],
        subject=row["subject"],
        body=json.loads(row["body"]),
        text=None if data is None else json.loads(data),
        erased=data is None and row["text_sha256"] is not None,
    )


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
