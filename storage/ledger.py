"""The ledger of dialled calls: the limits of ``[dial]`` hold for all processes on one database together.

A call is entered *before* it is dialled, with the longest it may last; its true length replaces that when it has ended.
A process that dies in between leaves the longer figure: the limit errs on the safe side.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, insert, select, update

from storage.chain import table_of
from storage.database import Database
from storage.tables import DialledCall

HOUR: Final = timedelta(hours=1)


class LimitReachedError(Exception):
    """A limit of ``[dial]`` is used up; the sentence says which, and when there is room again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``[dial]``: None for no limit."""

    calls_per_hour: int | None = None
    minutes_per_day: int | None = None


_CALL: Final = table_of(DialledCall)
_AT, _USED = _CALL.c.at_ms, _CALL.c.used_ms


class Ledger:
    """Reserves and settles calls."""

    def __init__(self, database: Database, limits: Limits) -> None:
        self._database = database
        self._limits = limits

    def reserve(self, run_id: str, cap_s: float, now: datetime) -> int:
        """Enter a call of at most ``cap_s``; ``now`` is in the centre's time zone, whose day counts.

        Returns its entry. Raises LimitReachedError, and then nothing is entered.
        """
        if now.tzinfo is None:
            raise ValueError("naive datetime: the day of the limits is that of the centre's time zone")
        cap_ms = round(cap_s * 1000)
        with self._database.write() as connection:
            self._check_hour(connection, now)
            self._check_day(connection, now, cap_ms)
            row = insert(_CALL).values(run_id=run_id, at_ms=_ms(now), used_ms=cap_ms, settled=False)
            entry = connection.execute(row).inserted_primary_key
        assert entry is not None  # noqa: S101 - an INSERT of one row has a key
        return int(entry[0])

    def settle(self, entry: int, used_s: float) -> None:
        """The call has ended after ``used_s``; 0 when it was never dialled, and then it no longer counts as a call."""
        with self._database.write() as connection:
            row = update(_CALL).where(_CALL.c.id == entry)
            connection.execute(row.values(used_ms=max(0, round(used_s * 1000)), settled=True))

    def _check_hour(self, connection: Connection, now: datetime) -> None:
        if (limit := self._limits.calls_per_hour) is None:
            return
        since = _ms(now - HOUR)
        recent = (
            connection.execute(select(_AT).where(since < _AT, _USED > 0).order_by(_AT.desc()).limit(limit))
            .scalars()
            .all()
        )
        if len(recent) >= limit:
            free = datetime.fromtimestamp(recent[-1] / 1000, now.tzinfo) + HOUR
            raise LimitReachedError(
                f"[dial] max_calls_per_hour = {limit} is used up; the next call may start at {free:%H:%M:%S}"
            )

    def _check_day(self, connection: Connection, now: datetime, cap_ms: int) -> None:
        if (limit := self._limits.minutes_per_day) is None:
            return
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        used = connection.execute(select(func.coalesce(func.sum(_USED), 0)).where(_ms(midnight) <= _AT)).scalar_one()
        if used + cap_ms > limit * 60_000:
            raise LimitReachedError(
                f"[dial] max_minutes_per_day = {limit}: {used / 60_000:.1f} min are used today, "
                f"and this call may last {cap_ms / 60_000:.1f} min; there is room again after midnight"
            )


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
