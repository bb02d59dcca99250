"""Writers killed at random moments: what was acknowledged is there, whole; the rest is there whole, or not at all."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from pathlib import Path

import pytest
from sqlalchemy import func, select

from storage.chain import RESULT
from storage.database import Database
from storage.runs import DETAIL, LEASE, RUN, Runs
from storage.verify import verify
from tests.farends.postgres import Postgres
from tests.farends.programs import Absent
from tests.storage import racing
from tests.storage.racing import NOON, STAMP, write_on
from tests.storage.test_runs import address, rows

ROUNDS = 10
WRITERS = 2


def heard(pipes: list[Pipe]) -> list[str]:
    """What the writers tell next."""
    ready = wait(pipes, 60)
    assert ready, "nobody writes any more"
    return [pipe.recv() for pipe in pipes if pipe in ready]


def kill_a_round(url: str, root: Path, number: int, after: int, delay_s: float) -> list[str]:
    """Two writers, both killed ``delay_s`` after so many results; what they had told until then."""
    told: list[str] = []
    writers = [racing.begin_telling(write_on, url, str(root), f"r{number}w{n}") for n in range(WRITERS)]
    pipes = [pipe for _, pipe in writers]
    while len(told) < after:
        told += heard(pipes)
    wait([], delay_s)
    for process, _ in writers:
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
    for process, pipe in writers:
        with suppress(EOFError):
            while True:
                told.append(pipe.recv())
        racing.end(process, pipe)
    return told


def assert_nothing_lost(database: Database, root: Path, told: list[str]) -> None:
    runs = Runs(database, STAMP, root)
    before = Counter(row["state"] for row in rows(database, RUN))
    swept = runs.sweep(NOON, dead=lambda _: True)
    assert len(swept) == before["running"]
    stored = {row["run_id"]: row["state"] for row in rows(database)}
    assert set(told) <= set(stored)
    assert all(stored[run_id] in ("done", "missed") for run_id in told)
    with database.read() as view:
        details = view.execute(select(func.count()).select_from(DETAIL)).scalar_one()
        done = view.execute(select(func.count()).select_from(RESULT).where(RESULT.c.state == "done")).scalar_one()
    assert details == done
    counted = Counter(stored.values())
    queued = {run.planned.run_id for run in runs.live()}
    assert len(rows(database, RUN)) == counted["done"] + counted["lost"] + counted["missed"] + len(queued)
    assert rows(database, LEASE) == []
    assert list(verify(database, root)) == []


def test_ten_rounds_of_killed_writers_lose_nothing_that_was_acknowledged(database: Database, tmp_path: Path) -> None:
    dice, told = random.Random(1620), list[str]()  # noqa: S311 - moments, no secrets
    root = tmp_path / "evidence"
    for number in range(ROUNDS):
        told += kill_a_round(address(database), root, number, dice.randint(1, 8), dice.uniform(0, 0.03))
    assert len(told) >= ROUNDS
    assert_nothing_lost(database, root, told)


@pytest.fixture
def own_server() -> Iterator[Postgres]:
    """A server that may be killed, beside the one that all share."""
    try:
        server = Postgres()
    except Absent as absent:
        pytest.skip(str(absent))
    with server:
        yield server


def test_a_server_that_is_killed_under_its_writers_loses_nothing_either(own_server: Postgres, tmp_path: Path) -> None:
    url, root = own_server.database(), tmp_path / "evidence"
    Database(url).close()
    told: list[str] = []
    writers = [racing.begin_telling(write_on, url, str(root), f"w{n}") for n in range(WRITERS)]
    pipes = [pipe for _, pipe in writers]
    for _ in range(3):
        told += [run_id for _ in range(4) for run_id in heard(pipes)]
        own_server.stop(kindly=False)
        own_server.start()
    after = len(told)
    while len(told) < after + 4:
        told += heard(pipes)
    for process, pipe in writers:
        process.kill()
        with suppress(EOFError):
            while True:
                told.append(pipe.recv())
        racing.end(process, pipe)
    database = Database(url)
    assert_nothing_lost(database, root, told)
    database.close()
