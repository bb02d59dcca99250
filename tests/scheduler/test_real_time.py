"""A real process whose wall clock is set, or which is stopped: each slot once, and what it missed comes first."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.books import unaccounted
from storage.database import Database
from storage.journal import Journal
from storage.plans import Plans
from storage.results import Filter, Results
from storage.runs import Runs
from storage.values import Cause, Entry, RunState
from tests.farends.faketime import WallClock
from tests.scheduler.process import STAMP, Settings, start, stop

QUICK, SLOW = "cepat", "lambat"
PATIENCE_S = 90.0


class Service:
    """The process and its record."""

    def __init__(self, folder: Path, wall: WallClock) -> None:
        self.wall = wall
        self.ahead = timedelta()
        self.settings = Settings(
            url=f"sqlite:///{folder}/siaga.db",
            evidence=str(folder / "evidence"),
            log=str(folder / "log"),
            probes={QUICK: 2.0, SLOW: 120.0},
        )
        self.database = Database(self.settings.url)
        self.results = Results(self.database, folder / "evidence")

    def start(self) -> None:
        self.process = start(self.settings, **self.wall.environment)

    def set_ahead(self, ahead: timedelta) -> datetime:
        """Set the wall clock; returns what it says then."""
        self.ahead = ahead
        self.wall.set_by(ahead.total_seconds())
        return datetime.now(UTC) + ahead

    def entries(self) -> list[Entry]:
        """All of them, as they were entered."""
        found = self.results.page(Filter(), None, 100_000, newest_first=False)
        return sorted(found, key=lambda entry: entry.seq)

    def until_played(self, count: int, after: datetime = datetime(2000, 1, 1, tzinfo=UTC), probe: str = QUICK) -> None:
        """Returns when so many runs of a probe began later than an instant of its wall clock, and ended."""
        wait(lambda: len([e for e in self.entries() if done(e, probe) and e.at > after]) >= count)

    def prove_accounts(self) -> None:
        """Each slot once, and each slot that the books call accounted for has its row."""
        entries = self.entries()
        slots = [(entry.probe, entry.slot) for entry in entries]
        assert len(slots) == len(set(slots)), "a slot happened twice"
        plans = {plan.name: plan.plan for plan in self.settings.plans()}
        known = Plans(self.database).all()
        waiting = Runs(self.database, STAMP, Path(self.settings.evidence)).live()
        assert {book.probe for book in known} == set(plans)
        for book in known:
            rows = {entry.slot for entry in entries if entry.probe == book.probe and entry.slot}
            rows |= {run.planned.slot for run in waiting if run.planned.probe == book.probe and run.planned.slot}
            assert unaccounted(plans[book.probe], book.since, book.until, rows) == []
            if rows:
                first, last = min(rows), max(rows)
                assert first > book.since - timedelta(seconds=plans[book.probe].every_s)
                assert rows <= set(plans[book.probe].slots(first, last + timedelta(seconds=1)))


def done(entry: Entry, probe: str) -> bool:
    return entry.probe == probe and entry.state is RunState.DONE


def wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S:.0f} s"
        time.sleep(0.2)


@pytest.fixture
def service(tmp_path: Path, wall_clock: WallClock) -> Iterator[Service]:
    made = Service(tmp_path, wall_clock)
    yield made
    if made.process.poll() is None:
        made.process.send_signal(signal.SIGCONT)
        stop(made.process)
    made.database.close()


def assert_gap(service: Service, begin: datetime, end: datetime) -> None:
    """All that was due in between is there as ``missed: down``, entered before anything that began later."""
    service.prove_accounts()
    entries = service.entries()
    margin = timedelta(seconds=15)  # since its last beat, and until it noticed; on a busy machine
    for plan in service.settings.plans():
        due = plan.dues(begin + margin, end - margin)
        rows = {entry.slot: entry for entry in entries if entry.probe == plan.name}
        assert {rows[one.slot].cause for one in due} == {Cause.DOWN}
        assert len(due) >= (end - begin) / plan.every * 0.75
    gap = [e.seq for e in entries if e.cause is Cause.DOWN and begin + margin < e.at < end - margin]
    later = [e.seq for e in entries if e.state is RunState.DONE and e.at >= end - margin]
    assert max(gap) < min(later), "something new began before the gap was entered"


def test_a_clock_set_forward_by_an_hour(service: Service) -> None:
    service.start()
    service.until_played(2)
    begin = datetime.now(UTC)
    end = service.set_ahead(timedelta(hours=1))
    service.until_played(3, after=end)
    stop(service.process)
    assert_gap(service, begin, end)
    [note] = Journal(service.database).read("clock")
    assert note.body["lived_s"] < 30


def test_a_clock_set_back_by_an_hour_and_right_again(service: Service) -> None:
    service.start()
    service.until_played(2)
    service.set_ahead(timedelta(hours=-1))
    wait(lambda: len(Journal(service.database).read("clock")) == 1)
    before = len(service.entries())
    time.sleep(6)  # three slots of the quick one, had it started anew
    assert len(service.entries()) <= before + 1
    end = service.set_ahead(timedelta())
    service.until_played(3, after=end)
    stop(service.process)
    service.prove_accounts()


def test_a_process_stopped_for_ten_minutes(service: Service) -> None:
    service.start()
    service.until_played(2)
    begin = datetime.now(UTC)
    service.process.send_signal(signal.SIGSTOP)
    time.sleep(1)
    end = service.set_ahead(timedelta(minutes=10))
    service.process.send_signal(signal.SIGCONT)
    service.until_played(3, after=end)
    stop(service.process)
    assert_gap(service, begin, end)


def test_killed_and_started_an_hour_later(service: Service) -> None:
    service.start()
    service.until_played(2)
    begin = datetime.now(UTC)
    stop(service.process, signal.SIGKILL)
    end = service.set_ahead(timedelta(hours=1))
    service.start()
    service.until_played(3, after=end)
    stop(service.process)
    assert_gap(service, begin, end)


def test_from_five_past_eight_to_twenty_to_twelve_seven_half_hours_are_missed(service: Service) -> None:
    zone = service.settings.plans()[0].plan.times.zone
    morning = datetime(2026, 11, 20, tzinfo=zone)

    def at(hour: int, minute: int, second: int = 0) -> datetime:
        moment = morning.replace(hour=hour, minute=minute, second=second)
        return service.set_ahead(moment - datetime.now(UTC))

    names = ["ivr", "wa"]
    service.settings = replace(service.settings, probes=dict.fromkeys(names, 1800.0), spread=0.0)
    at(7, 50)
    service.start()
    at(7, 59, 57)
    for name in names:
        service.until_played(1, probe=name)
    at(8, 0, 29)  # a step that no one calls a gap
    stop(service.process)
    at(11, 40)
    service.start()
    at(11, 59, 58)
    for name in names:
        service.until_played(2, probe=name)
    stop(service.process)
    service.prove_accounts()
    entries = service.entries()
    for name in names:
        mine = [entry for entry in entries if entry.probe == name and entry.slot]
        assert [(f"{e.slot.astimezone(zone):%H:%M}", e.cause) for e in mine if e.slot] == [
            ("08:00", None),
            *[(time_, Cause.DOWN) for time_ in ("08:30", "09:00", "09:30", "10:00", "10:30", "11:00", "11:30")],
            ("12:00", None),
        ]
