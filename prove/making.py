"""A record made by the product's own path: submitted, claimed, its evidence written and sealed, finished, swept."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from probe.outcome import Evidence, Outcome, Record, StepResult, StepVerdict, Timings
from probe.reasons import Judged, Owner, Reason, Stage, Verdict
from siaga.parts import keep
from storage import evidence
from storage.database import Database
from storage.runs import Runs
from storage.values import Cause, Entry, Planned, Stamp

OWNER: Final = "pembuat"
NO_TIMES: Final = Timings()
GONE: Final = "hilang"
"""A worker that never beats: what it plays is lost."""
CONFIG: Final = "c0ffee" * 10 + "beef"
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A probe as the record knows it."""

    probe: str | None
    channel: str
    service: str | None
    skill: str | None
    target: str
    every_s: int = 1800


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a test came to."""

    verdict: Verdict = Verdict.PASS
    stage: Stage | None = None
    reason: Reason | None = None
    owner: Owner | None = None
    accessibility: Judged = Judged.OK
    availability: Judged = Judged.OK
    timings: Timings = NO_TIMES
    message: str = ""


PASSED: Final = Told(
    timings=Timings(
        pdd_s=0.2, setup_s=1.4, time_to_greeting_s=3.2, menu_s=9.5, queue_s=28.7, time_to_agent_s=42.9, total_s=58.1
    ),
    message="Agent terhubung.",
)


class Maker:
    """Enters runs one by one, as the service does."""

    def __init__(self, database: Database, folder: Path, seed: int = 0) -> None:
        """``folder`` is that of all evidence."""
        self.database = database
        self.folder = folder
        self.runs = Runs(database, Stamp(version="0.1.0", config=CONFIG), folder)
        self._dice = random.Random(seed)  # noqa: S311 no secret

    def planned(self, line: Line, due: datetime, slot: datetime | None = None, **more: Any) -> Planned:
        """A run of the plan when it has a slot; else say its ``trigger``."""
        word = "".join(self._dice.choices(_LETTERS, k=6))
        asked: dict[str, Any] = {
            "run_id": f"{due:%Y%m%dT%H%M%SZ}-{word}",
            "probe": line.probe,
            "channel": line.channel,
            "service": line.service,
            "skill": line.skill,
            "trigger": "schedule",
            "slot": slot,
            "due": due,
            "expires": (slot or due) + timedelta(seconds=line.every_s),
        }
        return Planned(**{**asked, **more})

    def done(self, planned: Planned, line: Line, told: Told = PASSED, began: datetime | None = None) -> Entry:
        """Played: with a trace, a recording of noise and the result as evidence."""
        began = began or planned.due
        assert self.runs.submit(planned)
        assert self.runs.claim(planned.run_id, OWNER, f"run:{planned.run_id}", began) == "claimed"
        folder = evidence.run_folder(self.folder, planned.run_id, began.date())
        files = (
            evidence.write(folder, "sip.txt", f"INVITE {line.target} SIP/2.0\r\n".encode(), "sip_trace"),
            evidence.write(folder, "rekaman.wav", self._dice.randbytes(2000), "recording"),
        )
        return self.runs.finish(planned.run_id, OWNER, keep(_record(planned, line, told, began, files), folder))

    def missed(self, planned: Planned, cause: Cause) -> Entry:
        """Never played, for a cause."""
        assert self.runs.submit(planned)
        entry = self.runs.miss(planned.run_id, cause, None, planned.mode)
        assert entry is not None
        return entry

    def down(self, planned: Planned) -> Entry:
        """Nobody was there to submit it."""
        assert self.runs.submit_missed([planned], Cause.DOWN) == 1
        entry = self.runs.entry(planned.run_id)
        assert entry is not None
        return entry

    def lost(self, planned: Planned, began: datetime | None = None) -> Entry:
        """Its worker died half-way."""
        began = began or planned.due
        assert self.runs.submit(planned)
        assert self.runs.claim(planned.run_id, GONE, f"run:{planned.run_id}", began) == "claimed"
        [entry] = self.runs.sweep(began + timedelta(minutes=5))
        return entry


def _record(planned: Planned, line: Line, told: Told, began: datetime, files: tuple[Evidence, ...]) -> Record:
    step = StepResult(step="expect answer", verdict=StepVerdict.PASS, at_s=1.4, took_s=1.4)
    outcome = Outcome(
        verdict=told.verdict,
        stage=told.stage,
        reason=told.reason,
        owner=told.owner,
        detail="",
        accessibility=told.accessibility,
        availability=told.availability,
        timings=told.timings,
        steps=(replace(step, took_s=told.timings.setup_s),),
        evidence=files,
    )
    return Record(
        run_id=planned.run_id,
        probe=planned.probe,
        channel=planned.channel,
        target=line.target,
        service=planned.service,
        skill=planned.skill,
        slot=planned.slot,
        trigger=planned.trigger,
        started_at=began,
        ended_at=began + timedelta(seconds=told.timings.total_s or 1.0),
        outcome=outcome,
        message=told.message,
    )
