"""The database: opened, made private and brought up to date at first use by every verb.

SQLite runs with WAL, synchronous=FULL and BEGIN IMMEDIATE: a deferred BEGIN that turns into a write is refused at once
when another process wrote in between, and no time-out helps; without BEGIN, read-modify-write loses updates silently.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel, create_engine

BUSY_MS: Final = 10_000
"""How long a writer waits for another one."""


class DatabaseError(Exception):
    """The database cannot be used; the sentence says what to do."""


class Database:
    """One database, shared by threads and processes. Close it when done."""

    def __init__(self, url: str) -> None:
        """Open and prepare. Raises DatabaseError."""
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite" or not parsed.database:
            raise DatabaseError(
                f'{parsed.get_backend_name()} is not supported by this version; use [storage] url = "sqlite:///siaga.db"'
            )
        self.path = Path(parsed.database)
        self._engine = self._open(url)
        try:
            with self.write() as connection:
                SQLModel.metadata.create_all(connection)
        except (DBAPIError, OSError) as error:
            self.close()
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise DatabaseError(
                f"{self.path} cannot be used ({cause}); check [storage] url, the disk and its owner"
            ) from error

    def _open(self, url: str) -> Engine:
        try:
            self.path.absolute().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise DatabaseError(
                f"{self.path} cannot be opened ({error.strerror}); check [storage] url, the disk and its owner"
            ) from error
        engine = create_engine(url, connect_args={"timeout": BUSY_MS / 1000})
        event.listen(engine, "connect", _prepare)
        return engine

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is alone in writing, from its first statement; committed unless it raises."""
        with self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view."""
        with self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say so, not where the driver guesses
    for pragma in (f"busy_timeout={BUSY_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()
