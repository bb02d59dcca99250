"""A database of its own for each test of the record, once per kind; migrated once, then copied: Alembic is slow."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Database
from tests.farends.postgres import Postgres


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with empty tables."""
    path = tmp_path_factory.mktemp("migrated") / "siaga.db"
    Database(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def migrated_name(postgres: Postgres) -> str:
    """The name of a database on the server with empty tables."""
    url = postgres.database()
    Database(url).close()
    return url.rpartition("/")[2]


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
    server: Postgres = request.getfixturevalue("postgres")
    url = server.database(template=request.getfixturevalue("migrated_name"))
    made = Database(url)
    yield made
    made.close()
    server.drop(url)
