"""The live side of the record: submit, claim, finish. One path for the command line, the service and remote workers.

A slot is submitted once (UNIQUE), claimed once (compare and set, together with the lease on its target) and finished
once: result, detail and state in one transaction. A run whose worker died becomes ``lost`` and is never replayed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, insert, or_, select, update

from probe.outcome import Record
from storage.chain import RESULT, append, table_of
from storage.database import Database
from storage.rows import done_row, entry_of, pack, run_of, run_row, unplayed_row
from storage.tables import AliveRow, LeaseRow, ResultDetailRow, RunRow, WorkerRow
from storage.values import Cause, Entry, Mode, Planned, Run, RunState, Service, Stamp, to_ms

RUN: Final = table_of(RunRow)
DETAIL: Final = table_of(ResultDetailRow)
LEASE: Final = table_of(LeaseRow)
WORKER: Final = table_of(WorkerRow)
ALIVE: Final = table_of(AliveRow)
_LIVE: Final = RUN.c.state.in_([RunState.QUEUED.value, RunState.RUNNING.value])
CHUNK: Final = 500
"""Rows per transaction where many are written: other writers get their turn in between."""

Claim = Literal["claimed", "busy", "gone"]
Also = Callable[[Connection, Entry], None]
"""What else belongs into the transaction of a result: the incident's decision, the outbox."""


class NotOursError(Exception):
    """The run is no longer ours to finish: it was swept as lost, or somebody finished it."""


class Runs:
    """Submits, claims and finishes runs."""

    def __init__(self, database: Database, stamp: Stamp, evidence: Path) -> None:
        """``evidence`` is the folder that the files of all runs lie in."""
        self._database = database
        self._stamp = stamp
        self._evidence = evidence.absolute()

    def submit(self, planned: Planned, owner: str | None = None) -> bool:
        """Ask for a run; False when the slot has one already.

        With an ``owner`` it waits for that worker alone (a command line that plays it itself), and ends with it.
        """
        with self._database.write() as connection:
            return bool(_submit(connection, [{**run_row(planned, RunState.QUEUED), "owner": owner}]))

    def submit_many(self, planned: Sequence[Planned]) -> set[str]:
        """Ask for runs that are due together, in one transaction; returns the ids of those whose slot was free."""
        with self._database.write() as connection:
            return {row["run_id"] for row in _submit(connection, [run_row(one, RunState.QUEUED) for one in planned])}

    def submit_missed(self, planned: Sequence[Planned], cause: Cause) -> int:
        """Enter slots that nobody could start, as missed; those that have a run already stay as they are.

        Returns how many were entered. In chunks: after a long stop there may be thousands.
        """
        entered = 0
        for start in range(0, len(planned), CHUNK):
            rows = [run_row(one, RunState.MISSED) for one in planned[start : start + CHUNK]]
            with self._database.write() as connection:
                fresh = _submit(connection, rows)
                append(connection, RESULT, [unplayed_row(r, cause, r["due_ms"], self._stamp) for r in fresh])
                entered += len(fresh)
        return entered

    def claim(self, run_id: str, owner: str, key: str, now: datetime, mode: Mode | None = None) -> Claim:
        """Take the lease on a target and the run with it, both or neither; ``mode`` where it is not the planned one.

        ``busy``: another living worker tests this target. ``gone``: the run is not queued any more.
        """
        taking: dict[str, Any] = {"state": RunState.RUNNING.value, "owner": owner, "started_ms": to_ms(now)}
        taking |= {"mode": mode} if mode else {}
        with self._database.write() as connection:
            held = connection.execute(
                select(LEASE.c.run_id, WORKER.c.until_ms)
                .outerjoin(WORKER, WORKER.c.owner == LEASE.c.owner)
                .where(LEASE.c.key == key)
            ).one_or_none()
            if held is not None and held.until_ms is not None and held.until_ms > to_ms(now):
                return "busy"
            if held is not None:
                connection.execute(delete(LEASE).where(LEASE.c.key == key))
            taken = connection.execute(
                update(RUN)
                .where(RUN.c.run_id == run_id, RUN.c.state == RunState.QUEUED.value, _free_for(owner))
                .values(**taking)
            ).rowcount
            if not taken:
                return "gone"
            connection.execute(insert(LEASE).values(key=key, run_id=run_id, owner=owner))
        return "claimed"

    def finish(self, run_id: str, owner: str, record: Record, also: Also | None = None) -> Entry:
        """Enter the result of our run, give the lease back. Raises NotOursError when the run was taken from us.

        Entering the same result again changes nothing: a server that went away while it answered may have kept it.
        """
        data = pack({**record.to_json(), "evidence": []})
        with self._database.write() as connection:
            try:
                run = self._ours(connection, run_id, owner)
            except NotOursError:
                if (kept := _kept(connection, run_id, owner, data)) is None:
                    raise
                return kept
            row = done_row(run, record, self._evidence, self._stamp, run["mode"])
            row["detail_sha256"] = hashlib.sha256(data).digest()
            [complete] = append(connection, RESULT, [row])
            connection.execute(insert(DETAIL).values(seq=complete["seq"], data=data))
            _end(connection, [run_id], RunState.DONE)
            entry = entry_of(complete)
            if also is not None:
                also(connection, entry)
        return entry

    def miss(self, run_id: str, cause: Cause, owner: str | None = None, mode: Mode | None = None) -> Entry | None:
        """A queued run, or one of ours of which nothing was played, did not happen; None when it is neither."""
        with self._database.write() as connection:
            asked = select(RUN).where(RUN.c.run_id == run_id).with_for_update()
            run = connection.execute(asked).mappings().one_or_none()
            if run is None or (run["state"], run["owner"]) not in (
                (RunState.QUEUED.value, None),
                (RunState.QUEUED.value, owner),
                (RunState.RUNNING.value, owner),
            ):
                return None
            known = {**run, "mode": mode or run["mode"]}
            [complete] = append(connection, RESULT, [unplayed_row(known, cause, run["due_ms"], self._stamp)])
            _end(connection, [run_id], RunState.MISSED)
        return entry_of(complete)

    def lose(self, run_id: str, owner: str) -> Entry | None:
        """Our run came to no result, by our own mistake: it is lost; None when it is not ours (any more)."""
        with self._database.write() as connection:
            try:
                run = self._ours(connection, run_id, owner)
            except NotOursError:
                return None
            [complete] = append(connection, RESULT, [unplayed_row(run, None, run["started_ms"], self._stamp)])
            _end(connection, [run_id], RunState.LOST)
        return entry_of(complete)

    def entry(self, run_id: str) -> Entry | None:
        """What the record says of a run; None while it says nothing."""
        with self._database.read() as connection:
            row = connection.execute(select(RESULT).where(RESULT.c.run_id == run_id)).mappings().one_or_none()
        return None if row is None else entry_of(row)

    def queued(self, until: datetime) -> list[Run]:
        """Runs that wait for any worker and are due until an instant, the earliest first."""
        asked = select(RUN).where(
            RUN.c.state == RunState.QUEUED.value, RUN.c.owner.is_(None), RUN.c.due_ms <= to_ms(until)
        )
        with self._database.read() as connection:
            return [run_of(row) for row in connection.execute(asked.order_by(RUN.c.due_ms)).mappings()]

    def live(self) -> list[Run]:
        """Runs that wait or are being played."""
        asked = select(RUN).where(_LIVE)
        with self._database.read() as connection:
            return [run_of(row) for row in connection.execute(asked.order_by(RUN.c.due_ms)).mappings()]

    def slots_with_a_run(self, probe: str, start: datetime, end: datetime) -> set[datetime]:
        """The slots of a probe in ``[start, end)`` that were submitted, whatever came of them."""
        return {run.planned.slot for run in self._of_probe(probe, start, end) if run.planned.slot is not None}

    def _of_probe(self, probe: str, start: datetime, end: datetime) -> Iterable[Run]:
        asked = select(RUN).where(RUN.c.probe == probe, RUN.c.slot_ms >= to_ms(start), RUN.c.slot_ms < to_ms(end))
        with self._database.read() as connection:
            return [run_of(row) for row in connection.execute(asked).mappings()]

    # --- workers: who is alive ---------------------------------------------------------------------------------

    def beat(self, owner: str, now: datetime, ttl: timedelta, config: str | None = None) -> None:
        """The worker is alive, and stays so for ``ttl`` without another word. ``config``: see ``Service``."""
        told = {"until_ms": to_ms(now + ttl), "config": config}
        with self._database.write() as connection:
            if not connection.execute(update(WORKER).where(WORKER.c.owner == owner).values(**told)).rowcount:
                connection.execute(insert(WORKER).values(owner=owner, **told))

    def workers(self, now: datetime) -> list[str]:
        """The owners that are alive by their beats."""
        with self._database.read() as connection:
            return list(connection.execute(select(WORKER.c.owner).where(WORKER.c.until_ms > to_ms(now))).scalars())

    def services(self, now: datetime, connection: Connection | None = None) -> list[Service]:
        """The services that are alive by their beats, by owner; in a transaction of ours when there is one."""
        asked = select(WORKER.c.owner, WORKER.c.config).where(WORKER.c.until_ms > to_ms(now))
        asked = asked.where(WORKER.c.config.is_not(None)).order_by(WORKER.c.owner)
        with self._database.read() if connection is None else nullcontext(connection) as view:
            return [Service(row.owner, row.config) for row in view.execute(asked)]

    def leave(self, owner: str) -> None:
        """The worker ends in peace; what it still holds is swept at once."""
        with self._database.write() as connection:
            connection.execute(delete(WORKER).where(WORKER.c.owner == owner))

    def sweep(self, now: datetime, dead: Callable[[str], bool] = lambda _: False) -> list[Entry]:
        """Enter as lost what dead workers were playing or kept for themselves, and free its leases.

        Dead is who is past its time, unknown, or named by ``dead`` (a process of this machine that is gone).
        """
        with self._database.write() as connection:
            asked = (
                select(RUN, WORKER.c.until_ms)
                .outerjoin(WORKER, WORKER.c.owner == RUN.c.owner)
                .where(_LIVE, RUN.c.owner.is_not(None))
                .with_for_update(of=RUN)
            )
            gone = [
                row
                for row in connection.execute(asked).mappings().all()
                if row["until_ms"] is None or row["until_ms"] <= to_ms(now) or dead(row["owner"])
            ]
            rows = [unplayed_row(row, None, row["started_ms"] or row["due_ms"], self._stamp) for row in gone]
            linked = append(connection, RESULT, rows)
            _end(connection, [row["run_id"] for row in gone], RunState.LOST)
        return [entry_of(row) for row in linked]

    def _ours(self, connection: Connection, run_id: str, owner: str) -> RowMapping:
        asked = select(RUN).where(RUN.c.run_id == run_id, RUN.c.state == RunState.RUNNING.value, RUN.c.owner == owner)
        run = connection.execute(asked.with_for_update()).mappings().one_or_none()
        if run is None:
            raise NotOursError(f"{run_id} is no longer a run of {owner}: swept as lost while it was played")
        return run


def _kept(connection: Connection, run_id: str, owner: str, data: bytes) -> Entry | None:
    """Our result when it stands in the record already."""
    row = (
        connection.execute(
            select(RESULT)
            .join(RUN, RUN.c.run_id == RESULT.c.run_id)
            .where(RUN.c.run_id == run_id, RUN.c.owner == owner)
            .where(RUN.c.state == RunState.DONE.value, RESULT.c.detail_sha256 == hashlib.sha256(data).digest())
        )
        .mappings()
        .one_or_none()
    )
    return None if row is None else entry_of(row)


def _free_for(owner: str) -> ColumnElement[bool]:
    return or_(RUN.c.owner.is_(None), RUN.c.owner == owner)


def _submit(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Insert the runs that are new; returns their rows. Writers are alone: what is not there now, is not there then.

    A result may stand where the run's row has been cleared away.
    """
    runs = connection.execute(select(RUN.c.run_id).where(RUN.c.run_id.in_([row["run_id"] for row in rows])))
    known: set[Any] = set(runs.scalars())
    planned = [row for row in rows if row["slot_ms"] is not None]
    probes, slots = {row["probe"] for row in planned}, {row["slot_ms"] for row in planned}
    for table in (RUN, RESULT) if planned else ():
        asked = select(table.c.probe, table.c.slot_ms).where(table.c.probe.in_(probes), table.c.slot_ms.in_(slots))
        known |= {(row.probe, row.slot_ms) for row in connection.execute(asked)}
    fresh = []
    for row in rows:
        slot = (row["probe"], row["slot_ms"])
        if row["run_id"] in known or slot in known:
            continue
        fresh.append(row)
        known |= {row["run_id"], slot} if row["slot_ms"] is not None else {row["run_id"]}
    if fresh:
        connection.execute(insert(RUN), fresh)
    return fresh


def _end(connection: Connection, run_ids: Sequence[str], state: RunState) -> None:
    connection.execute(delete(LEASE).where(LEASE.c.run_id.in_(run_ids)))
    connection.execute(update(RUN).where(RUN.c.run_id.in_(run_ids)).values(state=state.value))
