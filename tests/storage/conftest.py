"""An empty database for each test of the record, once per kind; migrated once for all: Alembic is slow."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, insert

from storage.chain import CHAIN, ORIGIN
from storage.database import Database
from storage.migrate import METADATA
from tests.farends.postgres import Postgres


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with empty tables."""
    path = tmp_path_factory.mktemp("migrated") / "siaga.db"
    Database(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def on_server(postgres: Postgres) -> Iterator[Database]:
    """A database on the server, for all tests one after the other."""
    made = Database(postgres.database())
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database."""
    if request.param == "sqlite":
        path = tmp_path / "siaga.db"
        shutil.copy(request.getfixturevalue("migrated_file"), path)
        made = Database(f"sqlite:///{path}")
        yield made
        made.close()
        return
    server: Database = request.getfixturevalue("on_server")
    empty(server)
    yield server


def empty(database: Database) -> None:
    """Make it what a new one is."""
    with database.write() as connection:
        if database.path is None:
            names = ", ".join(METADATA.tables)
            connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY")
        else:
            for table in METADATA.tables.values():
                connection.execute(delete(table))
        connection.execute(insert(CHAIN), [{"name": name, "seq": 0, "hash": ORIGIN} for name in ("result", "journal")])
