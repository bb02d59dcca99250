"""The database: opened, made private and brought up to date at first use by every verb."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import DatabaseError as BrokenError
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError

from storage.migrate import CannotMigrateError, bring_up_to_date
from storage.postgresql import Postgresql, WrongDatabaseError
from storage.sqlite import Sqlite

PATIENCE_S: Final = 10.0
"""How long a writer waits for another one."""


class DatabaseError(Exception):
    """The database cannot be used; the sentence says what to do."""


class Kind(Protocol):
    """What differs between the databases."""

    engine: Engine
    path: Path | None
    name: str
    advice: str
    read_only: bool

    def begin_writing(self, connection: Connection, patience_s: float | None = None) -> None: ...
    def turn(self) -> AbstractContextManager[None]: ...
    def begin_reading(self, connection: Connection) -> None: ...
    def commit(self, connection: Connection) -> None: ...
    def roll_back(self, connection: Connection) -> None: ...
    def cause(self, error: BaseException | None) -> str: ...


class Database:
    """One database, shared by threads and processes. Close it when done."""

    def __init__(self, url: str, *, reading: bool = False) -> None:
        """Open and bring up to date; ``reading``: a file that takes no writes will do. Raises DatabaseError."""
        self._kind = _kind(url, reading=reading)
        try:
            with self._told(opening=True):
                bring_up_to_date(self._kind)
        except BaseException:
            self.close()
            raise

    @property
    def path(self) -> Path | None:
        """The file; None when a server has it."""
        return self._kind.path

    @property
    def read_only(self) -> bool:
        """Whether it takes no writes: a copy that was put away."""
        return self._kind.read_only

    @property
    def name(self) -> str:
        """For people: file or address, without user and password."""
        return self._kind.name

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is alone in writing, from its first statement; committed unless it raises.

        Raises DatabaseError when the database is out of reach or stays busy.
        """
        with self._told(), self._kind.turn(), self._kind.engine.connect() as connection:
            try:
                self._kind.begin_writing(connection)
                yield connection
                self._kind.commit(connection)
            except BaseException:
                self._kind.roll_back(connection)
                raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view. Raises DatabaseError when the database is out of reach."""
        with self._told(), self._kind.engine.connect() as connection:
            try:
                self._kind.begin_reading(connection)
                yield connection
            finally:
                self._kind.roll_back(connection)

    def close(self) -> None:
        """Close every connection."""
        self._kind.engine.dispose()

    @contextmanager
    def _told(self, *, opening: bool = False) -> Iterator[None]:
        kind = self._kind
        try:
            yield
        except DBAPIError as error:
            # a constraint or a wrong statement is the caller's business, but not while we prepare the database
            out_of_reach = isinstance(error, OperationalError | InterfaceError) or type(error) is BrokenError
            if not (opening or out_of_reach or error.connection_invalidated):
                raise
            raise DatabaseError(f"{kind.name} cannot be used ({kind.cause(error.orig)}); {kind.advice}") from error
        except NoConnectionFreeError as error:
            raise DatabaseError(f"{kind.name}: all connections stayed busy for {PATIENCE_S:g} s; try again") from error
        except (CannotMigrateError, WrongDatabaseError) as error:
            raise DatabaseError(f"{kind.name}: {error}") from error


def _kind(url: str, *, reading: bool) -> Kind:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # the text of the error may hold the password
        raise DatabaseError('the address of the database cannot be read; use "postgresql://user@host/name"') from None
    try:
        return _of(parsed, reading=reading)
    except OSError as error:
        raise DatabaseError(
            f"{parsed.database} cannot be opened ({error.strerror}); check [storage] url, the disk and its owner"
        ) from error
    except ImportError as error:
        raise DatabaseError(
            f"PostgreSQL needs psycopg, which is not usable here ({error}); install siaga anew"
        ) from error


def _of(url: URL, *, reading: bool) -> Kind:
    name = url.get_backend_name()
    if name == "sqlite":
        return Sqlite(url, PATIENCE_S, reading=reading)
    if name == "postgresql":
        return Postgresql(url, PATIENCE_S)
    raise DatabaseError(
        f'{name} is no database siaga knows; use [storage] url = "sqlite:///siaga.db" or "postgresql://…"'
    )
