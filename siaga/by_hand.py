"""What a person found by hand, and its way into the record: the same path, the same columns, marked as manual."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from probe.calendar import Plan
from probe.outcome import Evidence, Outcome, Record, Timings, Trigger
from probe.reasons import RULES, Judged, Reason, Stage, Verdict, owner_of
from probe.settings import ProbeSettings
from probe.words import Language, sentence
from scheduler.order import new_run_id
from storage import evidence
from storage.runs import Runs
from storage.values import Entry, Planned

HOLD = timedelta(seconds=60)
"""How long this process claims to be alive while it writes."""


class NoSlotError(Exception):
    """The probe has no such slot; ``near`` is the one before it, if there is one."""

    def __init__(self, near: datetime | None) -> None:
        super().__init__("no such slot")
        self.near = near


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a person saw. Seconds are null where nothing was measured."""

    reason: Reason | None
    accessibility: Judged
    availability: Judged
    greeting_s: float | None = None
    queue_s: float | None = None
    connected_s: float | None = None

    @classmethod
    def of(
        cls,
        access: str,
        agent: str | None,
        reason: str | None,
        greeting_s: float | None,
        queue_s: float | None,
        connected_s: float | None,
    ) -> Finding:
        """From the words of the command line. Raises ValueError when they contradict each other."""
        accessibility, availability = _judged(access, "--access"), _judged(agent, "--agent")
        if accessibility is Judged.NOT_OK and availability is not Judged.NOT_JUDGED:
            raise ValueError("--agent: where the IVR or bot was not reached, no agent can be judged; leave it out")
        if connected_s is not None and availability is not Judged.OK:
            raise ValueError("--connected: seconds to the agent need --agent ok")
        return cls(
            reason=_reason(reason, accessibility, availability),
            accessibility=accessibility,
            availability=availability,
            greeting_s=greeting_s,
            queue_s=queue_s,
            connected_s=connected_s,
        )

    @property
    def stage(self) -> Stage | None:
        """How far the person came: the last stage that the reason may be found at."""
        if self.reason is None:
            return None
        stages = [stage for stage in Stage if stage in RULES[self.reason].stages]
        reached = (
            (Stage.QUEUE, Stage.AGENT) if self.accessibility is Judged.OK else (Stage.ACCESS, Stage.IVR, Stage.MENU)
        )
        return next((stage for stage in stages if stage in reached), stages[0])

    def outcome(self) -> Outcome:
        """The judgement as the record keeps it."""
        stage = self.stage
        return Outcome(
            verdict=RULES[self.reason].verdict if self.reason else Verdict.PASS,
            stage=stage,
            reason=self.reason,
            owner=owner_of(self.reason, stage) if self.reason and stage else None,
            detail="",
            accessibility=self.accessibility,
            availability=self.availability,
            timings=Timings(time_to_greeting_s=self.greeting_s, queue_s=self.queue_s, time_to_agent_s=self.connected_s),
            steps=(),
        )


def _judged(text: str | None, option: str) -> Judged:
    known = {"ok": Judged.OK, "nok": Judged.NOT_OK, None: Judged.NOT_JUDGED}
    key = text.strip().lower() if text else None
    if key not in known:
        raise ValueError(f"{option}: {text!r} is not known; allowed: ok, nok")
    return known[key]


def _reason(text: str | None, accessibility: Judged, availability: Judged) -> Reason | None:
    bad = Judged.NOT_OK in (accessibility, availability)
    if text is None:
        if not bad:
            return None
        return Reason.NOT_OBSERVED if accessibility is Judged.NOT_OK else Reason.AGENT_TIMEOUT
    fails = [r for r in Reason if RULES[r].verdict in (Verdict.FAIL, Verdict.DEGRADED)]
    found = next((r for r in fails if r.value == text.strip().lower()), None)
    if found is None:
        raise ValueError(f"--reason: {text!r} is not known; allowed: {', '.join(r.value for r in fails)}")
    if (RULES[found].verdict is Verdict.FAIL) != bad:
        raise ValueError(f"--reason: {found.value} does not go with --access and --agent as they are given")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """When and for what it was tested. ``slot``: the one that was named; ``plan`` of the probe, if it has one."""

    probe: ProbeSettings
    plan: Plan | None
    began: datetime
    slot: datetime | None
    now: datetime
    language: Language


def keep(
    runs: Runs, root: Path, folder_day: datetime, occasion: Occasion, finding: Finding, files: Sequence[Path]
) -> tuple[Entry, bool]:
    """Enter the finding; True with it when its planned slot was already entered as missed.

    Raises NoSlotError, and EvidenceError or OSError for files that cannot be kept.
    """
    slot = _slot(occasion)
    run_id, owner = new_run_id(occasion.now), f"hand:{secrets.token_hex(8)}"
    runs.beat(owner, occasion.now, HOLD)
    try:
        planned_id = _claim(runs, occasion, slot, run_id, owner)
        trigger: Trigger = "schedule" if planned_id else "manual"
        if planned_id is None:
            runs.submit(_planned(occasion, run_id, "manual", None), owner)
            runs.claim(run_id, owner, f"hand:{run_id}", occasion.now)
        kept_id = planned_id or run_id
        kept = _files(root, kept_id, folder_day, files)
        record = _record(occasion, finding, kept_id, trigger, slot if planned_id else None, kept)
        return runs.finish(kept_id, owner, record), slot is not None and planned_id is None
    finally:
        runs.leave(owner)


def _slot(occasion: Occasion) -> datetime | None:
    """The planned slot that this test fills; only what is planned by hand has slots that a person fills."""
    plan = occasion.plan
    if plan is None or occasion.probe.channel != "manual":
        return None
    before = [*plan.slots(occasion.began - timedelta(days=2), occasion.began + timedelta(microseconds=1))]
    if occasion.slot is None:
        return before[-1] if before else None
    if occasion.slot not in plan.slots(occasion.slot, occasion.slot + timedelta(microseconds=1)):
        raise NoSlotError(before[-1] if before else None)
    return occasion.slot


def _claim(runs: Runs, occasion: Occasion, slot: datetime | None, run_id: str, owner: str) -> str | None:
    """The run of the slot, made ours; None when the slot has been entered already, or there is none."""
    if slot is None:
        return None
    runs.submit(_planned(occasion, run_id, "schedule", slot))
    waiting = next(
        (r.planned for r in runs.live() if r.planned.probe == occasion.probe.name and r.planned.slot == slot), None
    )
    if waiting is None or runs.claim(waiting.run_id, owner, f"hand:{waiting.run_id}", occasion.now) != "claimed":
        return None
    return waiting.run_id


def _planned(occasion: Occasion, run_id: str, trigger: Trigger, slot: datetime | None) -> Planned:
    probe, due = occasion.probe, slot or occasion.began
    return Planned(
        run_id=run_id,
        probe=probe.name,
        channel=probe.channel,
        service=probe.service,
        skill=probe.skill,
        trigger=trigger,
        slot=slot,
        due=due,
        expires=max(due, occasion.now) + HOLD,
    )


def _files(root: Path, run_id: str, day: datetime, files: Sequence[Path]) -> tuple[Evidence, ...]:
    if not files:
        return ()
    folder = evidence.run_folder(root, run_id, day.date())
    kept = []
    for number, file in enumerate(files, 1):
        target = folder / f"{number:02}{file.suffix.lower()[:10]}"
        with file.open("rb") as source, target.open("xb") as copy:
            shutil.copyfileobj(source, copy)
        kept.append(evidence.seal(target, "attachment"))
    return tuple(kept)


def _record(
    occasion: Occasion,
    finding: Finding,
    run_id: str,
    trigger: Trigger,
    slot: datetime | None,
    kept: tuple[Evidence, ...],
) -> Record:
    outcome = finding.outcome()
    probe = occasion.probe
    return Record(
        run_id=run_id,
        probe=probe.name,
        channel=probe.channel,
        target=probe.to,
        service=probe.service,
        skill=probe.skill,
        slot=slot,
        trigger=trigger,
        started_at=occasion.began,
        ended_at=occasion.began + timedelta(seconds=finding.connected_s or 0.0),
        outcome=replace(outcome, evidence=kept),
        message=sentence(outcome, occasion.language),
    )
