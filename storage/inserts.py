"""An INSERT that leaves a row alone that is there already; SQLite and PostgreSQL each have their own construct."""

from __future__ import annotations

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.postgresql import Insert as PgInsert
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert


def or_nothing(connection: Connection, table: Table) -> PgInsert | SqliteInsert:
    """INSERT … ON CONFLICT DO NOTHING; its ``rowcount`` tells whether the row is new."""
    if connection.dialect.name == "postgresql":
        return pg_insert(table).on_conflict_do_nothing()
    return sqlite_insert(table).on_conflict_do_nothing()
