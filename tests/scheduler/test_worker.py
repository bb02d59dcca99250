"""A worker beats while it lives; what dead ones played is lost, and nobody living is taken for dead."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.timepiece import Timepiece
from scheduler.worker import STEP_REST_S, TTL, Worker, gone, here, new_owner
from storage.alive import Alive
from storage.database import Database
from storage.runs import Runs
from storage.values import Entry, RunState
from tests.scheduler.plans import SLOT, scheduled

OTHER = "another-machine/1:1:1:00"


class Wall:
    """A wall clock that a test sets while the monotonic one goes on."""

    def __init__(self) -> None:
        self.by = timedelta()
        self.piece = Timepiece(lambda: datetime.now(UTC) + self.by)


def asleep() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])


def owner_of(pid: int, ticks: int | None = None) -> str:
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:  # noqa: PTH123
        started = int(stat.read().rpartition(")")[2].split()[19])
    return f"{here()}:{pid}:{started if ticks is None else ticks}:00"


def running(runs: Runs, owner: str, minutes: int = 0) -> str:
    planned = scheduled(datetime(2026, 11, 20, 1, minutes, tzinfo=UTC))
    runs.submit(planned)
    assert runs.claim(planned.run_id, owner, f"to:{minutes}", datetime.now(UTC)) == "claimed"
    return planned.run_id


def test_a_process_names_itself_and_no_other() -> None:
    first, second = new_owner(), new_owner()
    assert first != second
    assert first.split(":")[:2] == [here(), str(os.getpid())]
    assert not gone(first)
    assert first.rsplit(":", 1)[0] == owner_of(os.getpid()).rsplit(":", 1)[0]


def test_a_process_that_ended_is_gone_and_one_that_stands_still_is_not() -> None:
    process = asleep()
    owner = owner_of(process.pid)
    process.send_signal(signal.SIGSTOP)
    assert not gone(owner)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # a zombie: killed, and nobody has asked how it ended
    assert gone(owner)
    process.wait()
    assert gone(owner)


def test_another_process_with_the_same_number_is_not_the_same() -> None:
    assert gone(owner_of(os.getpid(), ticks=1))
    assert not gone(owner_of(os.getpid(), ticks=0)), "without the ticks nothing is sure"


@pytest.mark.parametrize("owner", ["", "x", OTHER, f"{here()}:x:1:0", f"{here()}:1:2", f"{here()}:{10**12}:5:0"])
def test_of_other_machines_and_of_nonsense_nothing_is_claimed(owner: str) -> None:
    assert not gone(owner)


async def test_a_worker_is_alive_from_its_beginning_to_its_end(record: Database, runs: Runs) -> None:
    alive = Alive(record)
    async with Worker(runs, alive=alive) as worker:
        assert runs.workers(datetime.now(UTC)) == [worker.owner]
        assert worker.others() == []
    assert runs.workers(datetime.now(UTC)) == []
    [(from_, to)] = alive.stretches(datetime.now(UTC) - timedelta(minutes=1), datetime.now(UTC))
    assert from_ < to


async def test_a_command_line_beats_but_does_not_count_as_a_service(record: Database, runs: Runs) -> None:
    async with Worker(runs):
        assert Alive(record).last() is None


class Beaten:
    """Takes beats, but the second one fails, as when the database is out of reach."""

    def __init__(self) -> None:
        self.count = 0
        self.loop = asyncio.get_running_loop()
        self.four = asyncio.Event()

    def beat(self, _owner: str, _now: datetime, _lived_from: datetime) -> bool:
        self.count += 1
        if self.count == 2:
            raise OSError("disk full")
        if self.count == 4:
            self.loop.call_soon_threadsafe(self.four.set)
        return True


async def test_it_goes_on_beating_after_a_beat_that_failed(runs: Runs) -> None:
    beaten = Beaten()
    async with Worker(runs, alive=beaten, beat_s=0.01):
        await asyncio.wait_for(beaten.four.wait(), 60)


async def test_beats_that_the_database_did_not_take_are_made_up_for_and_time_stood_still_is_not(
    record: Database, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall, lived_s = SLOT, 0.0
    alive = Alive(record)

    def full(*_: object) -> None:
        raise OSError("disk full")

    async with Worker(runs, alive=alive, timepiece=Timepiece(lambda: wall, lambda: lived_s), beat_s=60) as worker:
        with monkeypatch.context() as away:
            away.setattr(runs, "beat", full)
            for _ in range(15):
                wall, lived_s = wall + timedelta(seconds=20), lived_s + 20
                with suppress(OSError):
                    await worker.beat()
        assert alive.stretches(SLOT, wall) == [(SLOT, SLOT)]
        await worker.beat()
        assert alive.stretches(SLOT, wall) == [(SLOT, SLOT + timedelta(minutes=5))]
        wall, lived_s = wall + timedelta(minutes=10), lived_s + 600  # stopped, and going on
        await worker.beat()
        later = SLOT + timedelta(minutes=15)
        assert alive.stretches(SLOT, wall) == [(SLOT, SLOT + timedelta(minutes=5)), (later, later)]


async def test_what_a_killed_process_played_is_lost_when_the_next_one_begins(runs: Runs) -> None:
    process = asleep()
    owner = owner_of(process.pid)
    runs.beat(owner, datetime.now(UTC), TTL)
    run_id = running(runs, owner)
    process.kill()
    process.wait()
    told = list[Entry]()
    async with Worker(runs, on_lost=told.extend):
        pass
    assert [(entry.run_id, entry.state) for entry in told] == [(run_id, RunState.LOST)]


async def test_what_a_living_one_plays_is_left_to_it(runs: Runs) -> None:
    async with Worker(runs) as other:
        run_id = running(runs, other.owner)
        async with Worker(runs) as worker:
            assert await worker.sweep() == []
            assert worker.others() == [other.owner]
        assert [run.planned.run_id for run in runs.live()] == [run_id]


async def test_right_after_the_clock_was_set_forward_nobody_is_taken_for_dead(runs: Runs) -> None:
    wall = Wall()
    runs.beat(OTHER, datetime.now(UTC), TTL)
    run_id = running(runs, OTHER)
    async with Worker(runs, timepiece=wall.piece, beat_s=0.05) as worker:
        wall.by = timedelta(hours=1)
        await asyncio.sleep(0.3)  # a few beats and sweeps
        assert [run.planned.run_id for run in runs.live()] == [run_id]
        assert worker.owner in runs.workers(datetime.now(UTC) + wall.by)
        wall.piece.look()
        worker._judging_from -= STEP_REST_S
        assert [entry.run_id for entry in await worker.sweep()] == [run_id], "and later it is judged like everybody"


async def test_before_a_claim_a_worker_that_stood_still_beats_first(runs: Runs) -> None:
    wall = Wall()
    async with Worker(runs, timepiece=wall.piece) as worker:
        wall.by = timedelta(seconds=15)
        wall.piece.look()
        worker._judging_from = 0.0  # the rest after a step is not waited for here
        await worker.ready()
        assert worker.owner in runs.workers(datetime.now(UTC) + wall.by + TTL - timedelta(seconds=2))
