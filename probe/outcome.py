"""What came of a run: frozen values, and their JSON as the contract has it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from probe.reasons import Judged, Owner, Reason, Stage, Verdict

Trigger = Literal["schedule", "manual", "retest", "cli"]


class StepVerdict(StrEnum):
    """How one step ended."""

    PASS = "pass"
    DEGRADED = "degraded"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """One step of the script, in words of the script. ``at_s`` after t0, ``took_s`` its own duration."""

    step: str
    verdict: StepVerdict
    at_s: float | None
    took_s: float | None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Seconds on the monotonic clock, null where not reached (the contract: "Times")."""

    pdd_s: float | None = None
    setup_s: float | None = None
    time_to_greeting_s: float | None = None
    menu_s: float | None = None
    queue_s: float | None = None
    time_to_agent_s: float | None = None
    total_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSign:
    """One sign for an agent; ``at_s`` after t0."""

    sign: str
    at_s: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentEvidence:
    """The case for a human; ``onset_s`` after t0."""

    confidence: float
    onset_s: float
    signs: tuple[AgentSign, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFigures:
    """RTP and RTCP figures of a call, summed over re-INVITEs. ``mos`` by the E-model (ITU-T G.107)."""

    codec: str | None
    packets: int
    lost: int
    jitter_ms: float | None
    rtt_ms: float | None
    mos: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundFigures:
    """What the ear measured of the far end's sound; null where there was too little of it.

    Level without pauses in dBm0, share of the samples cut off at the top; delay and loss of our own sound coming back.
    """

    level_dbm0: float | None = None
    clipped: float | None = None
    echo_delay_ms: float | None = None
    echo_loss_db: float | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file that proves something. ``path`` absolute."""

    kind: str
    path: Path
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The judgement of one run with everything it rests on. ``stage``, ``reason``, ``owner`` are null on pass."""

    verdict: Verdict
    stage: Stage | None
    reason: Reason | None
    owner: Owner | None
    detail: str
    """What exactly was seen, for the message; plain, no numbers of persons."""
    accessibility: Judged
    availability: Judged
    timings: Timings
    steps: tuple[StepResult, ...]
    agent: AgentEvidence | None = None
    media: MediaFigures | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A run as it is stored and printed: who, when, why, and its outcome. Instants are aware and in UTC."""

    run_id: str
    probe: str | None
    channel: str
    target: str
    service: str | None
    skill: str | None
    slot: datetime | None
    trigger: Trigger
    started_at: datetime
    ended_at: datetime
    outcome: Outcome
    message: str

    def to_json(self) -> dict[str, Any]:
        """The one JSON object of the contract; every key always present."""
        outcome = self.outcome
        return {
            "run_id": self.run_id,
            "probe": self.probe,
            "channel": self.channel,
            "target": self.target,
            "service": self.service,
            "skill": self.skill,
            "slot": instant(self.slot) if self.slot else None,
            "trigger": self.trigger,
            "started_at": instant(self.started_at),
            "ended_at": instant(self.ended_at),
            "verdict": outcome.verdict.value,
            "stage": outcome.stage.value if outcome.stage else None,
            "reason": outcome.reason.value if outcome.reason else None,
            "owner": outcome.owner.value if outcome.owner else None,
            "message": self.message,
            "accessibility": outcome.accessibility.value,
            "availability": outcome.availability.value,
            "timings": {name: _seconds(getattr(outcome.timings, name)) for name in Timings.__dataclass_fields__},
            "steps": [
                {
                    "step": step.step,
                    "verdict": step.verdict.value,
                    "at_s": _seconds(step.at_s),
                    "took_s": _seconds(step.took_s),
                    "detail": step.detail,
                }
                for step in outcome.steps
            ],
            "agent": _agent_json(outcome.agent),
            "media": _media_json(outcome.media),
            "evidence": [{"kind": e.kind, "path": str(e.path), "sha256": e.sha256} for e in outcome.evidence],
        }


def instant(moment: datetime) -> str:
    """``2026-11-20T08:30:00.123Z``. Raises ValueError for a naive datetime."""
    if moment.tzinfo is None:
        raise ValueError("naive datetime: instants are aware and in UTC")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _seconds(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _agent_json(agent: AgentEvidence | None) -> dict[str, Any] | None:
    if agent is None:
        return None
    return {
        "confidence": round(agent.confidence, 3),
        "onset_s": _seconds(agent.onset_s),
        "signs": [{"sign": s.sign, "at_s": _seconds(s.at_s), "weight": s.weight} for s in agent.signs],
    }


def _media_json(media: MediaFigures | None) -> dict[str, Any] | None:
    if media is None:
        return None
    return {
        "codec": media.codec,
        "packets": media.packets,
        "lost": media.lost,
        "jitter_ms": media.jitter_ms,
        "rtt_ms": media.rtt_ms,
        "mos": media.mos,
    }
