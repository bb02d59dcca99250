"""The record: runs, chained results and journal, and what the service knows about itself."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """All tables of the record; the ledger's instants no longer fit 32 bits, which PostgreSQL takes literally."""
    _ledger()
    _runs()
    _results()
    _journal()
    _service()
    _said_by_hand()


def _ledger() -> None:
    as_it_is = sa.Table(
        "dialled_call",
        sa.MetaData(),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("at_ms", sa.Integer(), nullable=False),
        sa.Column("used_ms", sa.Integer(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.CheckConstraint("used_ms >= 0", name="dialled_call_used"),
        sa.CheckConstraint("settled IN (FALSE, TRUE)", name="dialled_call_settled"),
    )
    if op.get_bind().dialect.name == "sqlite":
        # version 0.1 gave its constraints no names, so the table is made anew from what we know of it
        with op.batch_alter_table("dialled_call", copy_from=as_it_is, recreate="always") as table:
            table.alter_column("at_ms", existing_type=sa.Integer(), type_=sa.BigInteger(), existing_nullable=False)
        op.create_index("ix_dialled_call_at_ms", "dialled_call", ["at_ms"])
        return
    op.alter_column("dialled_call", "at_ms", existing_type=sa.Integer(), type_=sa.BigInteger())
    op.create_check_constraint("dialled_call_used", "dialled_call", "used_ms >= 0")
    op.create_check_constraint("dialled_call_settled", "dialled_call", "settled IN (FALSE, TRUE)")


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=null)


def _instant(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def _bytes(name: str, *, null: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=null)


def _seq() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("seq", kind, primary_key=True, autoincrement=False)


def _runs() -> None:
    op.create_table(
        "run",
        sa.Column("run_id", sa.String(), primary_key=True),
        _text("probe", null=True),
        _text("channel"),
        _text("service", null=True),
        _text("skill", null=True),
        _instant("slot_ms", null=True),
        _text("trigger"),
        _text("mode"),
        _text("retest_of", null=True),
        _text("state"),
        _instant("due_ms"),
        _instant("expires_ms"),
        _text("owner", null=True),
        _instant("started_ms", null=True),
        sa.UniqueConstraint("probe", "slot_ms", name="run_slot"),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'lost', 'missed')", name="run_state"),
    )
    op.create_index("run_live", "run", ["state", "due_ms"])
    op.create_index("ix_run_owner", "run", ["owner"])


def _results() -> None:
    figures = ("pdd_ms", "setup_ms", "greeting_ms", "menu_ms", "queue_ms", "agent_ms", "total_ms", "agent_held_ms")
    op.create_table(
        "result",
        _seq(),
        _text("run_id"),
        _text("probe", null=True),
        _text("channel"),
        _text("service", null=True),
        _text("skill", null=True),
        _instant("slot_ms", null=True),
        _text("trigger"),
        _text("mode"),
        _text("state"),
        _text("cause", null=True),
        _text("retest_of", null=True),
        _instant("at_ms"),
        _instant("ended_ms", null=True),
        _text("verdict"),
        _text("stage", null=True),
        _text("reason", null=True),
        _text("owner", null=True),
        _text("accessibility"),
        _text("availability"),
        *(sa.Column(name, sa.Integer()) for name in figures),
        sa.Column("evidence", sa.Text(), nullable=False),
        _text("version"),
        _bytes("config"),
        _bytes("detail_sha256", null=True),
        _bytes("prev_hash"),
        _bytes("hash"),
        sa.UniqueConstraint("run_id", name="result_run"),
        sa.UniqueConstraint("probe", "slot_ms", name="result_slot"),
        sa.CheckConstraint("state IN ('done', 'lost', 'missed')", name="result_state"),
        sa.CheckConstraint(
            "cause IN ('down', 'late', 'busy', 'budget', 'courtesy', 'maintenance')", name="result_cause"
        ),
    )
    op.create_index("result_probe_at", "result", ["probe", "at_ms", "seq"])
    op.create_index("result_at", "result", ["at_ms", "seq"])
    line = ("service", "channel", "skill", "at_ms", "slot_ms", "trigger", "mode", "state", "cause", "verdict")
    op.create_index("result_line", "result", [*line, "accessibility", "availability", "agent_ms", "probe"])
    trouble = sa.text("verdict <> 'pass'")
    only: dict[str, Any] = {"sqlite_where": trouble, "postgresql_where": trouble}
    op.create_index("result_trouble", "result", ["at_ms", "seq", "verdict", "owner", "state"], **only)
    of_probe = ["probe", "at_ms", "seq", "verdict", "owner", "state"]
    op.create_index("result_probe_trouble", "result", of_probe, **only)
    op.create_table("result_detail", _seq(), _bytes("data"))


def _journal() -> None:
    op.create_table(
        "journal",
        _seq(),
        _instant("at_ms"),
        _text("kind"),
        _text("subject"),
        sa.Column("body", sa.Text(), nullable=False),
        _bytes("text_sha256", null=True),
        _bytes("prev_hash"),
        _bytes("hash"),
    )
    op.create_index("journal_kind", "journal", ["kind", "at_ms"])
    op.create_index("journal_subject", "journal", ["subject"])
    op.create_table("journal_text", _seq(), sa.Column("data", sa.Text(), nullable=False))
    heads = op.create_table("chain", sa.Column("name", sa.String(), primary_key=True), _instant("seq"), _bytes("hash"))
    op.bulk_insert(heads, [{"name": name, "seq": 0, "hash": bytes(32)} for name in ("result", "journal")])


def _service() -> None:
    op.create_table("lease", sa.Column("key", sa.String(), primary_key=True), _text("run_id"), _text("owner"))
    op.create_table("worker", sa.Column("owner", sa.String(), primary_key=True), _instant("until_ms"))
    op.create_table(
        "alive", sa.Column("id", sa.Integer(), primary_key=True), _text("owner"), _instant("from_ms"), _instant("to_ms")
    )
    op.create_index("ix_alive_to_ms", "alive", ["to_ms"])
    op.create_table(
        "plan", sa.Column("probe", sa.String(), primary_key=True), _instant("since_ms"), _instant("accounted_ms")
    )
    op.create_table(
        "alarm",
        sa.Column("key", sa.String(), primary_key=True),
        _instant("since_ms"),
        sa.Column("detail", sa.Text(), nullable=False),
        _instant("told_ms", null=True),
        _instant("over_ms", null=True),
        _instant("over_told_ms", null=True),
    )


def _said_by_hand() -> None:
    op.create_table(
        "maintenance",
        sa.Column("id", sa.Integer(), primary_key=True),
        _text("target"),
        _instant("from_ms"),
        _instant("to_ms"),
        _instant("created_ms"),
        sa.Column("reason", sa.Text(), nullable=False),
    )
    op.create_index("ix_maintenance_to_ms", "maintenance", ["to_ms"])
    op.create_table(
        "peak",
        sa.Column("id", sa.Integer(), primary_key=True),
        _instant("from_ms"),
        _instant("until_ms"),
        sa.Column("reason", sa.Text(), nullable=False),
    )
    op.create_index("ix_peak_until_ms", "peak", ["until_ms"])
