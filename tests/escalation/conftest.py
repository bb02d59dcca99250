"""A record for each test, and somebody on loopback who receives what siaga sends out."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from storage.database import Database
from tests.escalation.receiver import Receiver


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with empty tables."""
    path = tmp_path_factory.mktemp("migrated") / "siaga.db"
    Database(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def database(migrated: Path, tmp_path: Path) -> Iterator[Database]:
    shutil.copy(migrated, tmp_path / "siaga.db")
    made = Database(f"sqlite:///{tmp_path}/siaga.db")
    yield made
    made.close()


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as made:
        yield made
