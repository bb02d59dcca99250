"""Since when each probe is planned, and up to when each of its slots has a row."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, update

from storage.chain import table_of
from storage.database import Database
from storage.inserts import insert_new
from storage.tables import PlanRow
from storage.values import from_ms, to_ms

PLAN: Final = table_of(PlanRow)
CHUNK: Final = 500
"""Names per statement: databases take some thousands at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounted:
    """A planned probe: every slot in ``(since, until]`` has a row."""

    probe: str
    since: datetime
    until: datetime


class Plans:
    """The probes that are planned, and how far they are accounted for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, probe: str, now: datetime) -> bool:
        """Plan a probe from now on; False, and nothing changes, when it is planned already."""
        row = {"probe": probe, "since_ms": to_ms(now), "accounted_ms": to_ms(now)}
        with self._database.write() as connection:
            return insert_new(connection, PLAN, row)

    def open_all(self, probes: Iterable[str], now: datetime) -> None:
        """Plan many probes from now on, in one transaction; those that are planned already stay as they are."""
        rows = [{"probe": probe, "since_ms": to_ms(now), "accounted_ms": to_ms(now)} for probe in probes]
        with self._database.write() as connection:
            for row in rows:
                insert_new(connection, PLAN, row)

    def close(self, probe: str) -> bool:
        """Plan a probe no more (account for it first); False when it was not planned."""
        with self._database.write() as connection:
            return connection.execute(delete(PLAN).where(PLAN.c.probe == probe)).rowcount == 1

    def close_all_but(self, probes: Collection[str], agreed: Callable[[Connection], bool]) -> list[str]:
        """Plan only these from now on; returns the others, by name.

        ``agreed`` is asked in the same transaction, so that no service opens plans in between; unless it is, none ends.
        """
        with self._database.write() as connection:
            if not agreed(connection):
                return []
            planned = connection.execute(select(PLAN.c.probe).order_by(PLAN.c.probe)).scalars()
            ending = [probe for probe in planned if probe not in probes]
            for start in range(0, len(ending), CHUNK):
                connection.execute(delete(PLAN).where(PLAN.c.probe.in_(ending[start : start + CHUNK])))
        return ending

    def accounted(self, probe: str) -> datetime | None:
        """Up to when each slot of the probe has a row; None when it is not planned."""
        with self._database.read() as connection:
            ms = connection.execute(select(PLAN.c.accounted_ms).where(PLAN.c.probe == probe)).scalar_one_or_none()
        return None if ms is None else from_ms(ms)

    def advance(self, probe: str, until: datetime) -> None:
        """Every slot up to an instant has a row now. Never goes back."""
        later = update(PLAN).where(PLAN.c.probe == probe, PLAN.c.accounted_ms < to_ms(until))
        with self._database.write() as connection:
            connection.execute(later.values(accounted_ms=to_ms(until)))

    def advance_all(self, until: Mapping[str, datetime]) -> None:
        """As ``advance``, for many probes in one transaction."""
        rows = [{"name": probe, "until_ms": to_ms(moment)} for probe, moment in until.items()]
        later = (
            update(PLAN)
            .where(PLAN.c.probe == bindparam("name"), PLAN.c.accounted_ms < bindparam("until_ms"))
            .values(accounted_ms=bindparam("until_ms"))
        )
        with self._database.write() as connection:
            if rows:
                connection.execute(later, rows)

    def all(self) -> list[Accounted]:
        """Every planned probe, by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(PLAN).order_by(PLAN.c.probe)).all()
        return [Accounted(probe=r.probe, since=from_ms(r.since_ms), until=from_ms(r.accounted_ms)) for r in rows]
