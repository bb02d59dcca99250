"""SQLite has no statistics: each question must lead it to the right index, or a full record makes people wait."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.schema import CreateIndex, DropIndex

from probe.reasons import Owner, Verdict
from storage.chain import RESULT
from storage.database import Database
from storage.monthly import figures
from storage.results import Cursor, Filter, Results
from storage.values import RunState
from tests.storage.entries import NOON, keep, row

DAY = timedelta(days=1)


@pytest.fixture
def database(migrated_file: Path, tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "siaga.db"
    shutil.copy(migrated_file, path)
    made = Database(f"sqlite:///{path}")
    keep(made, [row(1)])
    yield made
    made.close()


def _plans(database: Database, ask: Callable[[], object]) -> list[str]:
    """How SQLite goes about each statement of a question."""
    said: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            said.append((statement, parameters))

    engine = database._kind.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    with database.read() as connection:
        return [
            "; ".join(
                str(step[3]) for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            )
            for statement, parameters in said
        ]


TIME, TROUBLE = "result_at", "result_trouble"


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({}, TIME),
        ({"since": NOON}, TIME),
        ({"service": "inbound"}, TIME),
        ({"service": "inbound", "skill": "tier-1", "channel": "sip"}, TIME),
        ({"verdict": Verdict.PASS}, TIME),
        ({"verdict": Verdict.FAIL}, TROUBLE),
        ({"owner": Owner.IOC, "service": "inbound"}, TROUBLE),
        ({"state": RunState.MISSED, "since": NOON}, TROUBLE),
        ({"state": RunState.LOST, "since": NOON}, "result_lost"),
        ({"state": RunState.LOST, "verdict": Verdict.INCONCLUSIVE}, "result_lost"),
        ({"probe": "ivr"}, "result_probe_at"),
        ({"probe": "ivr", "service": "inbound", "since": NOON}, "result_probe_at"),
        ({"probe": "ivr", "state": RunState.DONE}, "result_probe_at"),
        ({"probe": "ivr", "owner": Owner.IOC}, "result_probe_trouble"),
        ({"probe": "ivr", "state": RunState.LOST}, "result_probe_lost"),
    ],
)
def test_a_page_walks_along_one_index_and_sorts_nothing(
    database: Database, asked: dict[str, Any], index: str, newest_first: bool
) -> None:
    results = Results(database, Path("/e"))
    for after in (None, Cursor(5, 5)):
        [plan] = _plans(database, lambda: results.page(Filter(**asked), after, newest_first=newest_first))  # noqa: B023
        steps = plan.split("; ")
        assert [step.partition(" (")[0].partition(" result ")[2] for step in steps] == [f"USING INDEX {index}"]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"probe": "ivr"}, "result_probe_at"),
        ({"probe": "ivr", "state": RunState.LOST}, "result_probe_lost"),
    ],
)
def test_an_index_is_chosen_whatever_the_order_in_which_they_were_made(
    database: Database, asked: dict[str, Any], wanted: str
) -> None:
    results = Results(database, Path("/e"))
    plans = set[str]()
    for name in ("result_probe_at", "result_probe_lost", "result_probe_trouble"):
        [index] = [index for index in RESULT.indexes if index.name == name]
        with database.write() as connection:
            connection.execute(DropIndex(index))
            connection.execute(CreateIndex(index))
        plans |= set(_plans(database, lambda: results.page(Filter(**asked))))
    assert [plan.partition(" (")[0] for plan in plans] == [f"SEARCH result USING INDEX {wanted}"]


def test_a_day_and_an_agents_hour_are_found_by_time(database: Database) -> None:
    results = Results(database, Path("/e"))
    plans = _plans(database, lambda: results.on_day(NOON, NOON + DAY, "inbound"))
    plans += _plans(database, lambda: results.agent_held_ms("inbound", "tier-1", NOON))
    assert [plan.partition(" (")[0] for plan in plans] == ["SEARCH result USING INDEX result_at"] * 2


def test_the_figures_of_a_month_are_read_from_one_index_alone(database: Database) -> None:
    for plan in _plans(database, lambda: figures(database, NOON - 30 * DAY, NOON + DAY)):
        assert "COVERING INDEX result_line" in plan
