"""Alembic's environment: runs on the connection that ``storage.migrate`` hands over, inside its transaction.

For developers: ``alembic -x url=sqlite:///scratch.db revision --autogenerate --rev-id 0003 -m "what changes"``.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, create_engine

from storage.migrate import METADATA


def run(connection: Connection) -> None:
    """Every step that is missing."""
    context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


if (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    with create_engine(context.get_x_argument(as_dictionary=True)["url"]).begin() as opened:
        run(opened)
