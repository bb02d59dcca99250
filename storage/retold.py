"""Compares maintenance and peak mode, which decide what counts, with what the journal tells of them.

Their tables are not chained, the journal is: told again from its first entry on, it must give the same rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, Table, literal_column, select
from sqlalchemy.exc import SQLAlchemyError

from probe.outcome import instant
from storage.chain import JOURNAL
from storage.database import Database
from storage.findings import Finding, Found
from storage.journal import TEXT
from storage.maintenance import MAINTENANCE
from storage.peak import PEAK
from storage.values import from_ms, to_ms

What = Literal["maintenance", "peak"]
TABLES: Final[dict[What, Table]] = {"maintenance": MAINTENANCE, "peak": PEAK}
Row = dict[str, Any]


@dataclass(slots=True)
class _Told:
    """A row as the journal tells of it; without ``reason`` when that was erased."""

    id: int
    entry: int
    values: Row


@dataclass(slots=True)
class _Story:
    """What the rows of one table are after all entries; two of the same number: the first one was taken away."""

    rows: list[_Told] = field(default_factory=list)

    def add(self, told: _Told) -> None:
        self.rows.append(told)

    def dispose(self, stretches: list[list[int]]) -> None:
        """Those that went lawfully; their numbers may be used again."""
        self.rows = [told for told in self.rows if not any(first <= told.id <= last for first, last in stretches)]

    def of(self, id_: object) -> _Told | None:
        return next((told for told in reversed(self.rows) if told.id == id_), None)


def retold(database: Database, found: Found) -> Iterator[Finding]:
    """Name each difference between the two tables and the journal. Raises DatabaseError."""
    for what, table in TABLES.items():
        with database.read() as connection:
            story, kept = _story(connection, what), _kept(connection, table)
        yield from _compared(what, story, kept, found)


def _compared(what: What, story: _Story, kept: dict[object, Row | None], found: Found) -> Iterator[Finding]:
    for told in story.rows:
        where = f"{what} {told.id}"
        if told.id not in kept or story.of(told.id) is not told:
            yield found("window_gone", where, entry=told.entry)
            continue
        row = kept[told.id] or {}
        for column, said in told.values.items():
            if row and row[column] != said:
                now, then = _shown(column, row[column]), _shown(column, said)
                yield found("window_differs", where, column=column, kept=now, said=then)
    for id_, values in kept.items():
        if values is None:
            yield found("unreadable", f"{what} {id_}", cause="SQL")
        elif story.of(id_) is None:
            yield found("window_unsaid", f"{what} {id_}")


# --- the journal ---------------------------------------------------------------------------------------------------


def _story(connection: Connection, what: What) -> _Story:
    story, tell = _Story(), _maintenance if what == "maintenance" else _peak
    asked = select(JOURNAL.c.seq).where(JOURNAL.c.kind.in_((what, "disposal"))).order_by(JOURNAL.c.seq)
    for seq in connection.execute(asked).scalars().all():
        entry = select(JOURNAL, TEXT.c.data).outerjoin(TEXT, TEXT.c.seq == JOURNAL.c.seq).where(JOURNAL.c.seq == seq)
        try:
            row = dict(connection.execute(entry).mappings().one())
            body = json.loads(row["body"])
            if row["kind"] == what:
                tell(story, row, body)
            elif body["what"] == what:
                story.dispose(body["seqs"])
        except (SQLAlchemyError, ValueError, TypeError, KeyError, AttributeError, OverflowError):
            continue  # it was altered, and the walk over the journal has said so
    return story


def _maintenance(story: _Story, entry: Row, body: Row) -> None:
    if body["action"] == "add":
        values = {"target": entry["subject"], "from_ms": _ms(body["from"]), "to_ms": _ms(body["to"])}
        values |= {"created_ms": entry["at_ms"], **_reason(entry)}
        story.add(_Told(int(body["id"]), entry["seq"], values))
    elif "id" in body and (told := story.of(body["id"])) is not None:  # ended, or withdrawn
        told.values["to_ms"] = _ms(body["to"])


def _peak(story: _Story, entry: Row, body: Row) -> None:
    at_ms = _ms(body["from"] if body["action"] == "start" else body["until"])
    for told in story.rows:
        if told.values["from_ms"] <= at_ms < told.values["until_ms"]:
            told.values["until_ms"] = at_ms
    if body["action"] == "start":
        values = {"from_ms": at_ms, "until_ms": _ms(body["until"]), **_reason(entry)}
        story.add(_Told(int(body["id"]), entry["seq"], values))


def _reason(entry: Row) -> Row:
    return {} if entry["data"] is None else {"reason": json.loads(entry["data"])["reason"]}


def _ms(text: str) -> int:
    return to_ms(datetime.fromisoformat(text))


# --- the tables ----------------------------------------------------------------------------------------------------


def _kept(connection: Connection, table: Table) -> dict[object, Row | None]:
    """The rows as the database has them; None for one that it cannot read."""
    plain: list[ColumnElement[Any]] = [
        literal_column(f"{table.name}.{column.name}").label(column.name) for column in table.columns
    ]
    rows: dict[object, Row | None] = {}
    for id_ in connection.execute(select(table.c.id).order_by(table.c.id)).scalars().all():
        try:
            asked = select(*plain).select_from(table).where(table.c.id == id_)
            rows[id_] = dict(connection.execute(asked).mappings().one())
        except SQLAlchemyError:
            rows[id_] = None
    return rows


def _shown(column: str, value: object) -> object:
    try:
        return instant(from_ms(value)) if column.endswith("_ms") and isinstance(value, int) else value
    except OverflowError:
        return value
