"""Two services on one record, SQLite and PostgreSQL: no slot twice, none lost, one test per target at a time."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from pathlib import Path

from scheduler.books import unaccounted
from storage.database import Database
from storage.plans import Plans
from storage.results import Filter, Results
from storage.runs import Runs
from storage.values import RunState
from tests.scheduler.process import STAMP, Settings, overlaps, start, stop

LOAD_S = 20.0
SKILLS = 25


def test_two_services_share_the_slots(database_url: str, tmp_path: Path) -> None:
    settings = Settings(
        url=database_url,
        evidence=str(tmp_path / "evidence"),
        log=str(tmp_path / "log"),
        probes={f"p-{index}": 1.0 + index % 2 for index in range(40)},
        skills=SKILLS,
        play_s=0.05,
    )
    Database(database_url).close()
    services = [start(settings) for _ in range(2)]
    try:
        time.sleep(LOAD_S)
        for service in services:
            stop(service)
    finally:
        for service in services:
            service.kill()

    database = Database(database_url)
    entries = Results(database, tmp_path / "evidence").page(Filter(), None, 100_000, newest_first=False)
    slots = Counter((entry.probe, entry.slot) for entry in entries)
    assert max(slots.values()) == 1, "a slot happened twice"
    assert overlaps(tmp_path / "log") == [], "two tests of one skill at once"
    begun = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    played = Counter(line["run"] for line in begun if line["what"] == "begin")
    assert set(played) == {entry.run_id for entry in entries if entry.state is RunState.DONE}
    assert max(played.values()) == 1
    assert not [entry for entry in entries if entry.state is RunState.LOST]
    plans = {plan.name: plan.plan for plan in settings.plans()}
    waiting = {(run.planned.probe, run.planned.slot) for run in Runs(database, STAMP, tmp_path).live()}
    rows_of = defaultdict[str | None, set[datetime]](set)
    for probe, slot in slots.keys() | waiting:
        rows_of[probe] |= {slot} if slot else set()
    for book in Plans(database).all():
        rows = rows_of[book.probe]
        assert book.until > book.since + timedelta(seconds=LOAD_S / 4)
        assert unaccounted(plans[book.probe], book.since, book.until, rows) == []
    database.close()
    assert len({line["process"] for line in begun}) == 2, "both did their share"
