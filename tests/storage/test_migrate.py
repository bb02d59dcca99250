"""Databases of every age come up to date at first use: once, as a whole, with a copy of what was."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect

from storage.chain import ORIGIN
from storage.database import Database, DatabaseError
from storage.migrate import FOLDER, HEAD, METADATA, revision_of

OLD_SQLITE = """
CREATE TABLE dialled_call (
  id INTEGER NOT NULL, run_id VARCHAR NOT NULL, at_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL,
  settled BOOLEAN NOT NULL, PRIMARY KEY (id), CHECK (used_ms >= 0), CHECK (settled IN (0, 1)));
CREATE INDEX ix_dialled_call_at_ms ON dialled_call (at_ms);
INSERT INTO dialled_call VALUES (1, 'lama', 1763625600000, 61000, 1), (2, 'lama-2', 1763625700000, 900000, 0);
"""
"""What `create_all` of version 0.1 made, with two calls in it."""
OPENER = """
import sys
from storage.database import Database
sys.stdin.read()
Database(sys.argv[1]).close()
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"alembic", "psycopg"}))
"""


def old_file(folder: Path) -> Path:
    path = folder / "siaga.db"
    with closing(sqlite3.connect(path)) as old:
        old.executescript(OLD_SQLITE)
    return path


@contextmanager
def plain(url: str) -> Iterator[Connection]:
    """A connection that knows nothing of siaga."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        yield connection
        connection.commit()
    engine.dispose()


def copies(path: Path) -> list[Path]:
    return sorted(p for p in path.parent.iterdir() if re.search(r"\.db-\d{4}-", p.name))


def open_in_processes(url: str, count: int) -> list[str]:
    command = [sys.executable, "-c", OPENER, url]
    openers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(count)
    ]
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.close()
        opener.stdin = None
    outputs = [opener.communicate(timeout=120)[0].strip() for opener in openers]
    assert [opener.returncode for opener in openers] == [0] * count
    return outputs


def test_the_revision_that_opening_looks_for_is_the_newest_there_is() -> None:
    steps = ScriptDirectory(str(FOLDER))
    assert steps.get_heads() == [HEAD]
    assert [Path(step.path).name[1:5] for step in steps.walk_revisions()] == [
        s.revision for s in steps.walk_revisions()
    ]


def test_migrations_end_where_the_models_are(database_url: str) -> None:
    Database(database_url).close()
    with plain(database_url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []
        assert checks_of(connection) == {str(c.name) for t in METADATA.tables.values() for c in named_checks(t)}


def checks_of(connection: Connection) -> set[str]:
    seen = inspect(connection)
    return {str(check["name"]) for table in METADATA.tables for check in seen.get_check_constraints(table)}


def named_checks(table: Any) -> list[Any]:
    return [constraint for constraint in table.constraints if type(constraint).__name__ == "CheckConstraint"]


def test_a_new_database_has_both_chains_at_their_origin_and_nothing_was_copied(
    database_url: str, tmp_path: Path
) -> None:
    database = Database(database_url)
    with database.read() as view:
        assert revision_of(view) == HEAD
        heads = view.exec_driver_sql("SELECT name, seq, hash FROM chain ORDER BY name").all()
    database.close()
    assert [(name, seq, bytes(hash_)) for name, seq, hash_ in heads] == [("journal", 0, ORIGIN), ("result", 0, ORIGIN)]
    assert not [path for path in tmp_path.rglob("*") if "-0" in path.name and path.is_file()]


def test_a_file_of_version_0_1_is_adopted_and_copied_before(tmp_path: Path) -> None:
    path = old_file(tmp_path)
    database = Database(f"sqlite:///{path}")
    with database.read() as view:
        rows = view.exec_driver_sql("SELECT run_id, at_ms, used_ms, settled FROM dialled_call ORDER BY id").all()
        assert revision_of(view) == HEAD
    database.close()
    assert [tuple(row) for row in rows] == [("lama", 1763625600000, 61000, 1), ("lama-2", 1763625700000, 900000, 0)]
    [copy] = copies(path)
    assert re.fullmatch(r"siaga\.db-0000-\d{8}T\d{6}\.\d{6}Z", copy.name)
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as old:
        assert old.execute("SELECT count(*) FROM dialled_call").fetchone() == (2,)
        assert old.execute("SELECT name FROM sqlite_master WHERE name IN ('run', 'alembic_version')").fetchall() == []
    Database(f"sqlite:///{path}").close()
    assert copies(path) == [copy], "nothing to do the second time"


def test_an_adopted_file_has_the_tables_of_a_new_one(tmp_path: Path) -> None:
    old, new = old_file(tmp_path), tmp_path / "new.db"
    schemas = []
    for path in (old, new):
        Database(f"sqlite:///{path}").close()
        with closing(sqlite3.connect(path)) as file:
            rows = file.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()
        # Alembic's batch mode writes the constraints of a table in any order
        schemas.append([(kind, name, sorted(re.findall(r'[^\s",()]+', sql or ""))) for kind, name, sql in rows])
    assert schemas[0] == schemas[1]


def test_a_database_of_the_last_version_keeps_its_rows_and_its_workers_say_nothing_of_their_file(
    database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir(exist_ok=True)
    with plain(database_url) as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(FOLDER))
        command.upgrade(config, "0002")
        connection.exec_driver_sql("INSERT INTO worker (owner, until_ms) VALUES ('host:1:1:0', 1763625600000)")
        connection.exec_driver_sql("INSERT INTO plan VALUES ('ivr', 1, 2)")
    database = Database(database_url)
    with database.read() as view:
        assert revision_of(view) == HEAD
        workers = view.exec_driver_sql("SELECT owner, until_ms, config FROM worker").all()
        plans = view.exec_driver_sql("SELECT probe, since_ms, accounted_ms FROM plan").all()
    path = database.path
    database.close()
    assert [tuple(row) for row in workers] == [("host:1:1:0", 1763625600000, None)]
    assert [tuple(row) for row in plans] == [("ivr", 1, 2)]
    if path is not None:
        assert [re.match(r".*\.db-0002-", copy.name) is not None for copy in copies(path)] == [True]


def test_four_processes_that_meet_an_old_file_migrate_it_once(tmp_path: Path) -> None:
    path = old_file(tmp_path)
    open_in_processes(f"sqlite:///{path}", 4)
    assert len(copies(path)) == 1


def test_a_database_that_is_up_to_date_opens_without_alembic_and_a_file_without_psycopg(database_url: str) -> None:
    Database(database_url).close()
    assert open_in_processes(database_url, 1) == ["psycopg" if database_url.startswith("postgresql") else ""]


def test_a_database_of_a_newer_version_is_refused_and_left_alone(database_url: str) -> None:
    Database(database_url).close()
    with plain(database_url) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9876'")
        before = sorted(inspect(connection).get_table_names())
    with pytest.raises(DatabaseError, match=r"written by a newer siaga \(revision 9876; this one knows .*install that"):
        Database(database_url)
    with plain(database_url) as connection:
        assert sorted(inspect(connection).get_table_names()) == before
        assert revision_of(connection) == "9876"


def test_a_migration_that_fails_half_way_leaves_nothing_behind(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with plain(database_url) as connection:
        connection.exec_driver_sql("CREATE TABLE worker (name VARCHAR)")  # in the way of the last third of step 2
    with pytest.raises(DatabaseError, match=r"worker.*already exists"):
        Database(database_url)
    with plain(database_url) as connection:
        assert inspect(connection).get_table_names() == ["worker"]


def test_without_room_for_the_copy_the_file_stays_as_it_is_and_the_reader_is_told(tmp_path: Path) -> None:
    path = old_file(tmp_path)
    with closing(sqlite3.connect(path)) as old:
        old.executemany("INSERT INTO dialled_call VALUES (NULL, ?, 1, 1, 1)", [(f"{n:0100}",) for n in range(20_000)])
        old.commit()
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({200_000}, {200_000}))\n"
    code = limit + OPENER.replace("sys.stdin.read()", "")
    done = subprocess.run(
        [sys.executable, "-c", code, f"sqlite:///{path}"], capture_output=True, text=True, timeout=60, check=False
    )
    assert "it must be copied before it is brought up to date" in done.stderr
    assert "make room on the disk" in done.stderr
    assert copies(path) == []
    with closing(sqlite3.connect(path)) as old:
        assert old.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall() == [("dialled_call",)]
        assert old.execute("SELECT count(*) FROM dialled_call").fetchone() == (20_002,)


def test_the_folder_of_the_file_may_have_any_name(tmp_path: Path) -> None:
    path = tmp_path / "50 % dari 'semua'" / "siaga.db"
    Database(f"sqlite:///{path}").close()
    assert os.listdir(path.parent) == ["siaga.db"]  # noqa: PTH208 - names are what is asked
