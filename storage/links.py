"""Walks a chain from its first row to its head, in chunks: memory stays flat, and writers go on meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Integer, LargeBinary, Table, literal_column, select
from sqlalchemy.exc import SQLAlchemyError

from storage.chain import CHAIN, JOURNAL, ORIGIN, RESULT, link, table_of
from storage.database import Database, DatabaseError
from storage.disposal import Disposals, Erased
from storage.findings import Finding, Found
from storage.tables import JournalTextRow, ResultDetailRow

CHUNK: Final = 1000
Row = dict[str, Any]
_UNREADABLE: Final = (DatabaseError, SQLAlchemyError, UnicodeDecodeError)


@dataclass(frozen=True, slots=True)
class Chain:
    """A chained table, and the table with what belongs to its rows and can be erased."""

    table: Table
    belongings: Table
    sum_of: str
    """The column with the SHA-256 of what belongs to a row."""
    erased: Erased


RESULTS: Final = Chain(RESULT, table_of(ResultDetailRow), "detail_sha256", "detail")
NOTES: Final = Chain(JOURNAL, table_of(JournalTextRow), "text_sha256", "text")


class Lawful:
    """The disposals in the journal, as far as they were read."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known = Disposals()
        self._seq: int | None = None

    def erased(self, what: Erased, seq: int, kind: str | None = None) -> bool:
        """Whether it may be gone; looks again, because it may have been disposed of while we walked."""
        if self._known.erased(what, seq, kind):
            return True
        self._look()
        return self._known.erased(what, seq, kind)

    def results_end(self, seq: int, hash_: object) -> bool:
        """Whether the results up to ``seq``, the last one with this hash, may be gone."""
        if not isinstance(hash_, bytes):
            return False
        self._look()
        return self._known.results_end(seq, hash_)

    def results_until(self) -> int:
        """The last result that was disposed of; 0 when none was."""
        self._look()
        return self._known.results_until()

    def _look(self) -> None:
        asked = select(JOURNAL.c.seq).where(JOURNAL.c.kind == "disposal").order_by(JOURNAL.c.seq)
        with self._database.read() as connection:
            fresh = connection.execute(asked if self._seq is None else asked.where(JOURNAL.c.seq > self._seq))
            seqs = list(fresh.scalars())
        for seq in seqs:
            self._seq = seq
            try:
                with self._database.read() as connection:
                    self._known.take(
                        connection.execute(select(JOURNAL.c.body).where(JOURNAL.c.seq == seq)).scalar_one()
                    )
            except _UNREADABLE:
                continue  # named by the walk over the journal


@dataclass(slots=True)
class Step:
    """One chunk of the walk: what was found, and the rows that are what was written."""

    findings: list[Finding] = field(default_factory=list)
    sound: list[Row] = field(default_factory=list)
    rows: int = 0


@dataclass(slots=True)
class _View:
    rows: list[Row]
    orphans: list[int]
    head: tuple[int, bytes] | None


class Walk:
    """The walk over one chain; ``last`` is the hash of the row that was read last."""

    def __init__(self, database: Database, chain: Chain, lawful: Lawful, found: Found) -> None:
        self._database = database
        self._chain = chain
        self._lawful = lawful
        self._found = found
        self._seq: int | None = None
        self.last: object = ORIGIN

    def steps(self) -> Iterator[Step]:
        """Chunk by chunk, to the head."""
        singly = 0
        while True:
            limit = 1 if singly else CHUNK
            singly = max(0, singly - 1)
            try:
                view = self._read(limit)
            except _UNREADABLE as error:
                if limit > 1:
                    singly = CHUNK  # somewhere in this chunk; the walk goes on row by row until it is behind us
                    continue
                step = self._unreadable(error)
                yield step
                if not step.rows:
                    return
                continue
            step = Step(rows=len(view.rows))
            for row in view.rows:
                self._check(row, step)
            for seq in view.orphans:
                step.findings.append(self._found("detail_added", f"{self._chain.table.name} {seq}"))
            done = len(view.rows) < limit
            if done:
                step.findings += self._at_the_end(view.head)
            yield step
            if done:
                return

    def where(self, row: Row) -> str:
        """The row in words."""
        name = f"{self._chain.table.name} {row['seq']}"
        return f"{name} ({row['run_id']})" if "run_id" in row else name

    # --- reading -----------------------------------------------------------------------------------------------

    def _read(self, limit: int) -> _View:
        table, belongings = self._chain.table, self._chain.belongings
        # as the database has them: the types of the tables would stumble over what somebody put there
        plain: list[ColumnElement[Any]] = [
            literal_column(f"{table.name}.{column.name}").label(column.name) for column in table.columns
        ]
        data: ColumnElement[Any] = literal_column(f"{belongings.name}.data").label("data")
        asked = select(*plain, data).select_from(table.outerjoin(belongings, belongings.c.seq == table.c.seq))
        with self._database.read() as connection:
            after = [] if self._seq is None else [table.c.seq > self._seq]
            read = connection.execute(asked.where(*after).order_by(table.c.seq).limit(limit)).mappings()
            rows = [dict(row) for row in read]
            until = rows[-1]["seq"] if len(rows) == limit else None
            return _View(rows, self._orphans(connection, until), self._head(connection))

    def _orphans(self, connection: Connection, until: int | None) -> list[int]:
        table, belongings = self._chain.table, self._chain.belongings
        asked = select(belongings.c.seq).outerjoin(table, table.c.seq == belongings.c.seq).where(table.c.seq.is_(None))
        after = [] if self._seq is None else [belongings.c.seq > self._seq]
        before = [] if until is None else [belongings.c.seq <= until]
        return list(connection.execute(asked.where(*after, *before).order_by(belongings.c.seq).limit(CHUNK)).scalars())

    def _head(self, connection: Connection) -> tuple[int, bytes] | None:
        asked = select(CHAIN.c.seq, CHAIN.c.hash).where(CHAIN.c.name == self._chain.table.name)
        row = connection.execute(asked).one_or_none()
        return None if row is None else (row.seq, row.hash)

    def _unreadable(self, error: BaseException) -> Step:
        """A row that cannot be read is passed over by its number and hash alone, if these can be read."""
        table = self._chain.table
        after = [] if self._seq is None else [table.c.seq > self._seq]
        asked = select(table.c.seq, literal_column("hash")).where(*after).order_by(table.c.seq).limit(1)
        try:
            with self._database.read() as connection:
                row = connection.execute(asked).one_or_none()
        except _UNREADABLE:
            row = None
        if row is None:
            where = f"{table.name} {(self._seq or 0) + 1}"
            return Step([self._found("broken", where, cause=_cause(error))])
        self._seq, self.last = row.seq, row.hash
        return Step([self._found("unreadable", f"{table.name} {row.seq}", cause=_cause(error))], rows=1)

    # --- checking ----------------------------------------------------------------------------------------------

    def _check(self, row: Row, step: Step) -> None:
        found, where = self._found, self.where(row)
        before = max(self._seq or 0, 0)
        if row["seq"] > before + 1:
            if not self._may_begin_at(row):
                step.findings.append(found("gone", self._chain.table.name, first=before + 1, last=row["seq"] - 1))
        elif row["prev_hash"] != self.last:
            step.findings.append(found("unlinked", where, before=before))
        self._seq, self.last = row["seq"], row["hash"]
        if not _typed(self._chain.table, row) or link(self._chain.table, row["prev_hash"], row) != row["hash"]:
            step.findings.append(found("altered", where))
            return
        if (what := self._belongs(row)) is not None:
            step.findings.append(found(what, where))
        step.sound.append(row)

    def _may_begin_at(self, row: Row) -> bool:
        """The oldest results may be gone, and then this one says what the last of them was."""
        return self._chain is RESULTS and self._lawful.results_end(row["seq"] - 1, row["prev_hash"])

    def _belongs(self, row: Row) -> str | None:
        data, expected = row["data"], row[self._chain.sum_of]
        if data is None:
            lawful = expected is None or self._lawful.erased(self._chain.erased, row["seq"])
            return None if lawful else "detail_gone"
        if expected is None:
            return "detail_added"
        kept = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else bytes(data)
        return None if hashlib.sha256(kept).digest() == expected else "detail_altered"

    def _at_the_end(self, head: tuple[int, bytes] | None) -> list[Finding]:
        where, seq = f"chain {self._chain.table.name}", self._seq or 0
        if head is None:
            return [self._found("head_gone", where)]
        emptied = self._seq is None and self._chain is RESULTS and self._lawful.results_end(*head)
        if (seq, self.last) == head or emptied:
            return []
        return [self._found("head", where, last=seq, head=head[0])]


def _typed(table: Table, row: Row) -> bool:
    """SQLite keeps anything in any column; what we wrote had the column's type."""
    return all(_fits(column, row[column.name]) for column in table.columns)


def _fits(column: Column[Any], value: object) -> bool:
    if value is None:
        return bool(column.nullable)
    if isinstance(column.type, LargeBinary):
        return isinstance(value, bytes)
    return isinstance(value, int if isinstance(column.type, Integer) else str)


def _cause(error: BaseException) -> str:
    return str(error.__cause__ or error).splitlines()[0][:200]
