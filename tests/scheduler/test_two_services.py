"""Two services on one record, SQLite and PostgreSQL: no slot twice, none lost, one test per target at a time."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from scheduler.books import unaccounted
from storage.database import Database
from storage.plans import Plans
from storage.results import Filter, Results
from storage.runs import Runs
from storage.values import RunState
from tests.scheduler.process import STAMP, Settings, overlaps, reload, start, stop

LOAD_S = 20.0
SKILLS = 25
ROLL_S = 6.0


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


def test_a_change_of_the_file_may_roll_through_two_services(database_url: str, tmp_path: Path) -> None:
    """The first by the old file, the second by the new one, then the first reloads."""
    old = {**{f"both-{n}": 1.0 for n in range(5)}, **{f"old-{n}": 1.0 for n in range(5)}}
    new = {**{f"both-{n}": 1.0 for n in range(5)}, **{f"new-{n}": 1.0 for n in range(5)}}
    common = Settings(
        url=database_url, evidence=str(tmp_path / "evidence"), log=str(tmp_path / "log"), probes=old, next_probes=new,
        play_s=0.05,
    )  # fmt: skip
    Database(database_url).close()
    services = [start(common)]
    database = Database(database_url)
    plans = Plans(database)
    try:
        time.sleep(ROLL_S)
        services.append(start(replace(common, probes=new)))
        time.sleep(ROLL_S)
        assert {plan.probe for plan in plans.all()} == old.keys() | new.keys(), "each knows what the other does not"
        reload(services[0])
        assert {plan.probe for plan in plans.all()} == new.keys()
        time.sleep(ROLL_S)
        until = {plan.probe: (plan.since, plan.until) for plan in plans.all()}
        for service in services:
            stop(service)
    finally:
        for service in services:
            service.kill()
    entries = Results(database, tmp_path / "evidence").page(Filter(), None, 100_000, newest_first=False)
    waiting = [run.planned for run in Runs(database, STAMP, tmp_path).live()]
    happened = Counter([(e.probe, e.slot) for e in entries] + [(one.probe, one.slot) for one in waiting])
    assert max(happened.values()) == 1, "a slot happened twice"
    rows_of = defaultdict[str, list[datetime]](list)
    for probe, slot in happened:
        assert probe is not None
        assert slot is not None
        rows_of[probe].append(slot)
    assert rows_of.keys() == old.keys() | new.keys()
    of = {plan.name: plan.plan for settings in (common, replace(common, probes=new)) for plan in settings.plans()}
    for probe, slots in rows_of.items():
        first, last = min(slots), max(slots)
        since, accounted = until.get(probe, (first, last))
        assert unaccounted(of[probe], min(since, first), max(accounted, last), slots) == [], "a slot has no row"
        assert last - first > timedelta(seconds=ROLL_S)
    database.close()
