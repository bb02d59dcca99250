"""The tables. Instants are integer milliseconds since 1970 (a third of the bytes of text), hashes are raw bytes.

``run`` is the live side and may change; ``result`` and ``journal`` are chained and never change; ``result_detail`` and
``journal_text`` hold what may name people and can be erased: their hash stands in the chained row.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.values import Cause, RunState

SEQ: Final = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite makes an INTEGER key the row's own number; a BIGINT one would cost an index."""


def _one_of(name: str, column: str, words: Iterable[RunState | Cause]) -> CheckConstraint:
    """A null passes a CHECK."""
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=name)


class DialledCall(SQLModel, table=True):
    """One call that was dialled, or was about to be. Holds no number: the run's record has it."""

    __tablename__: ClassVar[str] = "dialled_call"
    __table_args__ = (
        CheckConstraint("used_ms >= 0", name="dialled_call_used"),
        CheckConstraint("settled IN (FALSE, TRUE)", name="dialled_call_settled"),
    )

    id: int | None = Field(default=None, primary_key=True)
    run_id: str
    at_ms: int = Field(sa_type=BigInteger, index=True)
    """UTC instant in milliseconds since 1970."""
    used_ms: int
    """Reserved length; the true one once ``settled``."""
    settled: bool = False


class RunRow(SQLModel, table=True):
    """A run from its submission to its end; finished rows stay a while, so that no slot is submitted twice."""

    __tablename__: ClassVar[str] = "run"
    __table_args__ = (
        UniqueConstraint("probe", "slot_ms", name="run_slot"),
        Index("run_live", "state", "due_ms"),
        _one_of("run_state", "state", RunState),
    )

    run_id: str = Field(primary_key=True)
    probe: str | None = None
    channel: str
    service: str | None = None
    skill: str | None = None
    slot_ms: int | None = Field(default=None, sa_type=BigInteger)
    trigger: str
    mode: str
    retest_of: str | None = None
    state: str
    due_ms: int = Field(sa_type=BigInteger)
    expires_ms: int = Field(sa_type=BigInteger)
    owner: str | None = Field(default=None, index=True)
    started_ms: int | None = Field(default=None, sa_type=BigInteger)


TROUBLE: Final = "verdict <> 'pass'"
"""Entries that people look for, a small part of all; who asks for them says so in these words."""
LOST: Final = "state = 'lost'"
"""The few that nobody ended: among the troubles of years, "none" would be the longest answer."""
_LINE: Final = (
    *("service", "channel", "skill", "at_ms"),
    *("slot_ms", "trigger", "mode", "state", "cause", "verdict", "accessibility", "availability", "agent_ms", "probe"),
)
"""What the figures of a month need, so that they are read from the index alone (storage/monthly.py)."""

# two columns of result_probe_lost are asked for: with one, SQLite chose between it and result_probe_at by their order
_PARTIAL: Final = (
    ("result_trouble", TROUBLE, ("at_ms", "seq", "verdict", "owner", "state")),
    ("result_probe_trouble", TROUBLE, ("probe", "at_ms", "seq", "verdict", "owner", "state")),
    ("result_lost", LOST, ("at_ms", "seq")),
    ("result_probe_lost", LOST, ("probe", "state", "at_ms", "seq")),
)


class ResultRow(SQLModel, table=True):
    """The record: one row per run that ended, was lost or was missed. Columns in the order in which they are hashed."""

    __tablename__: ClassVar[str] = "result"
    __table_args__ = (
        UniqueConstraint("run_id", name="result_run"),
        UniqueConstraint("probe", "slot_ms", name="result_slot"),
        Index("result_probe_at", "probe", "at_ms", "seq"),
        Index("result_at", "at_ms", "seq"),
        Index("result_line", *_LINE),
        *(Index(name, *of, sqlite_where=text(only), postgresql_where=text(only)) for name, only, of in _PARTIAL),
        _one_of("result_state", "state", (RunState.DONE, RunState.LOST, RunState.MISSED)),
        _one_of("result_cause", "cause", Cause),
    )

    seq: int = Field(primary_key=True, sa_type=SEQ, sa_column_kwargs={"autoincrement": False})
    run_id: str
    probe: str | None = None
    channel: str
    service: str | None = None
    skill: str | None = None
    slot_ms: int | None = Field(default=None, sa_type=BigInteger)
    trigger: str
    mode: str
    state: str
    cause: str | None = None
    retest_of: str | None = None
    at_ms: int = Field(sa_type=BigInteger)
    ended_ms: int | None = Field(default=None, sa_type=BigInteger)
    verdict: str
    stage: str | None = None
    reason: str | None = None
    owner: str | None = None
    accessibility: str
    availability: str
    pdd_ms: int | None = None
    setup_ms: int | None = None
    greeting_ms: int | None = None
    menu_ms: int | None = None
    queue_ms: int | None = None
    agent_ms: int | None = None
    total_ms: int | None = None
    agent_held_ms: int | None = None
    evidence: str = Field(sa_type=Text)
    """JSON: a list of [kind, path relative to the evidence folder, SHA-256]."""
    version: str
    config: bytes = Field(sa_type=LargeBinary)
    detail_sha256: bytes | None = Field(default=None, sa_type=LargeBinary)
    prev_hash: bytes = Field(sa_type=LargeBinary)
    hash: bytes = Field(sa_type=LargeBinary)


class ResultDetailRow(SQLModel, table=True):
    """The whole JSON of a run, compressed: steps, message, target, signs. Erasable."""

    __tablename__: ClassVar[str] = "result_detail"

    seq: int = Field(primary_key=True, sa_type=SEQ, sa_column_kwargs={"autoincrement": False})
    data: bytes = Field(sa_type=LargeBinary)


class JournalRow(SQLModel, table=True):
    """What people and the service did to the record: sign-offs, remarks, maintenance, peak, disposals, settings."""

    __tablename__: ClassVar[str] = "journal"
    __table_args__ = (Index("journal_kind", "kind", "at_ms"), Index("journal_subject", "subject"))

    seq: int = Field(primary_key=True, sa_type=SEQ, sa_column_kwargs={"autoincrement": False})
    at_ms: int = Field(sa_type=BigInteger)
    kind: str
    subject: str
    body: str = Field(sa_type=Text)
    """JSON without anything personal."""
    text_sha256: bytes | None = Field(default=None, sa_type=LargeBinary)
    prev_hash: bytes = Field(sa_type=LargeBinary)
    hash: bytes = Field(sa_type=LargeBinary)


class JournalTextRow(SQLModel, table=True):
    """What a person wrote in the journal, and who: JSON. Erasable."""

    __tablename__: ClassVar[str] = "journal_text"

    seq: int = Field(primary_key=True, sa_type=SEQ, sa_column_kwargs={"autoincrement": False})
    data: str = Field(sa_type=Text)


class ChainRow(SQLModel, table=True):
    """The last link of each chain; its row is locked while a link is added."""

    __tablename__: ClassVar[str] = "chain"

    name: str = Field(primary_key=True)
    seq: int = Field(sa_type=BigInteger)
    hash: bytes = Field(sa_type=LargeBinary)


class LeaseRow(SQLModel, table=True):
    """Who tests a target now; as good as the worker that holds it is alive."""

    __tablename__: ClassVar[str] = "lease"

    key: str = Field(primary_key=True)
    run_id: str
    owner: str


class WorkerRow(SQLModel, table=True):
    """A process that plays runs; dead once ``until_ms`` has passed."""

    __tablename__: ClassVar[str] = "worker"

    owner: str = Field(primary_key=True)
    until_ms: int = Field(sa_type=BigInteger)
    config: str | None = None
    """Fingerprint of the file that a service plans by; null for a command line, which plans nothing."""


class AliveRow(SQLModel, table=True):
    """A stretch of time in which a service was alive: tells ``missed: down`` from ``missed: late``."""

    __tablename__: ClassVar[str] = "alive"

    id: int | None = Field(default=None, primary_key=True)
    owner: str
    from_ms: int = Field(sa_type=BigInteger)
    to_ms: int = Field(sa_type=BigInteger, index=True)


class PlanRow(SQLModel, table=True):
    """Since when a probe is planned, and up to when each of its slots has a row."""

    __tablename__: ClassVar[str] = "plan"

    probe: str = Field(primary_key=True)
    since_ms: int = Field(sa_type=BigInteger)
    accounted_ms: int = Field(sa_type=BigInteger)


class MaintenanceRow(SQLModel, table=True):
    """A maintenance window said by hand; those of the configuration stand there."""

    __tablename__: ClassVar[str] = "maintenance"

    id: int | None = Field(default=None, primary_key=True)
    target: str
    from_ms: int = Field(sa_type=BigInteger)
    to_ms: int = Field(sa_type=BigInteger, index=True)
    created_ms: int = Field(sa_type=BigInteger)
    reason: str = Field(sa_type=Text)


class PeakRow(SQLModel, table=True):
    """A stretch of peak mode."""

    __tablename__: ClassVar[str] = "peak"

    id: int | None = Field(default=None, primary_key=True)
    from_ms: int = Field(sa_type=BigInteger)
    until_ms: int = Field(sa_type=BigInteger, index=True)
    reason: str = Field(sa_type=Text)


class AlarmRow(SQLModel, table=True):
    """Trouble on our own side that siaga's operators are told of once, and once when it is over."""

    __tablename__: ClassVar[str] = "alarm"

    key: str = Field(primary_key=True)
    since_ms: int = Field(sa_type=BigInteger)
    detail: str = Field(sa_type=Text)
    told_ms: int | None = Field(default=None, sa_type=BigInteger)
    over_ms: int | None = Field(default=None, sa_type=BigInteger)
    over_told_ms: int | None = Field(default=None, sa_type=BigInteger)
