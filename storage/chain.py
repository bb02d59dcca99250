"""The hash chain: each row carries the hash of the one before it (docs/decisions/0007-the-record.md).

Canonical form of a row: a JSON array, UTF-8, without spaces, of the chain's name, the previous hash, then every column
in the order of the table except the two hashes; numbers and null as they are, bytes in hexadecimal. Its SHA-256 is the
hash of the row. The first row follows 32 zero bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Table, insert, select, update
from sqlmodel import SQLModel

from storage.tables import ChainRow, JournalRow, ResultRow

ORIGIN: Final = bytes(32)
UNHASHED: Final = frozenset({"prev_hash", "hash"})


class ChainBrokenError(Exception):
    """Somebody took the head of a chain away; the sentence says what to do."""


def table_of(model: type[SQLModel]) -> Table:
    """The table behind a model."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table


CHAIN: Final = table_of(ChainRow)
RESULT: Final = table_of(ResultRow)
JOURNAL: Final = table_of(JournalRow)
_COLUMNS: Final = {table.name: [c.name for c in table.columns if c.name not in UNHASHED] for table in (RESULT, JOURNAL)}


def link(table: Table, prev_hash: bytes, row: Mapping[str, Any]) -> bytes:
    """The hash of a row that follows ``prev_hash``. Raises KeyError when a column is missing."""
    values = [row[name] for name in _COLUMNS[table.name]]
    plain = [value.hex() if isinstance(value, bytes) else value for value in values]
    canonical = json.dumps([table.name, prev_hash.hex(), *plain], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).digest()


def append(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Add rows (without ``seq`` and hashes) to a chain inside a writing transaction; returns them complete.

    The chain's own row is locked first: two writers can never link to the same row.
    """
    seq, last = head(connection, table)
    linked = []
    for row in rows:
        seq += 1
        complete = {**dict.fromkeys(_COLUMNS[table.name]), **row, "seq": seq}
        complete |= {"prev_hash": last, "hash": link(table, last, complete)}
        last = complete["hash"]
        linked.append(complete)
    if linked:
        connection.execute(insert(table), linked)
        connection.execute(update(CHAIN).where(CHAIN.c.name == table.name).values(seq=seq, hash=last))
    return linked


def head(connection: Connection, table: Table) -> tuple[int, bytes]:
    """Number and hash of the last row, locked until the transaction ends. Raises ChainBrokenError."""
    name = table.name
    asked = select(CHAIN.c.seq, CHAIN.c.hash).where(CHAIN.c.name == name).with_for_update()
    found = connection.execute(asked).one_or_none()
    if found is None:
        raise ChainBrokenError(f"the head of the chain {name!r} is gone: nothing can be added; see `siaga verify`")
    return found.seq, bytes(found.hash)
