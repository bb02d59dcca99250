"""Point 2: what was due while nobody was there is entered before anything new, however the time went by."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from prove import audit, setting, worlds
from prove.campaign import Campaign, Result, Room
from prove.worlds import World
from tests.end_to_end.serving import Service
from tests.farends.faketime import WallClock
from tests.farends.postgres import Postgres
from tests.farends.programs import ROOT

ZONE = ZoneInfo("Asia/Jakarta")
NAMES = ("ivr", "wa", "tagihan")
HALF_HOUR_MS = 1_800_000
PATIENCE_S = 120.0
SLEEP = """import select, time
time.sleep = lambda seconds: select.select([], [], [], seconds) and None
"""
"""Read by Python at its start: libfaketime 0.9.10 refuses the system call behind time.sleep (clock_nanosleep)."""
SEVEN = ["08:30", "09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
EXPECTED = [
    ("08:00", "done"), *((slot, "down") for slot in SEVEN), ("12:00", "done"),
    ("12:30", "down"), ("13:00", "down"), ("13:30", "done"), ("14:00", "done"),
    ("14:30", "down"), ("15:00", "done"), ("15:30", "done"),
]  # fmt: skip
"""Of each probe, in the order in which it was entered."""


@dataclass
class Stage:
    """A service, its wall clock, and what was said of it."""

    world: World
    wall: WallClock
    day: datetime
    """Local midnight."""
    service: Service | None = None
    notes: list[str] = field(default_factory=list)

    def at(self, clock: str) -> None:
        """Set the wall clock of the service; while it runs, that is a step."""
        hour, minute, second = (int(part) for part in clock.split(":"))
        moment = self.day + timedelta(hours=hour, minutes=minute, seconds=second)
        self.wall.set_by((moment - datetime.now(ZONE)).total_seconds())
        self.notes.append(f"clock at {clock}")

    def start(self) -> None:
        self.service = self.world.start(environment=self.wall.environment)
        worlds.ready(self.service)
        self.notes.append("service started")

    def stop(self) -> None:
        assert self.service is not None
        code = self.service.stop()
        self.service.close()
        self.service = None
        self.notes.append(f"service stopped (exit {code})")

    def rows(self) -> list[dict[str, Any]]:
        return sorted(audit.read(self.world.url).results, key=lambda row: row["seq"])

    def until_done(self, slot: str) -> None:
        """Until the slot was played for each probe."""

        def played() -> bool:
            return len([row for row in self.rows() if _clock(row) == slot and row["state"] == "done"]) == len(NAMES)

        _until(played, f"{slot} played", self)

    def until_entered(self, slot: str) -> None:
        """Until the slot has its row, whatever it says."""
        _until(lambda: len([row for row in self.rows() if _clock(row) == slot]) == len(NAMES), f"{slot} entered", self)


def run(room: Room) -> Result:
    """One long day on each database, side by side."""
    result = Result()
    with Postgres() as server, worlds.box(room.scratch("kotak")) as (hostport, _):
        stages = [_stage(room, kind, server, hostport) for kind in ("sqlite", "postgresql")]
        with ThreadPoolExecutor(len(stages)) as pool:
            list(pool.map(_live, stages))
        for stage in stages:
            _judge(stage, result)
    return result


def _stage(room: Room, kind: str, server: Postgres, hostport: str) -> Stage:
    folder = room.scratch(f"hari-{kind}")
    world = World(kind, worlds.url_of(kind, folder, server), folder, dict.fromkeys(NAMES, HALF_HOUR_MS))
    probes = [
        setting.probe(name, f"sip:1500+busy@{hostport}", (setting.ANSWER,), 'every = "30m"', 'spread = "0s"')
        for name in NAMES
    ]
    world.write(*(line for lines in probes for line in lines))
    clock = room.scratch(f"jam-{kind}")
    (clock / "sitecustomize.py").write_text(SLEEP, "utf-8")
    world.environment["PYTHONPATH"] = f"{clock}:{ROOT}"
    midnight = datetime.now(ZONE).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return Stage(world, WallClock(clock), midnight)


def _live(stage: Stage) -> None:
    """The day. Steps inside the same half-hour only save the waiting."""
    try:
        _stopped(stage)
        _stepped(stage)
        _frozen(stage)
    finally:
        if stage.service is not None:
            stage.service.close()


def _stopped(stage: Stage) -> None:
    stage.at("7:59:40")
    stage.start()
    stage.at("7:59:48")
    stage.until_done("08:00")
    stage.stop()
    stage.at("8:04:50")
    stage.start()
    stage.stop()  # at 08:05
    stage.at("11:40:00")
    stage.start()
    stage.until_entered("11:30")
    stage.at("11:59:48")
    stage.until_done("12:00")


def _stepped(stage: Stage) -> None:
    """An hour forward, then an hour back over slots that were played, and on."""
    stage.at("12:05:00")
    _rest()
    stage.at("13:05:00")
    stage.until_entered("13:00")
    stage.at("13:29:48")
    stage.until_done("13:30")
    stage.at("12:31:00")
    _rest()
    for again in ("12:59:48", "13:29:48"):
        stage.at(again)
        _rest()
    stage.at("13:59:48")
    stage.until_done("14:00")


def _frozen(stage: Stage) -> None:
    """Ten minutes without a breath."""
    assert stage.service is not None
    stage.at("14:25:00")
    _rest()
    stage.service.tell(signal.SIGSTOP)
    stage.notes.append("SIGSTOP")
    stage.at("14:35:00")
    time.sleep(1.0)  # a stopped process announces nothing
    stage.service.tell(signal.SIGCONT)
    stage.notes.append("SIGCONT")
    stage.until_entered("14:30")
    for slot, clock in (("15:00", "14:59:48"), ("15:30", "15:29:48")):
        stage.at(clock)
        stage.until_done(slot)
    stage.stop()


def _rest() -> None:
    """Time for slots to be played a second time, were it so."""
    time.sleep(20.0)


def _until(what: Callable[[], bool], named: str, stage: Stage) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        if time.monotonic() > deadline:
            told = [(row["probe"], _clock(row), _fate(row)) for row in stage.rows()[-12:]]
            raise TimeoutError(f"{stage.world.name}: not within {PATIENCE_S:.0f} s: {named}; the last rows: {told}")
        time.sleep(0.5)  # another process announces nothing


def _clock(row: dict[str, Any]) -> str:
    return f"{datetime.fromtimestamp(row['slot_ms'] / 1000, ZONE):%H:%M}" if row["slot_ms"] is not None else ""


def _fate(row: dict[str, Any]) -> str:
    return str(row["cause"] or row["state"])


def _judge(stage: Stage, result: Result) -> None:
    world, rows, kept = stage.world, stage.rows(), audit.read(stage.world.url)
    by_probe = {name: [(_clock(row), _fate(row)) for row in rows if row["probe"] == name] for name in NAMES}
    first_new = min((row["seq"] for row in rows if _clock(row) == "12:00"), default=0)
    down = [row["seq"] for row in rows if _clock(row) in SEVEN and row["cause"] == "down"]
    found = f"{len(down)} rows, all before the first new run: {bool(down) and max(down) < first_new}"
    result.add(
        f"{world.name}: stopped from 08.05 to 11.40, missed: down", f"{len(SEVEN)} x {len(NAMES)} probes, before 12.00",
        found, len(down) == len(SEVEN) * len(NAMES) and max(down) < first_new,
    )  # fmt: skip
    parts = {"the clock set an hour forward and back": ("12:30", "14:00"), "ten minutes of SIGSTOP": ("14:30", "15:30")}
    for what, (first, last) in parts.items():
        wanted = [one for one in EXPECTED if first <= one[0] <= last]
        told = {name: [one for one in mine if first <= one[0] <= last] for name, mine in by_probe.items()}
        right = sum(mine == wanted for mine in told.values())
        result.add(f"{world.name}: {what}", _listed(wanted), f"{right} of {len(NAMES)} probes", right == len(NAMES))
    slots = audit.slots(kept, world.every_ms)
    result.add(
        f"{world.name}: the whole day", "each slot once, in order", str(slots), slots.good and _all_right(by_probe)
    )
    ran = world.installation.run("verify", within_s=300)
    result.add(f"{world.name}: siaga verify", "exit 0", f"exit {ran.exit_code}", ran.exit_code == 0)
    result.notes += [f"## {world.name}", "", f"What was done: {'; '.join(stage.notes)}.", ""]
    result.notes += [f"- {name}: {_listed(mine)}" for name, mine in by_probe.items()]
    result.notes += [""]


def _all_right(by_probe: dict[str, list[tuple[str, str]]]) -> bool:
    return all(mine == EXPECTED for mine in by_probe.values())


def _listed(rows: list[tuple[str, str]]) -> str:
    return ", ".join(f"{slot} {fate}" for slot, fate in rows)


CAMPAIGN = Campaign(
    "down",
    2,
    "Service stopped from 08.05 to 11.40: seven half-hour rows `missed: down` per probe before the first new run; the "
    "same when the clock is set an hour forward and back, and after ten minutes of SIGSTOP; no slot twice.",
    run,
)
