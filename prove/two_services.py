"""Point 2, second half: two services on one record for two hours of load, scaled to four minutes, on both databases."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from prove.campaign import Campaign, Result, Room
from scheduler.books import unaccounted
from storage.database import Database
from storage.plans import Plans
from storage.results import Filter, Results
from storage.runs import Runs
from storage.values import Entry, RunState
from tests.farends.postgres import Postgres
from tests.scheduler.process import STAMP, Settings, overlaps, start, stop

PROBES = 200
EVERY_S = 10.0
"""Five minutes, 30 times as fast."""
LASTS_S = 240.0
SKILLS = 120
"""Some skills are tested by two probes: they wait for each other."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the record and the log of the runs say afterwards."""

    entries: list[Entry]
    waiting: int
    lacking: int
    twice: int
    together: int
    played_twice: int
    shares: list[int]


def run(room: Room) -> Result:
    """Both kinds of database, one after the other."""
    result = Result()
    folder = room.scratch("sqlite")
    _tell(result, "SQLite", _load(f"sqlite:///{folder}/siaga.db", folder))
    with Postgres(durable=True) as server:
        _tell(result, "PostgreSQL", _load(server.database(), room.scratch("postgresql")))
    return result


def _load(url: str, folder: Path) -> Found:
    settings = Settings(
        url=url,
        evidence=str(folder / "evidence"),
        log=str(folder / "log"),
        probes={f"p-{index}": EVERY_S for index in range(PROBES)},
        skills=SKILLS,
        play_s=0.3,
    )
    Database(url).close()
    services = [start(settings) for _ in range(2)]
    try:
        time.sleep(LASTS_S)
        for service in services:
            stop(service)
    finally:
        for service in services:
            service.kill()
    return _look(settings, folder)


def _look(settings: Settings, folder: Path) -> Found:
    database = Database(settings.url)
    entries = Results(database, folder / "evidence").page(Filter(), None, 1_000_000, newest_first=False)
    waiting = Runs(database, STAMP, folder / "evidence").live()
    rows = Counter((entry.probe, entry.slot) for entry in entries)
    of_probe = defaultdict[str | None, set[datetime]](set)
    for probe, slot in rows.keys() | {(run.planned.probe, run.planned.slot) for run in waiting}:
        of_probe[probe] |= {slot} if slot else set()
    plans = {plan.name: plan.plan for plan in settings.plans()}
    lacking = sum(
        len(unaccounted(plans[book.probe], book.since, book.until, of_probe[book.probe]))
        for book in Plans(database).all()
    )
    database.close()
    begun = [json.loads(line) for line in (folder / "log").read_text().splitlines() if '"begin"' in line]
    return Found(
        entries=entries,
        waiting=len(waiting),
        lacking=lacking,
        twice=sum(count - 1 for count in rows.values()),
        together=len(overlaps(folder / "log")),
        played_twice=sum(count - 1 for count in Counter(line["run"] for line in begun).values()),
        shares=sorted(Counter(line["process"] for line in begun).values()),
    )


def _tell(result: Result, kind: str, found: Found) -> None:
    states = Counter(entry.cause or entry.state for entry in found.entries)
    least = PROBES * (LASTS_S / EVERY_S - 1)
    shares = " and ".join(map(str, found.shares))
    result.add(f"{kind}: rows", f"at least {least:.0f}", str(len(found.entries)), len(found.entries) >= least)
    result.add(f"{kind}: slots twice", "0", str(found.twice + found.played_twice), not found.twice + found.played_twice)
    result.add(f"{kind}: slots without a row", "0", str(found.lacking), not found.lacking)
    result.add(f"{kind}: two tests of one skill at once", "0", str(found.together), not found.together)
    lost = states[RunState.LOST]
    result.add(f"{kind}: lost", "0", str(lost), not lost)
    result.add(f"{kind}: played by each service", "both", shares, len(found.shares) == 2)
    result.notes.append(
        f"{kind}: {', '.join(f'{count} {state.value}' for state, count in states.most_common())}; "
        f"{found.waiting} still queued when both had ended."
    )


CAMPAIGN = Campaign(
    "two_services",
    2,
    f"Two services on one database, two hours of load ({PROBES} probes of every five minutes, 30 times as fast): "
    "no slot twice, none lost, never two tests of one skill at once.",
    run,
)
