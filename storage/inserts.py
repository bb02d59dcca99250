"""An INSERT that leaves a row alone that is there already; SQLite and PostgreSQL each have their own construct."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert


def insert_new(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """INSERT … ON CONFLICT DO NOTHING; whether the row is new.

    Asked by RETURNING: the row count of such an INSERT is -1 with psycopg, whatever came of it.
    """
    make = pg_insert if connection.dialect.name == "postgresql" else sqlite_insert
    entered = make(table).values(dict(row)).on_conflict_do_nothing().returning(*table.primary_key)
    return connection.execute(entered).one_or_none() is not None
