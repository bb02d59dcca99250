"""Indexes of what was lost, so that "none" is an answer of milliseconds in a record of years."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_LOST = sa.text("state = 'lost'")
_INDEXES = {"result_lost": ["at_ms", "seq"], "result_probe_lost": ["probe", "state", "at_ms", "seq"]}


def upgrade() -> None:
    """Lost entries are few: the indexes cost next to nothing."""
    for name, columns in _INDEXES.items():
        op.create_index(name, "result", columns, sqlite_where=_LOST, postgresql_where=_LOST)
