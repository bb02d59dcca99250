"""The ledger of dialled calls, as version 0.1 made it without Alembic; a database of that age is adopted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it unless it is there."""
    if sa.inspect(op.get_bind()).has_table("dialled_call"):
        return
    op.create_table(
        "dialled_call",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("at_ms", sa.Integer(), nullable=False),
        sa.Column("used_ms", sa.Integer(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_dialled_call_at_ms", "dialled_call", ["at_ms"])
