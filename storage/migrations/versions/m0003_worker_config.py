"""Which configuration a service plans by: two that differ must not end each other's plans."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A worker of before says nothing of it, and is not asked."""
    with op.batch_alter_table("worker") as table:
        table.add_column(sa.Column("config", sa.String(), nullable=True))
