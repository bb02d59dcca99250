"""The record as it grows: what was entered since one looked last, whoever entered it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select

from storage.chain import RESULT
from storage.database import Database
from storage.rows import entry_of
from storage.values import Entry

AT_ONCE: Final = 500


class Tail:
    """Reads the entries in the order in which they were entered."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def end(self) -> int:
        """The number of the last entry; 0 in an empty record."""
        with self._database.read() as connection:
            return int(connection.execute(select(func.coalesce(func.max(RESULT.c.seq), 0))).scalar_one())

    def after(self, seq: int) -> list[Entry]:
        """The next entries, at most AT_ONCE."""
        asked = select(RESULT).where(RESULT.c.seq > seq).order_by(RESULT.c.seq).limit(AT_ONCE)
        with self._database.read() as connection:
            return [entry_of(row) for row in connection.execute(asked).mappings()]
