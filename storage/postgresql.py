"""PostgreSQL through psycopg 3: the same promises as SQLite, several machines.

Writers take turns by one advisory lock, as SQLite's do by BEGIN IMMEDIATE: what is right on one engine is right on the
other, the chain has one end, and no two transactions can lock each other out. A writer that stops half-way (SIGSTOP)
is ended by the server, so that the others go on.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

WRITERS: Final = 0x5349_4147_41
"""Number of the advisory lock: "SIAGA" in ASCII. Advisory locks belong to one database of a server."""
_CONNECT_S: Final = 10
_POOL: Final = 4
_KEEPALIVES: Final = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""A server that vanished without a word is noticed within half a minute."""


class WrongDatabaseError(Exception):
    """The database exists and is not fit; the sentence says what to do."""


class Postgresql:
    """How a PostgreSQL database is opened, and how its transactions begin and end."""

    read_only = False

    def __init__(self, url: URL, patience_s: float) -> None:
        """Nothing is connected yet. Raises ImportError when psycopg or its libpq is not there."""
        self.path: Path | None = None
        self.name = f"postgresql://{url.host or ''}{f':{url.port}' if url.port else ''}/{url.database or ''}"
        self.advice = "check [storage] url, and that the server runs and lets this user in"
        self._password = url.password or str(url.query.get("password", ""))
        self._patience_s = patience_s
        settings = {**_KEEPALIVES, "connect_timeout": _CONNECT_S, "application_name": "siaga", **url.query}
        self.engine: Engine = create_engine(
            url.set(drivername="postgresql+psycopg", query={}),
            # prepared statements would break behind a pooler, and our statements are quick to plan
            connect_args={**settings, "client_encoding": "utf8", "prepare_threshold": None},
            pool_size=_POOL,
            max_overflow=_POOL,
            pool_timeout=patience_s,
            pool_pre_ping=True,
            hide_parameters=True,
        )
        event.listen(self.engine, "connect", _check)

    def begin_writing(self, connection: Connection, patience_s: float | None = None) -> None:
        """Be alone in writing from here on; ``patience_s``: where another writer may take long."""
        patience_ms = round((patience_s or self._patience_s) * 1000)
        connection.exec_driver_sql(
            f"SET LOCAL lock_timeout = {patience_ms}; SET LOCAL idle_in_transaction_session_timeout = {patience_ms}; "
            f"SET LOCAL synchronous_commit = on; SELECT pg_advisory_xact_lock({WRITERS})"
        )

    def turn(self) -> AbstractContextManager[None]:
        """Writers queue up at the server, in their order."""
        return nullcontext()

    def begin_reading(self, connection: Connection) -> None:
        """One consistent view from here on."""
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    def commit(self, connection: Connection) -> None:
        """Make it durable."""
        connection.commit()

    def roll_back(self, connection: Connection) -> None:
        """Undo. A server that is gone has done so by itself."""
        with suppress(SQLAlchemyError):
            connection.rollback()

    def cause(self, error: BaseException | None) -> str:
        """What the server said, on one line and without the password."""
        said = " ".join(str(error).split())
        return said.replace(self._password, "***") if self._password else said


def _check(connection: Any, _record: Any) -> None:
    if (encoding := connection.info.parameter_status("server_encoding")) != "UTF8":
        connection.close()
        raise WrongDatabaseError(f"its encoding is {encoding}; create it anew with ENCODING 'UTF8' TEMPLATE template0")
