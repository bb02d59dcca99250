"""Alembic's environment: runs on the connection that is handed over, inside its transaction."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from storage.migrate import METADATA


def run(connection: Connection) -> None:
    """Every step that is missing."""
    context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
