"""Both kinds of database keep the same promises, and say what to do when they cannot."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from storage import database as database_module
from storage.chain import CHAIN
from storage.database import Database, DatabaseError
from tests.farends import ports
from tests.farends.postgres import PASSWORD, Postgres
from tests.farends.programs import Absent

COUNTER = """
import sys
from storage.chain import CHAIN
from storage.database import Database
database = Database(sys.argv[1])
for _ in range(30):
    with database.write() as connection:
        seen = connection.exec_driver_sql("SELECT seq FROM chain WHERE name = 'journal'").scalar_one()
        connection.exec_driver_sql(f"UPDATE chain SET seq = {seen + 1} WHERE name = 'journal'")
database.close()
"""
HOLDER = """
import sys
from storage.chain import CHAIN
from storage.database import Database
database = Database(sys.argv[1])
with database.write() as connection:
    connection.exec_driver_sql("UPDATE chain SET seq = 7 WHERE name = 'journal'")
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def own_server() -> Iterator[Postgres]:
    """A server that a test may stop, beside the one that all share."""
    try:
        server = Postgres()
    except Absent as absent:
        pytest.skip(str(absent))
    with server:
        yield server


def seq(database: Database) -> int:
    with database.read() as view:
        return int(view.exec_driver_sql("SELECT seq FROM chain WHERE name = 'journal'").scalar_one())


def set_seq(database: Database, value: int) -> None:
    with database.write() as connection:
        connection.execute(update(CHAIN).where(CHAIN.c.name == "journal").values(seq=value))


def test_read_modify_write_in_four_processes_loses_nothing(database: Database, database_url: str) -> None:
    processes = [subprocess.Popen([sys.executable, "-c", COUNTER, database_url]) for _ in range(4)]
    assert [process.wait(120) for process in processes] == [0] * 4
    assert seq(database) == 120


def test_a_reader_sees_one_moment_while_others_write(database: Database) -> None:
    with database.read() as view:
        before = view.exec_driver_sql("SELECT seq FROM chain WHERE name = 'journal'").scalar_one()
        set_seq(database, 5)
        assert view.exec_driver_sql("SELECT seq FROM chain WHERE name = 'journal'").scalar_one() == before == 0
    assert seq(database) == 5


def test_what_breaks_a_rule_of_the_tables_stays_the_callers_business(database: Database) -> None:
    def write_twice() -> None:
        with database.write() as connection:
            connection.exec_driver_sql("UPDATE chain SET seq = 9")
            connection.exec_driver_sql("INSERT INTO chain SELECT * FROM chain WHERE name = 'journal'")

    with pytest.raises(IntegrityError):
        write_twice()
    assert seq(database) == 0


def test_threads_share_a_database(database: Database) -> None:
    def add() -> None:
        for _ in range(10):
            with database.write() as connection:
                connection.exec_driver_sql("UPDATE chain SET seq = seq + 1 WHERE name = 'journal'")

    threads = [threading.Thread(target=add) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seq(database) == 120


def test_a_writer_that_waits_too_long_is_told(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "PATIENCE_S", 0.2)
    impatient = Database(database_url)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, database_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(DatabaseError, match=r"cannot be used \(.*(locked|lock timeout).*; check \[storage\] url"):
        set_seq(impatient, 1)
    holder.communicate()
    set_seq(impatient, 1)
    assert seq(impatient) == 1
    impatient.close()


def test_postgresql_ends_a_writer_that_was_stopped_half_way(
    postgres: Postgres,
) -> None:
    url = postgres.database()
    database = Database(url)
    quick = HOLDER.replace("database = D", "import storage.database as d; d.PATIENCE_S = 0.5; database = D")
    holder = subprocess.Popen(
        [sys.executable, "-c", quick, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=-1, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    os.kill(holder.pid, signal.SIGSTOP)
    set_seq(database, 1)
    assert seq(database) == 1
    os.kill(holder.pid, signal.SIGCONT)
    _, told = holder.communicate()
    assert "DatabaseError" in told
    assert seq(database) == 1, "nothing of the stopped writer's transaction is left"
    database.close()
    postgres.drop(url)


@pytest.mark.parametrize("kindly", [True, False])
def test_a_server_that_restarts_is_found_again(own_server: Postgres, *, kindly: bool) -> None:
    database = Database(own_server.database("template0"))
    set_seq(database, 1)
    own_server.stop(kindly=kindly)
    for use in (seq, lambda database: set_seq(database, 2)):
        with pytest.raises(
            DatabaseError, match=r"cannot be used \(.*; check \[storage\] url, and that the server runs"
        ):
            use(database)
    own_server.start()
    assert seq(database) == 1
    set_seq(database, 2)
    assert seq(database) == 2
    database.close()


def test_a_server_that_restarted_while_nobody_asked_is_not_noticed(own_server: Postgres) -> None:
    database = Database(own_server.database())
    set_seq(database, 1)
    own_server.stop()
    own_server.start()
    assert seq(database) == 1
    database.close()


def test_a_server_that_dies_inside_a_transaction_leaves_nothing_of_it(own_server: Postgres) -> None:
    database = Database(own_server.database())

    def write_over_a_crash() -> None:
        with database.write() as connection:
            connection.exec_driver_sql("UPDATE chain SET seq = 3 WHERE name = 'journal'")
            own_server.stop(kindly=False)
            own_server.start()

    with pytest.raises(DatabaseError, match="cannot be used"):
        write_over_a_crash()
    assert seq(database) == 0
    database.close()


def told(url: str) -> str:
    """The whole chain of errors that opening ends in, as a log would have it."""
    with pytest.raises(DatabaseError) as caught:
        Database(url)
    return "".join(traceback.format_exception(caught.value))


def test_a_password_is_never_shown(postgres: Postgres) -> None:
    address = f"127.0.0.1:{postgres.port}"
    texts = [
        told(f"postgresql://siaga:{PASSWORD}@127.0.0.1:{ports.free()}/siaga"),
        told(f"postgresql://siaga:{PASSWORD}@{address}/no-such-database"),
        told(f"postgresql://siaga:{PASSWORD}-wrong@{address}/postgres"),
        told(f"postgresql://siaga:{PASSWORD}@{address}/postgres?no_such_option=1"),
        told(f"postgresql://siaga:{PASSWORD}@127.0.0.1:port/postgres"),
        told(f"postgresql://siaga@{address}/no-such-database?password={PASSWORD}"),
        told(f"postgres ql://siaga:{PASSWORD}@{address}/postgres"),
    ]
    for text in texts:
        assert "storage.database.DatabaseError: " in text
        assert PASSWORD not in text
    assert f"postgresql://{address}/no-such-database cannot be used" in texts[1]
    assert "password authentication failed" in texts[2]


def test_a_database_that_cannot_hold_every_word_is_refused(postgres: Postgres) -> None:
    url = postgres.database(encoding="SQL_ASCII")
    with pytest.raises(DatabaseError, match=r"its encoding is SQL_ASCII; create it anew with ENCODING 'UTF8'"):
        Database(url)
    postgres.drop(url)


def test_a_user_who_may_not_make_tables_is_told(postgres: Postgres) -> None:
    url = postgres.database()
    postgres.sql(f"CREATE ROLE tamu LOGIN PASSWORD '{PASSWORD}'")
    with pytest.raises(DatabaseError, match=r"permission denied for schema public.*check \[storage\] url"):
        Database(url.replace("siaga:", "tamu:"))
    postgres.drop(url)
    postgres.sql("DROP ROLE tamu")
