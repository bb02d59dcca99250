"""The record as people and programs read it: found by keyset, one object of the contract per entry."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Select, func, literal_column, select, tuple_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from probe.outcome import Evidence, Outcome, Timings, Trigger, instant
from probe.reasons import Owner, Verdict
from probe.words import Language, sentence
from storage.chain import RESULT, table_of
from storage.database import Database, DatabaseError
from storage.rows import AlteredRowError, entry_of, timings_of, unpack
from storage.tables import LOST, TROUBLE, ResultDetailRow
from storage.values import Entry, RunState, to_ms

DETAIL: Final = table_of(ResultDetailRow)
LONGEST_CALL: Final = timedelta(hours=1)
"""No call lasts longer (``cap`` is at most 15 minutes): older entries cannot have ended within the time asked for."""
BEFORE_SLOT: Final = timedelta(hours=2)
"""How much earlier than its slot a run may seem to begin, when the clock was set back."""
AFTER_SLOT: Final = timedelta(hours=25)
"""How much later than its slot a run may begin: it waits for its target until the next slot, at most 24 h."""
_FROM_DETAIL: Final = ("target", "message", "timings", "steps", "agent", "media")
"""What stands in the erasable detail alone, or more exactly than in the entry."""
_USUAL: Final = 20
_USUAL_LEAST: Final = 5
_AT: Final[Column[int]] = RESULT.c.at_ms
_SEQ: Final[Column[int]] = RESULT.c.seq


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What entries are asked for; None asks for any. ``[since, until)`` is when they began."""

    probe: str | None = None
    service: str | None = None
    skill: str | None = None
    channel: str | None = None
    owner: Owner | None = None
    verdict: Verdict | None = None
    state: RunState | None = None
    trigger: Trigger | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended; the next one begins after it."""

    at_ms: int
    seq: int

    @classmethod
    def of(cls, entry: Entry) -> Cursor:
        """The place of an entry."""
        return cls(to_ms(entry.at), entry.seq)


ANY: Final = Filter()


class Results:
    """Reads the entries of the record. ``evidence`` is the folder that the files of all runs lie in."""

    def __init__(self, database: Database, evidence: Path) -> None:
        self._database = database
        self._evidence = evidence.absolute()

    def page(
        self, asked: Filter = ANY, after: Cursor | None = None, limit: int = 50, *, newest_first: bool = True
    ) -> list[Entry]:
        """The next entries by the time they began; as quick deep inside the record as at its end."""
        query = select(RESULT).where(*_conditions(asked)).limit(limit)
        place = tuple_(_AT, _SEQ)
        query = query.order_by(_AT.desc(), _SEQ.desc()) if newest_first else query.order_by(_AT, _SEQ)
        if after is not None:
            mark = tuple_(after.at_ms, after.seq)
            query = query.where(place < mark if newest_first else place > mark)
        return self._entries(query)

    def entry(self, run_id: str) -> Entry | None:
        """The entry of a run, or None while there is none."""
        return next(iter(self._entries(select(RESULT).where(RESULT.c.run_id == run_id))), None)

    def detail(self, seq: int) -> dict[str, Any] | None:
        """Steps, message, target and signs of an entry; None when nothing was played, or they were erased."""
        with self._database.read() as connection:
            data = connection.execute(select(DETAIL.c.data).where(DETAIL.c.seq == seq)).scalar_one_or_none()
        return None if data is None else _unpacked(seq, data)

    def details(self, entries: list[Entry]) -> dict[int, dict[str, Any]]:
        """The details of a page of entries by their ``seq``, asked for at once."""
        asked = select(DETAIL).where(DETAIL.c.seq.in_([entry.seq for entry in entries]))
        with self._database.read() as connection:
            return {row.seq: _unpacked(row.seq, row.data) for row in connection.execute(asked)}

    def as_json(
        self, entry: Entry, detail: Mapping[str, Any] | None, language: Language, target: str = ""
    ) -> dict[str, Any]:
        """The one JSON object of the contract. ``target`` is said where no detail says it.

        What was never played began and ended when it was due.
        """
        plain: dict[str, Any] = {
            "run_id": entry.run_id,
            "probe": entry.probe,
            "channel": entry.channel,
            "target": target,
            "service": entry.service,
            "skill": entry.skill,
            "slot": instant(entry.slot) if entry.slot else None,
            "trigger": entry.trigger,
            "started_at": instant(entry.at),
            "ended_at": instant(entry.ended_at or entry.at),
            "verdict": entry.verdict.value,
            "stage": entry.stage.value if entry.stage else None,
            "reason": entry.reason.value if entry.reason else None,
            "owner": entry.owner.value if entry.owner else None,
            "message": message(entry, language),
            "accessibility": entry.accessibility.value,
            "availability": entry.availability.value,
            "timings": {name: getattr(timings_of(entry.figures), name) for name in Timings.__dataclass_fields__},
            "steps": [],
            "agent": None,
            "media": None,
            "evidence": [{"kind": e.kind, "path": str(e.path), "sha256": e.sha256} for e in self.evidence(entry)],
        }
        return plain if detail is None else {**plain, **{key: detail[key] for key in _FROM_DETAIL if key in detail}}

    def evidence(self, entry: Entry) -> list[Evidence]:
        """The files of an entry where they lie, or lay before they were lawfully deleted."""
        return [Evidence(kept.kind, self._evidence / kept.path, kept.sha256) for kept in entry.evidence]

    def on_day(self, start: datetime, end: datetime, service: str | None = None) -> list[Entry]:
        """The entries of a day ``[start, end)`` by the time they began: of the plan by their slot, others by that time.

        A slot before midnight belongs to its day, also when its run waited for the target past midnight.
        """
        query = select(RESULT).where(*of_days(start, end)).order_by(_AT, _SEQ)
        return self._entries(query if service is None else query.where(beside_index(RESULT.c.service) == service))

    def agent_held_ms(self, service: str | None, skill: str | None, since: datetime) -> int:
        """How long calls that ended after ``since`` have held agents of a skill, in milliseconds."""
        held = select(func.coalesce(func.sum(RESULT.c.agent_held_ms), 0)).where(
            same(beside_index(RESULT.c.service), service),
            same(beside_index(RESULT.c.skill), skill),
            to_ms(since - LONGEST_CALL) <= _AT,
            RESULT.c.ended_ms > to_ms(since),
        )
        with self._database.read() as connection:
            return int(connection.execute(held).scalar_one())

    def in_a_row(self, probe: str, n: int) -> list[Entry]:
        """The last ``n`` entries of a probe, the newest first."""
        return self.page(Filter(probe=probe), limit=n)

    def steps_met(self, probe: str, runs: int = 50) -> frozenset[str]:
        """Steps, in the words of the script, that the last ``runs`` played tests of a probe met, also out of bounds."""
        played = self.page(Filter(probe=probe, state=RunState.DONE), limit=runs)
        steps = (step for detail in self.details(played).values() for step in detail.get("steps", ()))
        return frozenset(step["step"] for step in steps if step["verdict"] in ("pass", "degraded"))

    def usual_mos(self, probe: str) -> float | None:
        """Median MOS of the last calls of a probe; none when fewer than five of them have one."""
        details = self.details(self.page(Filter(probe=probe, state=RunState.DONE), limit=_USUAL))
        known = [mos for detail in details.values() if (mos := _mos(detail)) is not None]
        return median(known) if len(known) >= _USUAL_LEAST else None

    def _entries(self, query: Select[Any]) -> list[Entry]:
        try:
            with self._database.read() as connection:
                return [entry_of(row) for row in connection.execute(query).mappings()]
        except (DatabaseError, TypeError, ValueError):
            self._name(query)
            raise

    def _name(self, query: Select[Any]) -> None:
        """Raise AlteredRowError for the first row that not even the database can read, if there is one."""
        with self._database.read() as connection:
            seqs = connection.execute(query.with_only_columns(_SEQ)).scalars().all()
        for seq in seqs:
            try:
                with self._database.read() as connection:
                    connection.execute(select(RESULT).where(RESULT.c.seq == seq)).all()
            except (DatabaseError, TypeError, ValueError) as error:
                raise AlteredRowError("result", seq) from error


def _mos(detail: Mapping[str, Any]) -> float | None:
    media = detail.get("media")
    mos = media.get("mos") if isinstance(media, dict) else None
    return float(mos) if isinstance(mos, (int, float)) else None


def _unpacked(seq: int, data: object) -> dict[str, Any]:
    try:
        detail = unpack(data) if isinstance(data, bytes) else None
    except (ValueError, zlib.error) as error:
        raise AlteredRowError("result_detail", seq) from error
    if not isinstance(detail, dict):
        raise AlteredRowError("result_detail", seq)
    return detail


def message(entry: Entry, language: Language) -> str:
    """The sentence for an entry without its detail: never played, or erased."""
    outcome = Outcome(
        verdict=entry.verdict,
        stage=entry.stage,
        reason=entry.reason,
        owner=entry.owner,
        detail="",
        accessibility=entry.accessibility,
        availability=entry.availability,
        timings=timings_of(entry.figures),
        steps=(),
    )
    return sentence(outcome, language)


def of_days(start: datetime, end: datetime) -> list[ColumnElement[bool]]:
    """The condition of ``on_day``, for an index on the time at which entries began."""
    day = func.coalesce(RESULT.c.slot_ms, _AT)
    near = (to_ms(start - BEFORE_SLOT) <= _AT, to_ms(end + AFTER_SLOT) > _AT)
    return [*near, day >= to_ms(start), day < to_ms(end)]


def same(column: ColumnElement[Any], value: str | None) -> ColumnElement[bool]:
    """Equal, also when both are null; in the form that both databases have an index for."""
    return column.is_(None) if value is None else column == value


def _conditions(asked: Filter) -> list[ColumnElement[bool]]:
    leading = {name: beside_index(RESULT.c[name]) for name in ("service", "skill", "channel")}
    columns = {**{name: RESULT.c[name] for name in ("probe", "owner", "verdict", "state", "trigger")}, **leading}
    found = [column == str(value) for name, column in columns.items() if (value := getattr(asked, name)) is not None]
    if asked.since is not None:
        found.append(to_ms(asked.since) <= _AT)
    if asked.until is not None:
        found.append(to_ms(asked.until) > _AT)
    if asked.state is RunState.LOST:
        found.append(literal_column(LOST))
    elif asked.verdict not in (None, Verdict.PASS) or asked.owner or asked.state is RunState.MISSED:
        found.append(literal_column(TROUBLE))
    return found


class beside_index(FunctionElement[Any]):  # noqa: N801 - used like a function of SQL
    """A column that SQLite shall not choose an index by.

    It has no statistics and takes an equation for rare: it would sort a whole service to find its last 50 entries.
    """

    inherit_cache = True


@compiles(beside_index)
def _plain(element: beside_index, compiler: SQLCompiler, **how: Any) -> str:
    return compiler.process(element.clauses, **how)


@compiles(beside_index, "sqlite")
def _without_index(element: beside_index, compiler: SQLCompiler, **how: Any) -> str:
    return f"+{compiler.process(element.clauses, **how)}"
