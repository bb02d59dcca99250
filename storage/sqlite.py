"""SQLite: one file, private, with WAL and synchronous=FULL; writers begin IMMEDIATE.

A deferred BEGIN that turns into a write is refused at once when another process wrote in between, and no time-out
helps; without BEGIN, read-modify-write loses updates silently.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

_PRAGMAS: Final = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")


class Sqlite:
    """How a SQLite file is opened, and how its transactions begin and end."""

    def __init__(self, url: URL, patience_s: float, *, reading: bool = False) -> None:
        """Create the file when it is not there. ``reading``: one that takes no writes will do. Raises OSError."""
        if not url.database:
            raise FileNotFoundError(2, "no file is named", "sqlite:///")
        self.path: Path | None = Path(url.database)
        self.name = url.database
        self.advice = "check [storage] url, the disk and its owner"
        self._patience_s = patience_s
        self._turn = threading.Lock()
        self.read_only = reading and self.path.is_file() and not _takes_writes(self.path)
        if self.read_only:
            self.advice = "copy it, with all files beside it, to a folder that can be written"
            address = _address(self.path)
            self.engine: Engine = create_engine(
                "sqlite://",
                creator=lambda: sqlite3.connect(address, uri=True, timeout=patience_s, check_same_thread=False),
                poolclass=QueuePool,
                hide_parameters=True,
            )
            event.listen(self.engine, "connect", self._prepare)
            return
        self.path.absolute().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        self.engine = create_engine(url, connect_args={"timeout": patience_s}, hide_parameters=True)
        event.listen(self.engine, "connect", self._prepare)

    def _prepare(self, connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say so, not where the driver guesses
        for pragma in ("query_only=ON",) if self.read_only else _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()

    def begin_writing(self, connection: Connection, patience_s: float | None = None) -> None:
        """Be alone in writing from here on; ``patience_s``: where another writer may take long."""
        if patience_s is not None:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={round(patience_s * 1000)}")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        finally:
            if patience_s is not None:
                connection.exec_driver_sql(f"PRAGMA busy_timeout={round(self._patience_s * 1000)}")

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Threads of one process queue up here. SQLite itself lets writers poll, up to 100 ms apart, and is not fair.

        Who has waited as long as for another process goes on to SQLite, which says what is wrong.
        """
        ours = self._turn.acquire(timeout=self._patience_s)
        try:
            yield
        finally:
            if ours:
                self._turn.release()

    def begin_reading(self, connection: Connection) -> None:
        """One consistent view from here on."""
        connection.exec_driver_sql("BEGIN")

    def commit(self, connection: Connection) -> None:
        """Make it durable."""
        connection.exec_driver_sql("COMMIT")

    def roll_back(self, connection: Connection) -> None:
        """Undo. A full disk makes SQLite do so by itself, and then there is nothing left to undo."""
        with suppress(SQLAlchemyError):
            connection.exec_driver_sql("ROLLBACK")

    def cause(self, error: BaseException | None) -> str:
        """What the driver said."""
        return str(error)


def _takes_writes(path: Path) -> bool:
    """SQLite writes into the file and makes others beside it."""
    return all(os.access(name, os.W_OK, effective_ids=True) for name in (path, path.absolute().parent))


def _address(path: Path) -> str:
    """Where nothing can be made beside it, a file that is whole is read as one that nobody changes."""
    wal, folder = path.with_name(f"{path.name}-wal"), path.absolute().parent
    whole = not wal.exists() or wal.stat().st_size == 0
    still = whole and not os.access(folder, os.W_OK, effective_ids=True)
    return f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if still else ''}"
