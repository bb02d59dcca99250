"""Brings a database up to date at first use: under a lock, in one transaction, with a copy of the file before.

Alembic takes a third of a second to import; a database that is up to date is recognised without it.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, text
from sqlmodel import SQLModel

import storage.tables  # noqa: F401 - from here on its tables are known

if TYPE_CHECKING:
    from storage.database import Kind

log = logging.getLogger(__name__)

HEAD: Final = "0004"
"""The revision of this version of siaga."""
METADATA: Final = SQLModel.metadata
FOLDER: Final = Path(__file__).with_name("migrations")
PATIENCE_S: Final = 600.0
"""How long a process waits while another one migrates: millions of rows take their time."""
_VERSION: Final = "alembic_version"
_one_at_a_time = threading.Lock()
"""Alembic keeps its environment in a global."""


class CannotMigrateError(Exception):
    """The database stays as it is; the sentence says why and what to do."""


def bring_up_to_date(kind: Kind) -> None:
    """Migrate when there is something to do. Raises CannotMigrateError, and SQLAlchemy's errors."""
    with kind.engine.connect() as connection:
        kind.begin_reading(connection)
        found = revision_of(connection)
        kind.roll_back(connection)
    if found != HEAD:
        if kind.read_only:
            _refuse_newer(found)
            raise CannotMigrateError(
                f"it is of an older siaga (revision {found or '0000'}; this one needs {HEAD}) and takes no writes; "
                "copy it to a folder that can be written, and open it there"
            )
        with _one_at_a_time:
            _migrate(kind)


def revision_of(connection: Connection) -> str | None:
    """The revision a database has; None when it is older than revisions, or empty."""
    if not inspect(connection).has_table(_VERSION):
        return None
    found: str | None = connection.execute(text(f"SELECT version_num FROM {_VERSION}")).scalar_one_or_none()  # noqa: S608
    return found


def _migrate(kind: Kind) -> None:
    with kind.engine.connect() as connection:
        try:
            kind.begin_writing(connection, PATIENCE_S)
            before = revision_of(connection)
            if before != HEAD:
                _refuse_newer(before)
                copy = _back_up(kind.path, before) if inspect(connection).get_table_names() else None
                _upgrade(connection)
                kind.commit(connection)
                log.info("%s went from revision %s to %s; copy: %s", kind.name, before, HEAD, copy)
        except BaseException:
            kind.roll_back(connection)
            raise


def _refuse_newer(revision: str | None) -> None:
    known = {path.stem[1:5] for path in (FOLDER / "versions").glob("m*.py")}
    if revision is not None and revision not in known:
        raise CannotMigrateError(
            f"it was written by a newer siaga (revision {revision}; this one knows {HEAD}); "
            "install that version again, or choose another [storage] url"
        )


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - slow, and needed once in the life of a database
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    command.upgrade(config, HEAD)


def _back_up(path: Path | None, revision: str | None) -> Path | None:
    """A copy beside the file; the databases of a server are copied by whoever runs it."""
    if path is None:
        return None
    copy = path.with_name(f"{path.name}-{revision or '0000'}-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    try:
        os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(path)) as source:
            source.execute("VACUUM INTO ?", (str(copy),))
        for name in (copy, copy.parent):
            descriptor = os.open(name, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)
    except (OSError, sqlite3.Error) as error:
        for leftover in (copy, copy.with_name(f"{copy.name}-journal")):
            leftover.unlink(missing_ok=True)
        raise CannotMigrateError(
            f"it must be copied before it is brought up to date, and {copy} cannot be written ({error}); "
            "make room on the disk, then try again"
        ) from error
    return copy
