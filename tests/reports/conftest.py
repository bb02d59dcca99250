"""The golden day in a record of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reports.daily import daily
from reports.material import Material, gather
from reports.values import DailyReport
from storage.database import Database
from tests.reports import golden, heard


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path}/siaga.db")
    yield made
    made.close()


@pytest.fixture
def material(database: Database, tmp_path: Path) -> Material:
    """What the record has about the golden day."""
    golden.enter(database)
    return gathered(database, tmp_path)


def gathered(database: Database, folder: Path) -> Material:
    return gather(database, folder, golden.START, golden.END, golden.windows(database), golden.asked().tested)


@pytest.fixture
def report(material: Material) -> DailyReport:
    return daily(golden.asked(), material)


@pytest.fixture(scope="session")
def to_agent(tmp_path_factory: pytest.TempPathFactory) -> heard.Heard:
    """A call to an agent, made of known sounds and heard by the real ear."""
    return heard.to_agent(tmp_path_factory.mktemp("heard"))
