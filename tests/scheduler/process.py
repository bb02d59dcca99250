"""``python -m tests.scheduler.process JSON``: a small real service that plays nothing, to be stopped and deceived.

Worker, accounts, dispatcher and clock are the product's; a run lasts ``play_s`` and passes. Ends on SIGTERM, drained;
on SIGHUP plans the probes of ``next_probes`` and says ``ready`` again.
Each run notes ``begin`` and ``end`` with its lease in ``log``: from it a test sees whether two ever overlapped.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from probe.calendar import OpenTimes, Plan
from probe.outcome import Outcome, Record, Timings
from probe.reasons import Judged, Reason, Verdict
from scheduler.accounting import Accounting
from scheduler.clock import Clock
from scheduler.dispatch import LocalDispatcher, Rules
from scheduler.places import Needs
from scheduler.timetable import ProbePlan
from scheduler.worker import Worker
from storage.alive import Alive
from storage.database import Database
from storage.journal import Journal
from storage.plans import Plans
from storage.runs import Runs
from storage.values import Planned, Run, Stamp
from tests.farends.processes import die_with_parent

STAMP = Stamp(version="0", config="00" * 32)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a test asks of the process. ``probes``: name → seconds between its slots."""

    url: str
    evidence: str
    log: str
    probes: Mapping[str, float]
    spread: float = 0.2
    play_s: float = 0.0
    skills: int = 0
    """So many skills are shared by all probes; 0: each probe has its own target."""
    max_parallel: int = 8
    zone: str = "Asia/Jakarta"
    next_probes: Mapping[str, float] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Of what a file with these probes would hold."""
        return hashlib.sha256(json.dumps(self.probes, sort_keys=True).encode()).hexdigest()

    def plans(self) -> list[ProbePlan]:
        """The probes, always open."""
        times = OpenTimes(zone=ZoneInfo(self.zone))
        return [
            ProbePlan(
                name=name,
                channel="sip",
                plan=Plan(every_s=every_s, times=times),
                spread_s=every_s * self.spread,
                service="inbound",
                skill=f"skill-{index % self.skills}" if self.skills else None,
            )
            for index, (name, every_s) in enumerate(self.probes.items())
        ]


def key(planned: Planned) -> str:
    """The lease of a run."""
    return f"skill:{planned.service}/{planned.skill}" if planned.skill else f"to:{planned.probe}"


def passed(planned: Planned, started: datetime) -> Record:
    """The result of a test that went well."""
    outcome = Outcome(
        verdict=Verdict.PASS,
        stage=None,
        reason=None,
        owner=None,
        detail="",
        accessibility=Judged.OK,
        availability=Judged.OK,
        timings=Timings(total_s=0.0),
        steps=(),
    )
    return Record(
        run_id=planned.run_id,
        probe=planned.probe,
        channel=planned.channel,
        target=planned.probe or "",
        service=planned.service,
        skill=planned.skill,
        slot=planned.slot,
        trigger=planned.trigger,
        started_at=started,
        ended_at=max(started, datetime.now(UTC)),
        outcome=outcome,
        message="",
    )


@dataclass
class Process:
    """The service inside the process."""

    settings: Settings
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    """To stop, or to plan anew."""

    def _stop(self) -> None:
        self.stopped.set()
        self.told.set()

    async def serve(self) -> None:
        """Until SIGTERM."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self.told.set)
        database = Database(self.settings.url)
        runs = Runs(database, STAMP, Path(self.settings.evidence))
        alive, settings = Alive(database), self.settings
        log = os.open(self.settings.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

        def note(word: str, run: Run) -> None:
            line = {"at": time.monotonic(), "what": word, "run": run.planned.run_id, "key": key(run.planned)}
            line["process"] = os.getpid()
            os.write(log, json.dumps(line).encode() + b"\n")

        async def execute(run: Run, stop: asyncio.Future[Reason]) -> None:
            note("begin", run)
            started = datetime.now(UTC)
            await asyncio.wait({stop}, timeout=self.settings.play_s * random.uniform(0.5, 1.5))  # noqa: S311
            note("end", run)
            await asyncio.to_thread(runs.finish, run.planned.run_id, run.owner or "", passed(run.planned, started))

        async with (
            Worker(runs, alive=alive) as worker,
            Accounting(
                runs,
                Plans(database),
                alive,
                worker,
                journal=Journal(database),
                on_submitted=lambda some: dispatcher.offer(some),  # noqa: PLW0108 - it is made later
            ) as accounting,
            LocalDispatcher(
                runs,
                worker,
                execute,
                Rules(needs=lambda planned: Needs(lease=key(planned)), settled=accounting.settled),
                max_parallel=self.settings.max_parallel,
            ) as dispatcher,
        ):
            async with Clock(accounting.submit, accounting.missed, timepiece=worker.timepiece) as clock:
                while not self.stopped.is_set():
                    self.told.clear()
                    now = datetime.now(UTC)
                    await accounting.replace(settings.plans(), now, settings.fingerprint)
                    clock.replace(settings.plans(), now)
                    sys.stdout.write("ready\n")
                    sys.stdout.flush()
                    await self.told.wait()
                    settings = replace(settings, probes=settings.next_probes)
            await dispatcher.drain(10.0)
        database.close()


def start(settings: Settings, **environment: str) -> subprocess.Popen[str]:
    """Start the process; returns when it is ready."""
    with Path(settings.log).with_suffix(".err").open("a") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.scheduler.process", json.dumps(asdict(settings))],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=os.environ | environment,
            preexec_fn=die_with_parent,  # noqa: PLW1509 one system call, no locks
        )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", f"the process did not start: {process.poll()}"
    return process


def reload(process: subprocess.Popen[str]) -> None:
    """Let it plan its next probes; returns when it does."""
    process.send_signal(signal.SIGHUP)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", f"the process did not reload: {process.poll()}"


def stop(process: subprocess.Popen[str], how: signal.Signals = signal.SIGTERM) -> None:
    """Let it drain and end, or kill it."""
    process.send_signal(how)
    process.wait(30)
    if process.stdout is not None:
        process.stdout.close()


def overlaps(log: Path) -> list[str]:
    """The leases that two runs held at once."""
    held, wrong = dict[str, str](), list[str]()
    for line in sorted(map(json.loads, log.read_text().splitlines()), key=_when):
        if line["what"] == "begin":
            if line["key"] in held:
                wrong.append(line["key"])
            held[line["key"]] = line["run"]
        elif held.get(line["key"]) == line["run"]:
            del held[line["key"]]
    return wrong


def _when(line: dict[str, Any]) -> tuple[float, bool]:
    return line["at"], line["what"] == "begin"


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(Process(Settings(**json.loads(sys.argv[1]))).serve())
