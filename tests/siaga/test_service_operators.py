"""What the watch over siaga's own side is told of the other services on its database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.worker import Worker
from siaga.service_operators import files
from storage.database import Database
from storage.runs import Runs
from storage.values import Stamp

OLD, NEW = "0" * 64, "f" * 64


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path}/siaga.db")
    yield made
    made.close()


async def test_it_names_every_service_with_its_file_while_one_differs(database: Database, tmp_path: Path) -> None:
    runs = Runs(database, Stamp(version="0", config=OLD), tmp_path)
    async with Worker(runs) as ours, Worker(runs) as other, Worker(runs):
        host = ours.owner.partition("/")[0]
        await ours.tell(OLD)
        assert files(ours, OLD) == "", "alone, beside command lines"
        await other.tell(NEW)
        assert files(ours, OLD) == files(other, NEW) == f"{host} 000000000000, {host} ffffffffffff"
        await other.tell(OLD)
        assert files(ours, OLD) == ""
