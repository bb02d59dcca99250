"""The figures of a big span, counted by the database: a month of 21 million results in less than two seconds.

The database only groups and counts, line by line along one index (a GROUP BY over all lines sorts a million rows). The
rule of accounting and the percentile stay those of ``storage.figures``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    not_,
    or_,
    select,
)

from probe.reasons import Judged, Verdict
from storage.chain import RESULT
from storage.database import Database
from storage.figures import Account, Line, Seen, in_order, summed
from storage.maintenance import Window
from storage.results import of_days, same
from storage.values import Cause, RunState, to_ms

_SEEN: Final = ("trigger", "mode", "state", "cause", "verdict", "accessibility", "availability")

_USUAL: Final = Seen("schedule", "normal", RunState.DONE, None, Verdict.PASS, Judged.OK, Judged.OK, left_out=False)


def figures(database: Database, start: datetime, end: datetime, windows: Iterable[Window] = ()) -> dict[Line, Account]:
    """The account of each line in ``[start, end)``: what ``by_line(on_day(start, end), inside(windows))`` gives."""
    kept = tuple(windows)
    with database.read() as connection:
        found = {line: list(_groups(connection, line, start, end, kept)) for line in in_order(_lines(connection))}
    return {line: summed(groups) for line, groups in found.items() if groups}


def _lines(connection: Connection) -> list[Line]:
    """Every line there ever was: a few steps down the index, where DISTINCT would read all of it."""
    service, channel, skill = RESULT.c.service, RESULT.c.channel, RESULT.c.skill
    return [
        Line(a, b, c)
        for a in _distinct(connection, service, [])
        for b in _distinct(connection, channel, [same(service, a)])
        if b is not None
        for c in _distinct(connection, skill, [same(service, a), channel == b])
    ]


def _distinct(
    connection: Connection, column: Column[Any], where: Sequence[ColumnElement[bool]]
) -> Iterator[str | None]:
    values = select(column).where(column.is_not(None), *where).order_by(column).limit(1)
    value = connection.execute(values).scalar_one_or_none()
    while value is not None:
        yield value
        value = connection.execute(values.where(column > value)).scalar_one_or_none()
    if connection.execute(select(column).where(column.is_(None), *where).limit(1)).first() is not None:
        yield None


def _groups(
    connection: Connection, line: Line, start: datetime, end: datetime, windows: Sequence[Window]
) -> Iterator[tuple[Seen, int, list[int]]]:
    """Most entries are passes like each other: counted first, apart, so that only the rest is sorted into groups."""
    left_out = _left_out(line, windows)
    keys = [*(RESULT.c[name] for name in _SEEN), left_out]
    usual = and_(*(RESULT.c[name] == _USUAL._asdict()[name] for name in _SEEN if name != "cause"), left_out == 0)
    found = (func.count(), func.aggregate_strings(cast(RESULT.c.agent_ms, Text), ","))
    mine = (same(RESULT.c.service, line.service), RESULT.c.channel == line.channel, same(RESULT.c.skill, line.skill))
    where = (*mine, *of_days(start, end))
    count, times = connection.execute(select(*found).where(*where, usual)).one()
    if count:
        yield _group((*_USUAL, count, times))
    for row in connection.execute(select(*keys, *found).where(*where, not_(usual)).group_by(*keys)):
        yield _group(tuple(row))


def _group(row: Sequence[Any]) -> tuple[Seen, int, list[int]]:
    trigger, mode, state, cause, verdict, accessibility, availability, left_out, count, times = row
    seen = Seen(
        trigger=trigger,
        mode=mode,
        state=RunState(state),
        cause=Cause(cause) if cause else None,
        verdict=Verdict(verdict),
        accessibility=Judged(accessibility),
        availability=Judged(availability),
        left_out=bool(left_out),
    )
    return seen, count, [int(ms) for ms in times.split(",")] if times and seen.reached else []


def _left_out(line: Line, windows: Sequence[Window]) -> ColumnElement[int]:
    """1 inside a window, else 0. Literal, because PostgreSQL takes two parameters for two different expressions."""
    at = RESULT.c.at_ms
    spans = [
        and_(
            at >= _literal(to_ms(window.from_)),
            at < _literal(to_ms(window.to)),
            *([] if window.target in (line.service, line.channel) else [RESULT.c.probe == _literal(window.target)]),
        )
        for window in windows
    ]
    return case((or_(false(), *spans), _literal(1)), else_=_literal(0))


def _literal(value: int | str) -> ColumnElement[Any]:
    return literal(value, literal_execute=True)
