"""Trouble on our own side: siaga's operators are told of each cause once, and once when it is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, and_, or_, select, update

from storage.chain import table_of
from storage.database import Database
from storage.inserts import insert_new
from storage.tables import AlarmRow
from storage.values import from_ms, to_ms

ALARM: Final = table_of(AlarmRow)
_PENDING: Final = or_(ALARM.c.told_ms.is_(None), and_(ALARM.c.over_ms.is_not(None), ALARM.c.over_told_ms.is_(None)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One cause. ``key`` names it, such as ``trunk:NAME``; ``detail`` says what was seen, without names or numbers."""

    key: str
    since: datetime
    detail: str
    told: datetime | None
    over: datetime | None
    over_told: datetime | None


class Alarms:
    """The alarms, standing and over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, key: str, detail: str, now: datetime) -> bool:
        """There is trouble; True when it is news. One that came back before its end was told goes on as the same."""
        fresh = {"since_ms": to_ms(now), "detail": detail, "told_ms": None, "over_ms": None, "over_told_ms": None}
        with self._database.write() as connection:
            if insert_new(connection, ALARM, {"key": key, **fresh}):
                return True
            mine = update(ALARM).where(ALARM.c.key == key)
            if connection.execute(mine.where(ALARM.c.over_told_ms.is_not(None)).values(**fresh)).rowcount:
                return True
            connection.execute(mine.where(ALARM.c.over_ms.is_not(None)).values(over_ms=None))
        return False

    def end(self, key: str, now: datetime) -> bool:
        """The trouble is over; False when there was none."""
        standing = update(ALARM).where(ALARM.c.key == key, ALARM.c.over_ms.is_(None))
        with self._database.write() as connection:
            return connection.execute(standing.values(over_ms=to_ms(now))).rowcount == 1

    def standing(self) -> list[Alarm]:
        """The alarms that are not over, the oldest first."""
        return self._read(ALARM.c.over_ms.is_(None))

    def untold(self) -> list[Alarm]:
        """What nobody was told yet: of a beginning, or of an end (``over`` set)."""
        return self._read(_PENDING)

    def told(self, alarm: Alarm, now: datetime) -> bool:
        """The operators were told of an alarm as it was read; False when another service had told them first."""
        over_ms = None if alarm.over is None else to_ms(alarm.over)
        same = [ALARM.c.key == alarm.key, ALARM.c.since_ms == to_ms(alarm.since), _PENDING]
        same.append(_equal(ALARM.c.told_ms, None if alarm.told is None else to_ms(alarm.told)))
        same.append(_equal(ALARM.c.over_ms, over_ms))
        told_ms = to_ms(now if alarm.told is None else alarm.told)
        values = {"told_ms": told_ms, "over_told_ms": None if over_ms is None else to_ms(now)}
        with self._database.write() as connection:
            return connection.execute(update(ALARM).where(*same).values(**values)).rowcount == 1

    def _read(self, condition: Any) -> list[Alarm]:
        asked = select(ALARM).where(condition).order_by(ALARM.c.since_ms, ALARM.c.key)
        with self._database.read() as connection:
            return [_alarm(row) for row in connection.execute(asked).mappings()]


def _alarm(row: Mapping[Any, Any]) -> Alarm:
    return Alarm(
        key=row["key"],
        since=from_ms(row["since_ms"]),
        detail=row["detail"],
        told=_instant(row["told_ms"]),
        over=_instant(row["over_ms"]),
        over_told=_instant(row["over_told_ms"]),
    )


def _equal(column: Column[Any], value: int | None) -> ColumnElement[bool]:
    return column.is_(None) if value is None else column == value


def _instant(ms: int | None) -> datetime | None:
    return None if ms is None else from_ms(ms)
