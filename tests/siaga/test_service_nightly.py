"""Once a night, at the centre's own time, what is too old is disposed of; a trouble there ends no service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from siaga import service_nightly
from siaga.config import Config, load
from siaga.service_nightly import AT, Nightly, next_pass
from storage.database import Database, DatabaseError

ZONES = ["Asia/Jakarta", "Asia/Jayapura", "America/New_York", "Pacific/Apia"]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "siaga.toml").write_text("", "utf-8")
    return load(tmp_path / "siaga.toml")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'siaga.db'}")
    yield database
    database.close()


@given(some.integers(0, 6 * 366 * 24 * 3600), some.sampled_from(ZONES))
def test_the_next_pass_is_within_a_day_or_so_at_the_same_wall_clock(second: int, zone: str) -> None:
    now = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    due = next_pass(now, ZoneInfo(zone))
    assert now < due <= now + timedelta(hours=26)
    local = due.astimezone(ZoneInfo(zone))
    # on the night when the clocks go forward over it, it is an hour later
    assert local.time() == AT or (zone == "America/New_York" and local.hour == 3)


@pytest.mark.parametrize("trouble", [DatabaseError("out of reach"), PermissionError("not ours")])
async def test_trouble_is_told_and_ends_nothing(
    config: Config, database: Database, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    def broken(*_: object) -> None:
        raise trouble

    monkeypatch.setattr(service_nightly, "dispose", broken)
    await Nightly(lambda: config, database).dispose()


async def test_the_end_of_the_service_ends_a_pass_that_would_last(
    config: Config, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def endless(_d: object, _e: object, _p: object, _n: object, pause: Callable[[], None]) -> None:
        loop.call_soon_threadsafe(begun.set)
        while True:
            pause()

    monkeypatch.setattr(service_nightly, "dispose", endless)
    monkeypatch.setattr(service_nightly, "AFTER_START", timedelta())
    keeping = asyncio.ensure_future(Nightly(lambda: config, database).keep())
    await begun.wait()
    keeping.cancel()
    await asyncio.wait({keeping})
    await loop.shutdown_default_executor()


async def test_a_pass_really_disposes(config: Config, database: Database) -> None:
    await Nightly(lambda: config, database).dispose()
