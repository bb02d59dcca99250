"""Maintenance windows: said in the configuration, or by hand, also afterwards (backdated, and marked as such)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, insert, select, update

from probe.outcome import instant
from storage.chain import JOURNAL, table_of
from storage.database import Database
from storage.journal import enter
from storage.tables import MaintenanceRow
from storage.values import Entry, from_ms, to_ms

MAINTENANCE: Final = table_of(MaintenanceRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A span ``[from_, to)`` in which a target is not judged; ``target`` is a probe, a service or a channel."""

    target: str
    from_: datetime
    to: datetime
    reason: str
    backdated: bool = False
    """Said after it had begun."""
    source: Literal["config", "hand"] = "config"
    id: int | None = None
    """Number of a window that was said by hand."""

    @property
    def empty(self) -> bool:
        """Withdrawn, or ended before it began: it covers nothing."""
        return self.to <= self.from_


def covers(
    windows: Iterable[Window], probe: str | None, service: str | None, channel: str, moment: datetime
) -> Window | None:
    """The first window that a probe is in at an instant, or None."""
    names = {probe, service, channel}
    return next((w for w in windows if w.from_ <= moment < w.to and w.target in names), None)


def inside(windows: Iterable[Window]) -> Callable[[Entry], bool]:
    """Whether an entry began inside one of the windows: it then leaves the denominator of the KPI."""
    kept = tuple(windows)
    return lambda entry: covers(kept, entry.probe, entry.service, entry.channel, entry.at) is not None


class Windows:
    """The windows said by hand; each change stands in the journal, in the same transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, target: str, from_: datetime, to: datetime, reason: str, now: datetime, by: str = "") -> Window:
        """Say a window; one that began before ``now`` is marked as backdated. Raises ValueError when it is empty."""
        if to <= from_:
            raise ValueError("a maintenance window ends after it begins; give a later end")
        row = {"target": target, "from_ms": to_ms(from_), "to_ms": to_ms(to), "created_ms": to_ms(now)}
        body = {"action": "add", "from": instant(from_), "to": instant(to), "backdated": to_ms(from_) < to_ms(now)}
        with self._database.write() as connection:
            key = connection.execute(insert(MAINTENANCE).values(**row, reason=reason)).inserted_primary_key
            assert key is not None  # noqa: S101 - an INSERT of one row has a key
            enter(connection, "maintenance", target, {"id": key[0], **body}, {"reason": reason, "by": by}, now)
        return _window({"id": key[0], **row, "reason": reason})

    def end(self, id_: int, now: datetime, by: str = "") -> Window | None:
        """End a window now; one that has not begun becomes empty. None when it is unknown or over already."""
        with self._database.write() as connection:
            asked = select(MAINTENANCE).where(MAINTENANCE.c.id == id_, MAINTENANCE.c.to_ms > to_ms(now))
            row = connection.execute(asked.with_for_update()).mappings().one_or_none()
            if row is None or row["to_ms"] <= row["from_ms"]:
                return None
            to = max(row["from_ms"], to_ms(now))
            connection.execute(update(MAINTENANCE).where(MAINTENANCE.c.id == id_).values(to_ms=to))
            body = {"id": id_, "action": "end", "to": instant(from_ms(to))}
            enter(connection, "maintenance", row["target"], body, {"by": by}, now)
        return _window({**row, "to_ms": to})

    def withdraw(self, id_: int, now: datetime, by: str = "") -> Window | None:
        """Empty a window that was entered by mistake, past ones too. None when it is unknown or empty already."""
        with self._database.write() as connection:
            asked = select(MAINTENANCE).where(MAINTENANCE.c.id == id_, MAINTENANCE.c.to_ms > MAINTENANCE.c.from_ms)
            row = connection.execute(asked.with_for_update()).mappings().one_or_none()
            if row is None:
                return None
            connection.execute(update(MAINTENANCE).where(MAINTENANCE.c.id == id_).values(to_ms=row["from_ms"]))
            body = {"id": id_, "action": "withdraw", "to": instant(from_ms(row["from_ms"]))}
            enter(connection, "maintenance", row["target"], body, {"by": by}, now)
        return _window({**row, "to_ms": row["from_ms"]})

    def see(self, configured: Sequence[Window], now: datetime) -> int:
        """Enter the windows of a configuration that the journal does not know yet; returns how many there were.

        What a file says can be changed afterwards without a trace: the journal says when it was said first.
        """
        if not configured:
            return 0
        with self._database.write() as connection:
            seen = set(_seen(connection))
            new = {_key(w): w for w in configured if _key(w) not in seen}
            for window in new.values():
                body = {
                    "action": "config",
                    "from": instant(window.from_),
                    "to": instant(window.to),
                    "backdated": window.from_ < now,
                }
                enter(connection, "maintenance", window.target, body, {"reason": window.reason}, now)
        return len(new)

    def marked(self, configured: Sequence[Window], now: datetime) -> tuple[Window, ...]:
        """The windows of a configuration, marked when they were first seen, or would be now, after they had begun."""
        if not configured:
            return ()
        with self._database.read() as connection:
            seen = _seen(connection)
        return tuple(replace(w, backdated=to_ms(w.from_) < seen.get(_key(w), to_ms(now))) for w in configured)

    def list(self, since: datetime | None = None, until: datetime | None = None) -> tuple[Window, ...]:
        """The windows that reach into ``[since, until)``, in order of their beginning."""
        asked = select(MAINTENANCE).order_by(MAINTENANCE.c.from_ms, MAINTENANCE.c.id)
        if since is not None:
            asked = asked.where(MAINTENANCE.c.to_ms > to_ms(since))
        if until is not None:
            asked = asked.where(MAINTENANCE.c.from_ms < to_ms(until))
        with self._database.read() as connection:
            return tuple(_window(row) for row in connection.execute(asked).mappings())


Key = tuple[str, str, str]


def _key(window: Window) -> Key:
    """What makes a window of the configuration the one that was seen: whom it is for, and when."""
    return window.target, instant(window.from_), instant(window.to)


def _seen(connection: Connection) -> dict[Key, int]:
    """When each window of any configuration was first seen, in ms."""
    asked = select(JOURNAL.c.subject, JOURNAL.c.at_ms, JOURNAL.c.body).where(JOURNAL.c.kind == "maintenance")
    found = dict[Key, int]()
    for subject, at_ms, data in connection.execute(asked.order_by(JOURNAL.c.seq)):
        body = json.loads(data)
        if body.get("action") == "config":
            found.setdefault((subject, body["from"], body["to"]), at_ms)
    return found


def _window(row: Mapping[Any, Any]) -> Window:
    return Window(
        target=row["target"],
        from_=from_ms(row["from_ms"]),
        to=from_ms(row["to_ms"]),
        reason=row["reason"],
        backdated=row["from_ms"] < row["created_ms"],
        source="hand",
        id=row["id"],
    )
