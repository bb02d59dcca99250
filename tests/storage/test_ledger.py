"""The limits of [dial]: hold across processes and crashes, and say when there is room again."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.database import Database, DatabaseError
from storage.ledger import Ledger, LimitReachedError, Limits

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=ZoneInfo("Asia/Jakarta"))
RACER = """
import sys
from datetime import datetime
from zoneinfo import ZoneInfo
from storage.database import Database
from storage.ledger import Ledger, Limits, LimitReachedError
sys.stdin.read()
database = Database(sys.argv[1])
ledger = Ledger(database, Limits(int(sys.argv[2]) or None, int(sys.argv[3]) or None))
got = 0
for n in range(30):
    try:
        ledger.settle(ledger.reserve(f"run-{n}", 60, datetime(2026, 11, 20, 12, tzinfo=ZoneInfo("Asia/Jakarta"))), 60)
        got += 1
    except LimitReachedError:
        pass
database.close()
print(got)
"""


@pytest.fixture
def url(database_url: str) -> str:
    return database_url


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/data/siaga.db")
    yield database
    database.close()


def race(url: str, calls_per_hour: int, minutes_per_day: int) -> int:
    """Calls that four processes get through together."""
    command = [sys.executable, "-c", RACER, url, str(calls_per_hour), str(minutes_per_day)]
    racers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.close()
        racer.stdin = None
    outputs = [racer.communicate(timeout=60)[0] for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * 4
    return sum(map(int, outputs))


def test_four_processes_together_never_pass_the_hourly_limit(url: str) -> None:
    assert race(url, 50, 0) == 50


def test_four_processes_together_never_pass_the_daily_limit(url: str) -> None:
    assert race(url, 0, 40) == 40


def test_without_limits_every_call_is_entered_even_when_four_processes_open_a_new_database(url: str) -> None:
    assert race(url, 0, 0) == 120


def test_the_hour_is_a_sliding_one_and_the_refusal_says_when_it_ends(database: Database) -> None:
    ledger = Ledger(database, Limits(calls_per_hour=2))
    ledger.reserve("a", 60, NOON)
    ledger.reserve("b", 60, NOON + timedelta(minutes=30))
    with pytest.raises(
        LimitReachedError, match=r"max_calls_per_hour = 2 is used up; the next call may start at 13:00:00"
    ):
        ledger.reserve("c", 60, NOON + timedelta(minutes=59))
    ledger.reserve("c", 60, NOON + timedelta(minutes=60))


def test_a_call_that_may_pass_the_daily_limit_is_not_begun(database: Database) -> None:
    ledger = Ledger(database, Limits(minutes_per_day=20))
    ledger.settle(ledger.reserve("a", 900, NOON), 300)
    with pytest.raises(LimitReachedError, match=r"max_minutes_per_day = 20: 5.0 min are used today.*15.1 min"):
        ledger.reserve("b", 906, NOON)
    ledger.reserve("b", 900, NOON)


def test_the_day_is_the_centre_s_day(database: Database) -> None:
    ledger = Ledger(database, Limits(minutes_per_day=10))
    ledger.reserve("a", 600, NOON.replace(hour=23, minute=59))
    with pytest.raises(LimitReachedError):
        ledger.reserve("b", 1, NOON.replace(hour=23, minute=59))
    ledger.reserve("b", 600, NOON.replace(hour=0) + timedelta(days=1))


def test_a_call_that_was_never_dialled_counts_for_nothing(database: Database) -> None:
    ledger = Ledger(database, Limits(calls_per_hour=1, minutes_per_day=10))
    ledger.settle(ledger.reserve("a", 600, NOON), 0)
    ledger.reserve("b", 600, NOON)


def test_a_refused_call_leaves_no_entry(database: Database) -> None:
    ledger = Ledger(database, Limits(calls_per_hour=1))
    ledger.reserve("a", 60, NOON)
    for _ in range(3):
        with pytest.raises(LimitReachedError):
            ledger.reserve("b", 60, NOON)
    with database.read() as view:
        assert view.exec_driver_sql("SELECT count(*) FROM dialled_call").scalar_one() == 1


def test_a_naive_instant_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="naive datetime"):
        Ledger(database, Limits()).reserve("a", 60, NOON.replace(tzinfo=None))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    calls=st.lists(st.tuples(st.integers(0, 5400), st.integers(1, 900), st.integers(1, 900)), max_size=25),
    per_hour=st.integers(1, 6),
    per_day=st.integers(1, 60),
)
def test_whatever_happens_no_hour_and_no_day_holds_more_than_allowed(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[int, int, int]], per_hour: int, per_day: int
) -> None:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('ledger')}/siaga.db")
    ledger, now, entered = Ledger(database, Limits(per_hour, per_day)), NOON, list[tuple[datetime, float]]()
    for gap_s, cap_s, used_s in calls:
        now += timedelta(seconds=gap_s)
        try:
            entry = ledger.reserve("run", cap_s, now)
        except LimitReachedError:
            continue
        ledger.settle(entry, min(used_s, cap_s))
        entered.append((now, min(used_s, cap_s)))
    database.close()
    for start, _ in entered:
        assert sum(1 for at, _ in entered if start <= at < start + timedelta(hours=1)) <= per_hour
        assert sum(used for at, used in entered if at.date() == start.date()) <= per_day * 60


def test_the_database_is_private_durable_and_in_wal_mode(file: Database) -> None:
    assert file.path is not None
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert file.path.parent.stat().st_mode & 0o777 == 0o700
    with file.read() as view:
        found = {
            p: view.exec_driver_sql(f"PRAGMA {p}").scalar_one() for p in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_process_killed_in_the_middle_leaves_its_reservation_and_a_sound_database(url: str) -> None:
    code = RACER.replace("got += 1", "got += 1; print(got, flush=True)").replace("range(30)", "range(10**6)")
    process = subprocess.Popen(
        [sys.executable, "-c", code, url, "0", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    acknowledged = 0
    for line in process.stdout:
        acknowledged = int(line)
        if acknowledged == 20:
            process.send_signal(signal.SIGKILL)
    process.stdout.close()
    assert process.wait(10) == -signal.SIGKILL
    database = Database(url)
    with database.read() as view:
        if url.startswith("sqlite"):
            assert view.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        settled = view.exec_driver_sql("SELECT count(*) FROM dialled_call WHERE settled").scalar_one()
    database.close()
    assert settled >= acknowledged >= 20


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://host/name", r"mysql is no database siaga knows; use \[storage\] url"),
        ("sqlite:////proc/nowhere/siaga.db", r"cannot be opened.*check \[storage\] url"),
    ],
)
def test_a_database_that_cannot_be_used_says_what_to_do(url: str, message: str) -> None:
    with pytest.raises(DatabaseError, match=message):
        Database(url)


def test_a_file_that_is_no_database_is_told_and_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "notes.db"
    file.write_text("these are my notes, not a database, and longer than a header " * 20)
    with pytest.raises(DatabaseError, match="file is not a database"):
        Database(f"sqlite:///{file}")
    assert file.read_text().startswith("these are my notes")


def test_a_transaction_that_raises_leaves_no_trace(database: Database) -> None:
    def insert_and_fail() -> None:
        with database.write() as connection:
            connection.exec_driver_sql("INSERT INTO dialled_call VALUES (1, 'x', 1, 1, FALSE)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        insert_and_fail()
    with database.read() as view:
        assert view.exec_driver_sql("SELECT count(*) FROM dialled_call").scalar_one() == 0
