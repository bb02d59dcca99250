"""How quick the record is when it is full: ``.venv/bin/python -m benchmarks.volume URL [-n 1000000] [--reuse]``.

Fills an empty database (``sqlite:////big/siaga.db`` or ``postgresql://…``) with two years of half-hours of as many
probes as it takes, chained as the product does it, then asks what people ask. Prints one line per question, with the
slowest of three answers and the first one, and bytes per result. Ends with 1 when a limit is passed. ``--reuse``: it is
filled already. On a busy machine look at our own CPU time: of SQLite it is all there is.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.volume_rows import FIRST, Maker
from benchmarks.volume_tables import fill, size_bytes
from probe.reasons import Owner, Verdict
from storage.chain import RESULT
from storage.database import Database
from storage.figures import by_line
from storage.maintenance import Window, inside
from storage.monthly import figures
from storage.results import Cursor, Filter, Results
from storage.values import RunState, from_ms

DAY = timedelta(days=1)
ROUNDS = 3


@dataclass(frozen=True)
class Question:
    """Something people ask, and how long they may wait."""

    name: str
    limit_s: float
    ask: Callable[[], object]


def questions(database: Database) -> list[Question]:
    """Of the log, the report and the month, in the middle of the record: nothing of it was read just before."""
    results = Results(database, Path("evidence"))
    with database.read() as connection:
        last = from_ms(connection.execute(select(func.max(RESULT.c.at_ms))).scalar_one())
    middle = (FIRST + (last - FIRST) / 2).replace(hour=17, minute=0, second=0, microsecond=0)
    month = (middle.replace(day=1), (middle.replace(day=1) + 32 * DAY).replace(day=1))
    probe = Maker.name_of(0)
    deep = results.page(Filter(probe=probe, until=middle), limit=1)[0]
    mended = [Window(target="inbound", from_=month[0] + DAY, to=month[0] + 2 * DAY, reason="x")]
    week = Filter(probe=probe, since=middle - 7 * DAY, until=middle)
    pages = {
        "log of a probe, newest 50": Filter(probe=probe),
        "log of a probe, a week": week,
        "log, newest 50": Filter(),
        "log of failures, newest 50": Filter(verdict=Verdict.FAIL),
        "log of a service's failures for a team leader": Filter(service="inbound", owner=Owner.TEAM_LEADER),
        "log of a probe's inconclusive ones": Filter(probe=probe, verdict=Verdict.INCONCLUSIVE),
        "log of what was lost (none)": Filter(state=RunState.LOST),
        "log of a probe's lost ones (none)": Filter(probe=probe, state=RunState.LOST),
        "log of a skill": Filter(service="digital", skill="skill-2"),
        "log of command-line tests (none)": Filter(trigger="cli", since=middle - 7 * DAY, until=middle),
    }
    asked = [Question(name, 0.5, lambda f=wanted: results.page(f)) for name, wanted in pages.items()]  # type: ignore[misc]
    return [
        *asked,
        Question("log of a probe, page at its middle", 0.5, lambda: results.page(week, Cursor.of(deep))),
        Question("one run by its id", 0.5, lambda: results.entry(deep.run_id)),
        Question("an agent's hour", 0.5, lambda: results.agent_held_ms("inbound", "skill-0", last - DAY / 24)),
        Question("day, one service", 2.0, lambda: results.on_day(middle, middle + DAY, "inbound")),
        Question("day, all, with figures", 2.0, lambda: by_line(results.on_day(middle, middle + DAY), inside(mended))),
        Question("month, all lines", 2.0, lambda: figures(database, *month)),
        Question("month, all lines, maintenance", 2.0, lambda: figures(database, *month, mended)),
    ]


def main() -> int:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("-n", type=int, default=1_000_000, help="results")
    parser.add_argument("--probes", type=int, default=0, help="so many, however short the time; 600 for 21 M")
    parser.add_argument("--reuse", action="store_true", help="the database is filled already")
    given = parser.parse_args()
    database = Database(given.url)
    try:
        if not given.reuse:
            began = time.perf_counter()
            rows = fill(database, given.n, given.probes)
            took_s = time.perf_counter() - began
            _say(f"filled with {rows:,} results in {took_s:.0f} s ({rows / took_s:,.0f} a second, indexes included)")
        _sizes(database)
        late = [question.name for question in questions(database) if _measure(question)]
        return int(bool(late))
    finally:
        database.close()


def _measure(question: Question) -> bool:
    times_s: list[float] = []
    answer: object = None
    began_cpu = time.process_time()
    for _ in range(ROUNDS):
        began = time.perf_counter()
        answer = question.ask()
        times_s.append(time.perf_counter() - began)
    cpu_s = (time.process_time() - began_cpu) / ROUNDS
    late = max(times_s) > question.limit_s
    count = f"{len(answer):,} lines" if isinstance(answer, list | dict) else ""
    mark = "  OVER" if late else ""
    took = f"{max(times_s):7.3f} s (first {times_s[0]:.3f}, limit {question.limit_s}) CPU {cpu_s:.3f} s"
    _say(f"{question.name:48} {took}  {count}{mark}")
    return late


def _sizes(database: Database) -> None:
    with database.read() as connection:
        rows = connection.execute(select(func.count()).select_from(RESULT)).scalar_one()
        sizes = size_bytes(connection)
    for name, size in sizes.items():
        _say(f"{name:48} {size / 1e6:10,.1f} MB {size / rows:8.1f} bytes per result")
    _say(f"{'in all':48} {sum(sizes.values()) / 1e6:10,.1f} MB {sum(sizes.values()) / rows:8.1f} bytes per result")
    _say(f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ} {rows:,} results, {database.name}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
