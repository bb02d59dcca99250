"""A small record: a configuration on disk, and runs of each kind in its database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from probe.outcome import Evidence, Outcome, Record, StepResult, StepVerdict, Timings, Trigger
from probe.reasons import RULES, Judged, Reason, Stage, Verdict, owner_of
from scheduler.order import new_run_id
from siaga.cli.recorded import Recorded, recorded
from storage import evidence
from storage.runs import Runs
from storage.values import Cause, Entry, Planned

CONFIG = """
language = "en"
timezone = "Asia/Jakarta"
[[shift]]
name = "pagi"
from = "07:00"
to = "15:00"
[[probe]]
name = "ivr"
channel = "sip"
to = "sip:1500@127.0.0.1:9"
service = "inbound"
skill = "tier-1"
every = "30m"
script = [{ expect = "answer" }, { expect = "agent" }]
[[probe]]
name = "ig"
channel = "manual"
to = "@akun"
service = "digital"
every = "1h"
script = [{ expect = "reply" }, { expect = "agent" }]
"""
DAY = datetime(2026, 11, 19, 17, 0, tzinfo=UTC)
"""Midnight at the centre, where 20 November begins."""


@dataclass
class Book:
    """Enters runs as the service would."""

    found: Recorded
    owner: str = "host:1:1:book"

    @property
    def runs(self) -> Runs:
        return self.found.runs()

    def planned(self, slot: datetime | None, trigger: Trigger = "schedule", began: datetime | None = None) -> Planned:
        due = slot or began or DAY
        return Planned(
            run_id=new_run_id(due),
            probe="ivr",
            channel="sip",
            service="inbound",
            skill="tier-1",
            trigger=trigger,
            slot=slot,
            due=due,
            expires=due + timedelta(minutes=30),
        )

    def done(
        self,
        slot: datetime,
        reason: Reason | None = None,
        agent_s: float | None = 30.0,
        files: Mapping[str, tuple[str, bytes]] = MappingProxyType({}),
    ) -> Entry:
        """A run that was played in a slot, with a SIP trace as evidence and ``files``: kind and content by name."""
        planned = self.planned(slot)
        self.runs.beat(self.owner, slot, timedelta(days=1))
        assert self.runs.submit(planned)
        assert self.runs.claim(planned.run_id, self.owner, "skill:inbound/tier-1", slot) == "claimed"
        folder = evidence.run_folder(self.found.evidence, planned.run_id, slot.date())
        trace = evidence.write(folder, "sip.txt", b"INVITE sip:1500@127.0.0.1 SIP/2.0\n", "sip_trace")
        more = (evidence.write(folder, name, data, kind) for name, (kind, data) in files.items())
        return self.runs.finish(planned.run_id, self.owner, record(planned, reason, agent_s, (trace, *more)))

    def missed(self, slot: datetime, cause: Cause = Cause.DOWN) -> None:
        """A slot that nobody could start."""
        assert self.runs.submit_missed([self.planned(slot)], cause) == 1


def record(planned: Planned, reason: Reason | None, agent_s: float | None, files: tuple[Evidence, ...]) -> Record:
    """The Record of a run with an answer, a greeting and, unless it failed, an agent."""
    rule = RULES[reason] if reason else None
    stage = next(s for s in Stage if s in rule.stages) if rule else None
    failed = rule is not None and rule.verdict is Verdict.FAIL
    steps = (
        StepResult(step="expect answer", verdict=StepVerdict.PASS, at_s=0.0, took_s=0.4),
        StepResult(
            step="expect agent", verdict=StepVerdict.FAIL if failed else StepVerdict.PASS, at_s=0.4, took_s=agent_s
        ),
    )
    outcome = Outcome(
        verdict=rule.verdict if rule else Verdict.PASS,
        stage=stage,
        reason=reason,
        owner=owner_of(reason, stage) if reason and stage else None,
        detail="",
        accessibility=Judged.OK,
        availability=Judged.NOT_OK if failed else Judged.OK,
        timings=Timings(
            setup_s=0.4, time_to_greeting_s=1.2, menu_s=4.0, queue_s=20.0,
            time_to_agent_s=None if failed else agent_s, total_s=(agent_s or 60.0) + 8.0,
        ),
        steps=steps,
        evidence=files,
    )  # fmt: skip
    return Record(
        run_id=planned.run_id,
        probe=planned.probe,
        channel=planned.channel,
        target="sip:1500@127.0.0.1:9",
        service=planned.service,
        skill=planned.skill,
        slot=planned.slot,
        trigger=planned.trigger,
        started_at=planned.due,
        ended_at=planned.due + timedelta(seconds=68),
        outcome=outcome,
        message="What the customer met.",
    )


@contextmanager
def open_book(folder: Path) -> Iterator[Book]:
    """Write the configuration and open its record."""
    path = folder / "siaga.toml"
    path.write_text(CONFIG, "utf-8")
    with recorded(path) as found:
        yield Book(found)
