"""The figures of a day or a month against an independent recount: pandas over the raw rows, in local time."""

from __future__ import annotations

import math
from calendar import monthrange
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from probe.reasons import Verdict
from storage.chain import RESULT
from storage.database import Database
from storage.figures import Account, Line, by_line
from storage.maintenance import Window, inside
from storage.monthly import figures
from storage.results import Results
from storage.values import Cause
from tests.storage.entries import keep
from tests.storage.random_entries import FIRST, SPAN, rows, windows

ZONES = ["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Europe/Berlin", "America/New_York"]
DAYS = [FIRST.date() + timedelta(days=n) for n in range(SPAN.days)]
VERDICTS = ("pass", "degraded", "fail", "inconclusive")


@contextmanager
def _holding(database: Database, made: list[dict[str, Any]]) -> Iterator[None]:
    keep(database, made)
    try:
        yield
    finally:
        with database.write() as connection:
            connection.execute(delete(RESULT))


def _plain(found: dict[Line, Account]) -> dict[tuple[object, ...], dict[str, object]]:
    return {
        tuple(line): {
            "planned": a.planned,
            "done": a.done,
            "lost": a.lost,
            "missed": [a.missed[cause] for cause in Cause],
            "verdicts": [a.verdicts[Verdict(v)] for v in VERDICTS],
            "accessibility": (a.accessibility.ok, a.accessibility.judged),
            "availability": (a.availability.ok, a.availability.judged),
            "to_agent": (a.to_agent, a.median_ms, a.p90_ms),
            "apart": sum(a.apart.values()),
            "left_out": a.left_out,
        }
        for line, a in found.items()
    }


def _recount(made: list[dict[str, Any]], maintained: list[Window], zone: str, first: date, last: date) -> Any:
    """The same figures, written down a second time by somebody who never saw the first."""
    if not made:
        return {}
    table = pd.DataFrame(made)
    at = pd.to_datetime(table["at_ms"], unit="ms", utc=True)
    slot = pd.to_datetime(table["slot_ms"].astype("Int64"), unit="ms", utc=True)
    day = slot.fillna(at).dt.tz_convert(zone).dt.date
    table["mended"] = False
    for window in maintained:
        named = table[["probe", "service", "channel"]].eq(window.target).any(axis=1)
        table["mended"] |= named & (at >= window.from_) & (at < window.to)
    table = table[(day >= first) & (day <= last)]
    lines = table.assign(**{name: table[name].fillna("") for name in ("service", "skill")})
    return {
        tuple(name or None for name in line): _figures(part)
        for line, part in lines.groupby(["service", "channel", "skill"])
    }


def _figures(part: Any) -> dict[str, object]:
    plan = part[part.trigger == "schedule"]
    done = plan[plan.state == "done"]
    fair = done[~done.mended]
    normal = fair[fair["mode"] == "normal"]
    times = normal[normal.availability == "ok"].agent_ms.dropna().sort_values().tolist()
    return {
        "planned": len(plan),
        "done": len(done),
        "lost": int((plan.state == "lost").sum()),
        "missed": [int((plan.cause == cause.value).sum()) for cause in Cause],
        "verdicts": [int((done.verdict == verdict).sum()) for verdict in VERDICTS],
        "accessibility": (int((fair.accessibility == "ok").sum()), int((fair.accessibility != "not_judged").sum())),
        "availability": (int((normal.availability == "ok").sum()), int((normal.availability != "not_judged").sum())),
        "to_agent": (len(times), _rank(times, 0.5), _rank(times, 0.9)),
        "apart": len(part) - len(plan),
        "left_out": int((plan.mended | (plan.cause == "maintenance")).sum()),
    }


def _rank(times: list[float], share: float) -> int | None:
    return int(times[math.ceil(round(share * len(times), 6)) - 1]) if times else None


def _local(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(made=rows(), maintained=windows(), zone=st.sampled_from(ZONES), day=st.sampled_from(DAYS))
def test_a_day_in_any_zone_equals_the_recount(
    database: Database, made: list[dict[str, Any]], maintained: list[Window], zone: str, day: date
) -> None:
    with _holding(database, made):
        start, end = _local(day, zone), _local(day + timedelta(days=1), zone)
        entries = Results(database, Path("/e")).on_day(start, end)
        by_sql = figures(database, start, end, maintained)
    by_python = by_line(entries, inside(maintained))
    assert _plain(by_python) == _recount(made, maintained, zone, day, day)
    assert by_sql == by_python


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(made=rows(), maintained=windows(), zone=st.sampled_from(ZONES), month=st.sampled_from([3, 4]))
def test_a_month_in_any_zone_equals_the_recount(
    database: Database, made: list[dict[str, Any]], maintained: list[Window], zone: str, month: int
) -> None:
    first, last = date(2026, month, 1), date(2026, month, monthrange(2026, month)[1])
    with _holding(database, made):
        by_sql = figures(database, _local(first, zone), _local(last + timedelta(days=1), zone), maintained)
    assert _plain(by_sql) == _recount(made, maintained, zone, first, last)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_the_recount_knows_nearest_ranks_too(share: float) -> None:
    assert [_rank(list(range(1, n + 1)), share) for n in (1, 2, 10)] == [1, *((1, 5) if share == 0.5 else (2, 9))]
