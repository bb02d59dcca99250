"""Fills the tables of the record in bulk: indexes are made afterwards, and nothing is safe meanwhile."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Index, text, update
from sqlalchemy.schema import CreateIndex, DropIndex

from benchmarks.volume_rows import COLUMNS, Maker
from storage.chain import CHAIN
from storage.database import Database
from storage.tables import ResultRow

AT_ONCE: Final = 20_000


def fill(database: Database, count: int, probes: int = 0) -> int:
    """Fill an empty record; returns how many results it has then."""
    maker = Maker(count, probes)
    if database.path is None:
        _fill_postgresql(database, maker)
    else:
        _fill_sqlite(database, maker)
    return maker.seq


def _fill_sqlite(database: Database, maker: Maker) -> None:
    engine = database._kind.engine  # noqa: SLF001 - in bulk, past the promises that the product makes
    marks = ", ".join("?" * len(COLUMNS))
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000", "locking_mode=EXCLUSIVE"):
            raw.execute(f"PRAGMA {pragma}").close()
        _indexes(connection, drop=True)
        raw.execute("BEGIN")
        rows = maker.rows()
        while batch := list(islice(rows, AT_ONCE)):
            raw.executemany(f"INSERT INTO result VALUES ({marks})", [row for row, _ in batch])  # noqa: S608
            details = [(row[0], data) for row, data in batch if data is not None]
            raw.executemany("INSERT INTO result_detail VALUES (?, ?)", details)
        connection.execute(update(CHAIN).where(CHAIN.c.name == "result").values(seq=maker.seq, hash=maker.last))
        _indexes(connection, drop=False)
        raw.execute("COMMIT")
        for pragma in ("locking_mode=NORMAL", "journal_mode=WAL"):
            raw.execute(f"PRAGMA {pragma}").close()
    engine.dispose()


def _fill_postgresql(database: Database, maker: Maker) -> None:
    engine = database._kind.engine  # noqa: SLF001 - as above
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        _indexes(connection, drop=True)
        for name in ("result_run", "result_slot"):
            connection.execute(text(f"ALTER TABLE result DROP CONSTRAINT {name}"))
        rows = maker.rows()
        with raw.cursor() as cursor:
            while batch := list(islice(rows, AT_ONCE)):
                _copy(cursor, "result", [row for row, _ in batch])
                _copy(cursor, "result_detail", [(row[0], data) for row, data in batch if data is not None])
        connection.execute(update(CHAIN).where(CHAIN.c.name == "result").values(seq=maker.seq, hash=maker.last))
        connection.execute(text("SET LOCAL maintenance_work_mem = '400MB'"))
        connection.execute(text("ALTER TABLE result ADD CONSTRAINT result_run UNIQUE (run_id)"))
        connection.execute(text("ALTER TABLE result ADD CONSTRAINT result_slot UNIQUE (probe, slot_ms)"))
        _indexes(connection, drop=False)
        connection.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE result"))
        connection.execute(text("VACUUM ANALYZE result_detail"))
    engine.dispose()


def _copy(cursor: Any, table: str, rows: list[tuple[Any, ...]]) -> None:
    lines = ["\t".join([_plain(value) for value in row]) for row in rows]
    with cursor.copy(f"COPY {table} FROM STDIN") as copy:
        copy.write("\n".join(lines) + "\n")


def _plain(value: object) -> str:
    if value is None:
        return "\\N"
    return f"\\\\x{value.hex()}" if isinstance(value, bytes) else str(value)


def _indexes(connection: Connection, *, drop: bool) -> None:
    # in the order of the migrations: of two that promise the same, SQLite takes the one that was made last
    for index in (one for one in ResultRow.__table_args__ if isinstance(one, Index)):
        connection.execute(DropIndex(index) if drop else CreateIndex(index))


def size_bytes(connection: Connection) -> dict[str, int]:
    """What each table and index takes on the disk, with what belongs to it."""
    if connection.dialect.name == "sqlite":
        # by pages: the sizes that dbstat adds up itself overflow 32 bits
        asked = (
            "SELECT name, SUM(pageno) * (SELECT page_size FROM pragma_page_size) "
            "FROM dbstat WHERE aggregate = TRUE GROUP BY name"
        )
        if not connection.execute(text("SELECT sqlite_compileoption_used('ENABLE_DBSTAT_VTAB')")).scalar_one():
            asked = (
                "SELECT 'file', (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size)"
            )
    else:
        asked = (
            "SELECT relname, pg_relation_size(oid) + COALESCE(pg_relation_size(NULLIF(reltoastrelid, 0)), 0) "
            "FROM pg_class WHERE relkind IN ('r', 'i') AND relname ~ '^(pk_|)result'"
        )
    sizes = {str(name): int(size) for name, size in connection.execute(text(asked))}
    return {name: size for name, size in sorted(sizes.items()) if "result" in name or name == "file"}
