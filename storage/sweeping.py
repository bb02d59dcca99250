"""Old rows of the live side: nothing in the record refers to them, and nobody needs them any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import Column, ColumnElement, delete, func, select

from storage.alive import ALIVE
from storage.chain import table_of
from storage.database import Database
from storage.disposal import erased
from storage.disposing_media import CHUNK
from storage.journal import enter
from storage.maintenance import MAINTENANCE
from storage.peak import PEAK
from storage.plans import PLAN
from storage.runs import RUN, WORKER
from storage.tables import DialledCall
from storage.values import RunState, to_ms

LIVE: Final = timedelta(days=7)
"""Finished runs stay so long: the slots of a service that was down are told apart by them, and by its beats."""
DIALLED: Final = table_of(DialledCall)
_FINAL: Final = [state.value for state in (RunState.DONE, RunState.LOST, RunState.MISSED)]


def sweep(database: Database, now: datetime, results: timedelta, pause: Callable[[], None]) -> int:
    """Delete finished runs, beats and dialled calls of over a week ago, and what was said by hand about old results."""
    live_ms, kept_ms = to_ms(now - min(LIVE, results)), to_ms(now - results)
    # beats since the first slot that is not accounted for tell ``down`` from ``late``; the last one, how long
    unaccounted = select(func.coalesce(func.min(PLAN.c.accounted_ms), live_ms)).scalar_subquery()
    last = select(func.max(ALIVE.c.to_ms)).scalar_subquery()
    old: list[tuple[Column[int], list[ColumnElement[bool]]]] = [
        (RUN.c.due_ms, [RUN.c.state.in_(_FINAL), RUN.c.due_ms < live_ms]),
        (ALIVE.c.to_ms, [ALIVE.c.to_ms < live_ms, ALIVE.c.to_ms < unaccounted, ALIVE.c.to_ms < last]),
        (WORKER.c.until_ms, [WORKER.c.until_ms < live_ms]),
        (DIALLED.c.at_ms, [DIALLED.c.at_ms < live_ms]),
    ]
    gone = sum(_delete(database, when, where, pause) for when, where in old)
    gone += _dispose(database, "maintenance", MAINTENANCE.c.id, MAINTENANCE.c.to_ms < kept_ms, now, pause)
    return gone + _dispose(database, "peak", PEAK.c.id, PEAK.c.until_ms < kept_ms, now, pause)


def _dispose(
    database: Database,
    what: Literal["maintenance", "peak"],
    key: Column[int],
    where: ColumnElement[bool],
    now: datetime,
    pause: Callable[[], None],
) -> int:
    """What the journal has told of is told of when it goes, too: else `siaga verify` misses it."""
    gone = 0
    while True:
        with database.write() as connection:
            ids = connection.execute(select(key).where(where).order_by(key).limit(CHUNK)).scalars().all()
            if ids:
                connection.execute(delete(key.table).where(key.in_(ids)))
                enter(connection, "disposal", what, erased(what, ids), None, now)
        gone += len(ids)
        if len(ids) < CHUNK:
            return gone
        pause()


def _delete(database: Database, when: Column[int], where: list[ColumnElement[bool]], pause: Callable[[], None]) -> int:
    """The oldest first: `siaga verify` expects that what is later than a run that is kept is kept, too."""
    table = when.table
    [key] = table.primary_key
    some = select(key).where(*where).order_by(when, key).limit(CHUNK)
    gone = 0
    while True:
        with database.write() as connection:
            count = connection.execute(delete(table).where(key.in_(some))).rowcount
        gone += count
        if count < CHUNK:
            return gone
        pause()
