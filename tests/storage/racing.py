"""Processes that use one database at the same time; each forks from a small parent, so that many are cheap."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

from sqlalchemy import event, update

from probe.outcome import Evidence, Outcome, Record, Timings
from probe.reasons import Judged, Verdict
from storage import evidence
from storage.chain import CHAIN, JOURNAL, append
from storage.database import Database, DatabaseError
from storage.runs import NotOursError, Runs
from storage.values import Cause, Planned, Stamp

_CONTEXT: Final = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.storage.racing", "sqlalchemy.dialects.postgresql.psycopg", "psycopg"])
_WITHIN_S: Final = 120.0

STAMP: Final = Stamp(version="0.1.0", config="ab" * 32)
NOON: Final = datetime(2026, 11, 20, 5, tzinfo=UTC)
HALF_HOUR: Final = timedelta(minutes=30)
TTL: Final = timedelta(seconds=20)


def planned(run_id: str, slot: int | None = None, probe: str | None = "ivr") -> Planned:
    """A run of the ``slot``-th half hour since noon; without one, from the command line."""
    due = NOON + HALF_HOUR * (slot or 0)
    return Planned(
        run_id=run_id,
        probe=probe,
        channel="sip",
        service="inbound",
        skill="tier-1",
        trigger="cli" if slot is None else "schedule",
        slot=None if slot is None else due,
        due=due,
        expires=due + HALF_HOUR,
    )


def record_of(run: Planned, **changes: Any) -> Record:
    """What came of a run: passed, with an agent after 31.5 s."""
    outcome = Outcome(
        verdict=Verdict.PASS,
        stage=None,
        reason=None,
        owner=None,
        detail="",
        accessibility=Judged.OK,
        availability=Judged.OK,
        timings=Timings(setup_s=0.4, time_to_agent_s=31.5, total_s=45.0),
        steps=(),
    )
    known: dict[str, Any] = {
        "run_id": run.run_id,
        "probe": run.probe,
        "channel": run.channel,
        "target": "sip:1500@pbx.example",
        "service": run.service,
        "skill": run.skill,
        "slot": run.slot,
        "trigger": run.trigger,
        "started_at": run.due,
        "ended_at": run.due + timedelta(seconds=45),
        "outcome": outcome,
        "message": "Agent terhubung.",
    }
    return Record(**{**known, **changes})


def with_files(record: Record, root: Path) -> Record:
    """The record with two files, as they lie on the disk."""
    folder = evidence.run_folder(root, record.run_id, record.started_at.date())
    kept: list[Evidence] = [
        evidence.write(folder, "suara.wav", f"RIFF {record.run_id} ".encode() * 7, "audio"),
        evidence.write(folder, "result.json", b'{"run_id": "%s"}\n' % record.run_id.encode(), "result"),
    ]
    return replace(record, outcome=replace(record.outcome, evidence=tuple(kept)))


def runs_of(database: Database) -> Runs:
    return Runs(database, STAMP, Path("/nowhere/evidence"))


# --- processes -----------------------------------------------------------------------------------------------------


def begin(work: Callable[..., Any], *arguments: Any) -> tuple[BaseProcess, Pipe]:
    """Start a process that sends what ``work`` returns."""
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_send, args=(theirs, work, arguments))
    process.start()
    theirs.close()
    return process, ours


def begin_telling(work: Callable[..., None], *arguments: Any) -> tuple[BaseProcess, Pipe]:
    """Start a process whose ``work`` is handed the pipe, to tell as it goes."""
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=work, args=(theirs, *arguments))
    process.start()
    theirs.close()
    return process, ours


def end(process: BaseProcess, pipe: Pipe) -> None:
    pipe.close()
    process.join(_WITHIN_S)
    process.close()


def race(work: Callable[..., Any], url: str, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
    """One process per tuple, all let go at once; what each returned."""
    barrier = _CONTEXT.Barrier(len(arguments))
    racers = [begin(_wait_and_work, barrier, work, url, each) for each in arguments]
    answers = [pipe.recv() if pipe.poll(_WITHIN_S) else TimeoutError() for _, pipe in racers]
    for process, pipe in racers:
        end(process, pipe)
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers


def _wait_and_work(barrier: Any, work: Callable[..., Any], url: str, arguments: tuple[Any, ...]) -> Any:
    database = Database(url)
    try:
        barrier.wait(_WITHIN_S)
        return work(database, *arguments)
    finally:
        database.close()


def _send(pipe: Pipe, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        pipe.send(work(*arguments))
    except Exception as error:  # noqa: BLE001 - raised in the test
        pipe.send(error)


# --- what racers do ------------------------------------------------------------------------------------------------


def submit_slots(database: Database, name: str, slots: int) -> list[str]:
    """The ids of the runs whose slot was ours."""
    runs = runs_of(database)
    return [run.run_id for n in range(slots) if runs.submit(run := planned(f"{name}-{n}", n))]


def miss_slots(database: Database, name: str, slots: int) -> int:
    return runs_of(database).submit_missed([planned(f"{name}-{n}", n) for n in range(slots)], Cause.DOWN)


def play_queue(database: Database, owner: str, run_ids: Sequence[str], key: str, mark: str) -> list[str]:
    """Claim and finish what can be had, on one target; ``mark`` is a file that only one process may hold at a time."""
    runs, done = runs_of(database), []
    runs.beat(owner, NOON, TTL)
    waiting = list(run_ids)
    while waiting:
        run_id = waiting.pop(0)
        answer = runs.claim(run_id, owner, key, NOON)
        if answer == "busy":
            waiting.append(run_id)
        elif answer == "claimed":
            held = os.open(mark, os.O_CREAT | os.O_EXCL)  # fails when two test one target at once
            os.close(held)
            Path(mark).unlink()
            runs.finish(run_id, owner, record_of(planned(run_id)))
            done.append(run_id)
    return done


def claim_one(database: Database, owner: str, run_id: str, key: str) -> str:
    runs = runs_of(database)
    runs.beat(owner, NOON, TTL)
    return runs.claim(run_id, owner, key, NOON)


def add_links(database: Database, name: str, count: int) -> list[int]:
    seqs = []
    for n in range(count):
        with database.write() as connection:
            row = {"at_ms": n, "kind": "remark", "subject": f"{name}-{n}", "body": "{}", "text_sha256": None}
            [link] = append(connection, JOURNAL, [row])
            seqs.append(link["seq"])
    return seqs


def sweep(database: Database, at: datetime) -> list[str]:
    return [entry.run_id for entry in runs_of(database).sweep(at)]


def write_on(pipe: Any, url: str, root: str, name: str) -> None:
    """Play runs for ever; tell of each result once it is entered, and not before."""
    database = Database(url)
    runs = Runs(database, STAMP, Path(root))
    for n in range(10**6):
        run = planned(f"{name}-{n}", n, probe=name)
        with suppress(DatabaseError, NotOursError):
            if n % 5 == 4:
                runs.submit_missed([run], Cause.LATE)
                pipe.send(run.run_id)
                continue
            runs.submit(run)
            runs.beat(name, NOON, TTL)
            if runs.claim(run.run_id, name, name, NOON) == "claimed":
                runs.finish(run.run_id, name, with_files(record_of(run), Path(root)))
                pipe.send(run.run_id)


def finish_and_die(url: str, run_id: str, owner: str, statement: int) -> int:
    """Finish a run and be killed before the n-th statement; returns how many there were when nothing killed us."""
    database = Database(url)
    count = 0

    def die_at(*_: object) -> None:
        nonlocal count
        count += 1
        if count == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database._kind.engine, "before_cursor_execute", die_at)
    runs_of(database).finish(run_id, owner, record_of(planned(run_id)), also=_also)
    database.close()
    return count


def _also(connection: Any, _entry: Any) -> None:
    connection.execute(update(CHAIN).where(CHAIN.c.name == "journal").values(seq=CHAIN.c.seq + 1))
