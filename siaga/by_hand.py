"""What a person found by hand, and its way into the record: the same path, the same columns, marked as manual."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from probe.calendar import Plan
from probe.outcome import Evidence, Outcome, Timings
from probe.reasons import RULES, Judged, Reason, Stage, Verdict, owner_of
from scheduler.order import Order, new_run_id
from scheduler.run import record_at
from storage import evidence
from storage.runs import Runs
from storage.values import Entry, Planned

LONGEST_S = 24 * 3600
HOLD = timedelta(seconds=60)
"""How long this process claims to be alive while it writes."""


class NotManualError(Exception):
    """A slot was named for a probe whose slots siaga itself fills."""


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
        for option, seconds in (("--greeting", greeting_s), ("--queue", queue_s), ("--connected", connected_s)):
            if seconds is not None and not 0 <= seconds <= LONGEST_S:  # nan is in no order
                raise ValueError(f"{option}: allowed: seconds from 0 to {LONGEST_S}")
        if queue_s is not None and connected_s is not None and queue_s > connected_s:
            raise ValueError("--queue: the time in the queue is a part of --connected and cannot be longer")
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

    order: Order
    plan: Plan | None
    began: datetime
    slot: datetime | None
    now: datetime


def keep(
    runs: Runs,
    root: Path,
    folder_day: datetime,
    occasion: Occasion,
    finding: Finding,
    files: Sequence[Path],
    also: Callable[[Connection, Entry, bool], None],
) -> tuple[Entry, bool]:
    """Enter the finding; True with it when its planned slot was already entered as missed.

    ``also``: what is entered in the same transaction. Raises NoSlotError, NotManualError, and
    EvidenceError or OSError for files that cannot be kept.
    """
    slot, owner = _slot(occasion), f"hand:{secrets.token_hex(8)}"
    runs.beat(owner, occasion.now, HOLD)
    try:
        planned = _claimed(runs, occasion, slot, owner) or _beside(runs, occasion, owner)
        kept = _files(root, planned.run_id, folder_day, files)
        outcome = replace(finding.outcome(), evidence=kept)
        ended = occasion.began + timedelta(seconds=finding.connected_s or 0.0)
        record = record_at(planned, occasion.order, occasion.began, ended, outcome)
        missed = slot is not None and planned.slot is None
        return runs.finish(planned.run_id, owner, record, lambda c, entry: also(c, entry, missed)), missed
    finally:
        runs.leave(owner)


def _slot(occasion: Occasion) -> datetime | None:
    """The planned slot that this test fills; only what is planned by hand has slots that a person fills."""
    plan = occasion.plan
    if occasion.order.channel != "manual":
        if occasion.slot is not None:
            raise NotManualError
        return None
    if plan is None:
        if occasion.slot is not None:
            raise NoSlotError(None)
        return None
    before = [*plan.slots(occasion.began - timedelta(days=2), occasion.began + timedelta(microseconds=1))]
    if occasion.slot is None:
        return before[-1] if before else None
    if occasion.slot not in plan.slots(occasion.slot, occasion.slot + timedelta(microseconds=1)):
        raise NoSlotError(before[-1] if before else None)
    return occasion.slot


def _claimed(runs: Runs, occasion: Occasion, slot: datetime | None, owner: str) -> Planned | None:
    """The run of the slot, made ours; None when the slot has been entered already, or there is none."""
    if slot is None:
        return None
    ours = replace(occasion.order, slot=slot, trigger="schedule")
    runs.submit(ours.planned(new_run_id(occasion.now), slot, max(slot, occasion.now) + HOLD))
    name = occasion.order.probe
    waiting = next((r.planned for r in runs.live() if r.planned.probe == name and r.planned.slot == slot), None)
    if waiting is None or runs.claim(waiting.run_id, owner, f"hand:{waiting.run_id}", occasion.now) != "claimed":
        return None
    return waiting


def _beside(runs: Runs, occasion: Occasion, owner: str) -> Planned:
    """A run beside the plan, marked as manual."""
    ours = replace(occasion.order, slot=None, trigger="manual")
    planned = ours.planned(new_run_id(occasion.now), occasion.began, occasion.now + HOLD)
    runs.submit(planned, owner)
    runs.claim(planned.run_id, owner, f"hand:{planned.run_id}", occasion.now)
    return planned


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
