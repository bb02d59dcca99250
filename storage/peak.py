"""Peak mode: stretches in which siaga tests less, and hangs up in the queue, so that customers come first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, select, update

from probe.outcome import instant
from storage.chain import table_of
from storage.database import Database
from storage.journal import enter
from storage.tables import PeakRow
from storage.values import from_ms, to_ms

PEAK: Final = table_of(PeakRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch ``[from_, until)`` of peak mode."""

    id: int
    from_: datetime
    until: datetime
    reason: str


class Peak:
    """The stretches of peak mode; each change stands in the journal, in the same transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, now: datetime, until: datetime, reason: str, by: str = "") -> Stretch:
        """Peak mode from now on; a stretch that runs already ends here. Raises ValueError when it would be empty."""
        if until <= now:
            raise ValueError("peak mode ends after it begins; give a later end")
        row = {"from_ms": to_ms(now), "until_ms": to_ms(until), "reason": reason}
        with self._database.write() as connection:
            connection.execute(_running(now).values(until_ms=row["from_ms"]))
            key = connection.execute(insert(PEAK).values(**row)).inserted_primary_key
            assert key is not None  # noqa: S101 - an INSERT of one row has a key
            body = {"id": key[0], "action": "start", "from": instant(now), "until": instant(until)}
            enter(connection, "peak", "peak", body, {"reason": reason, "by": by}, now)
        return _stretch({"id": key[0], **row})

    def end(self, now: datetime, by: str = "") -> bool:
        """Back to normal from now on; False when there was no peak mode."""
        with self._database.write() as connection:
            if not connection.execute(_running(now).values(until_ms=to_ms(now))).rowcount:
                return False
            enter(connection, "peak", "peak", {"action": "end", "until": instant(now)}, {"by": by}, now)
        return True

    def at(self, moment: datetime) -> Stretch | None:
        """The stretch of peak mode that an instant lies in, or None."""
        asked = select(PEAK).where(PEAK.c.from_ms <= to_ms(moment), PEAK.c.until_ms > to_ms(moment))
        with self._database.read() as connection:
            row = connection.execute(asked.order_by(PEAK.c.id.desc()).limit(1)).mappings().one_or_none()
        return None if row is None else _stretch(row)

    def list(self, since: datetime, until: datetime) -> tuple[Stretch, ...]:
        """The stretches that reach into ``[since, until)``, in order of their beginning."""
        asked = select(PEAK).where(PEAK.c.until_ms > to_ms(since), PEAK.c.from_ms < to_ms(until))
        asked = asked.where(PEAK.c.until_ms > PEAK.c.from_ms).order_by(PEAK.c.from_ms, PEAK.c.id)
        with self._database.read() as connection:
            return tuple(_stretch(row) for row in connection.execute(asked).mappings())


def _running(now: datetime) -> Any:
    return update(PEAK).where(PEAK.c.from_ms <= to_ms(now), PEAK.c.until_ms > to_ms(now))


def _stretch(row: Mapping[Any, Any]) -> Stretch:
    return Stretch(id=row["id"], from_=from_ms(row["from_ms"]), until=from_ms(row["until_ms"]), reason=row["reason"])
