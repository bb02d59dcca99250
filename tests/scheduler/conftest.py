"""A record of its own for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Database
from storage.runs import Runs
from tests.scheduler.process import STAMP


@pytest.fixture(scope="session")
def empty_record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with empty tables: migrated once, because that takes a second."""
    path = tmp_path_factory.mktemp("record") / "siaga.db"
    Database(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def record(empty_record: Path, tmp_path: Path) -> Iterator[Database]:
    """An empty database of SQLite."""
    path = tmp_path / "record.db"
    shutil.copy(empty_record, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def runs(record: Database, tmp_path: Path) -> Runs:
    """The runs of that database."""
    return Runs(record, STAMP, tmp_path / "evidence")
