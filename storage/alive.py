"""When a service was alive: tells a slot that was missed because nobody ran (``down``) from one that came too late."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import exists, func, insert, select, update

from storage.chain import table_of
from storage.database import Database
from storage.tables import AliveRow
from storage.values import from_ms, to_ms

ALIVE: Final = table_of(AliveRow)
GAP: Final = timedelta(seconds=30)
"""Without a beat for longer, the service counts as having been down in between."""


class Alive:
    """The stretches of time in which services were alive, kept by their beats."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(self, owner: str, now: datetime, lived_from: datetime | None = None) -> bool:
        """The service lives. False when a new stretch begins: its first beat, after a gap, or a clock set back.

        ``lived_from``: since when it knows of no gap of its own. Beats that the database did not take are made up for.
        """
        ms = to_ms(now)
        since_ms = ms if lived_from is None else min(ms, to_ms(lived_from))
        joined_ms = min(ms - GAP // timedelta(milliseconds=1), since_ms)
        last = select(func.max(ALIVE.c.id)).where(ALIVE.c.owner == owner).scalar_subquery()
        known = update(ALIVE).where(ALIVE.c.id == last, ALIVE.c.from_ms <= ms, ALIVE.c.to_ms <= ms)
        with self._database.write() as connection:
            if connection.execute(known.where(ALIVE.c.to_ms >= joined_ms).values(to_ms=ms)).rowcount:
                return True
            connection.execute(insert(ALIVE).values(owner=owner, from_ms=since_ms, to_ms=ms))
        return False

    def was_alive(self, moment: datetime) -> bool:
        """Whether any service was alive at an instant."""
        ms = to_ms(moment)
        with self._database.read() as connection:
            asked = select(exists().where(ALIVE.c.from_ms <= ms, ALIVE.c.to_ms >= ms))
            return bool(connection.execute(asked).scalar_one())

    def last(self) -> datetime | None:
        """The latest beat of any service; None when there never was one."""
        with self._database.read() as connection:
            ms = connection.execute(select(func.max(ALIVE.c.to_ms))).scalar_one()
        return None if ms is None else from_ms(ms)

    def stretches(self, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        """From and to of the stretches that touch ``[since, until]``, by their beginning; they may overlap."""
        asked = select(ALIVE.c.from_ms, ALIVE.c.to_ms).where(
            ALIVE.c.to_ms >= to_ms(since), ALIVE.c.from_ms <= to_ms(until)
        )
        with self._database.read() as connection:
            rows = connection.execute(asked.order_by(ALIVE.c.from_ms, ALIVE.c.id)).all()
        return [(from_ms(row.from_ms), from_ms(row.to_ms)) for row in rows]
