"""What the record holds, as frozen values: planned runs, live runs, and the entries that no one may change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

from probe.outcome import Trigger
from probe.reasons import Judged, Owner, Reason, Stage, Verdict

Mode = Literal["normal", "peak"]
"""``peak``: stopped in the queue on purpose; never counted as agent reached."""


class RunState(StrEnum):
    """How far a run is. The last three are final: planned = done + lost + missed."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    LOST = "lost"
    MISSED = "missed"


class Cause(StrEnum):
    """Why a planned run did not happen (the contract: "The record")."""

    DOWN = "down"
    LATE = "late"
    BUSY = "busy"
    BUDGET = "budget"
    COURTESY = "courtesy"
    MAINTENANCE = "maintenance"


REASON_OF: Final[Mapping[Cause, Reason]] = MappingProxyType(
    {
        Cause.DOWN: Reason.DOWN,
        Cause.LATE: Reason.LATE,
        Cause.BUSY: Reason.LEASE_BUSY,
        Cause.BUDGET: Reason.BUDGET,
        Cause.COURTESY: Reason.COURTESY,
        Cause.MAINTENANCE: Reason.MAINTENANCE,
    }
)
"""A missed run reads as ``inconclusive`` at stage ``probe`` for this reason; a lost one for ``Reason.LOST``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What each entry says about its maker. ``config``: fingerprint, SHA-256 in hexadecimal."""

    version: str
    config: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A run that is asked for. ``slot`` only with trigger ``schedule``; instants are aware."""

    run_id: str
    probe: str | None
    channel: str
    service: str | None
    skill: str | None
    trigger: Trigger
    slot: datetime | None
    due: datetime
    """When it is to start."""
    expires: datetime
    """When it is too late to start."""
    mode: Mode = "normal"
    retest_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run on its way: what was planned, and how far it is."""

    planned: Planned
    state: RunState
    owner: str | None
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class Service:
    """A living process that plans tests. ``config``: fingerprint of the file it plans by, SHA-256 in hexadecimal."""

    owner: str
    config: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Milliseconds, null where not reached: ``Timings`` as the record keeps them, and the agent's time that we took."""

    pdd_ms: int | None = None
    setup_ms: int | None = None
    greeting_ms: int | None = None
    menu_ms: int | None = None
    queue_ms: int | None = None
    agent_ms: int | None = None
    """t0 to the onset of the agent."""
    total_ms: int | None = None
    agent_held_ms: int | None = None
    """From the onset of the agent to our hanging up: what a test costs the centre."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file of evidence in the record: ``path`` relative to the evidence folder, ``sha256`` in hexadecimal."""

    kind: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the record; final, hashed, and without anything personal."""

    seq: int
    run_id: str
    probe: str | None
    channel: str
    service: str | None
    skill: str | None
    slot: datetime | None
    trigger: Trigger
    mode: Mode
    state: RunState
    cause: Cause | None
    retest_of: str | None
    at: datetime
    """When it began; of what never began, when it was due."""
    ended_at: datetime | None
    verdict: Verdict
    stage: Stage | None
    reason: Reason | None
    owner: Owner | None
    accessibility: Judged
    availability: Judged
    figures: Figures
    evidence: tuple[Kept, ...]
    version: str
    config: str
    detail_sha256: str | None
    prev_hash: str
    hash: str

    @property
    def planned(self) -> bool:
        """Whether it counts in planned = done + lost + missed."""
        return self.trigger == "schedule"


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970, rounded down. Raises ValueError for a naive datetime."""
    if moment.tzinfo is None:
        raise ValueError("naive datetime: instants are aware")
    return (moment - _EPOCH) // _MS


def from_ms(ms: int) -> datetime:
    """The instant, in UTC."""
    return _EPOCH + ms * _MS
