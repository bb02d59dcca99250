"""Point 2: two services on one database share the slots; each is tested once, and no skill twice at a time."""

from __future__ import annotations

import collections
import os
import time
from typing import Any

from prove import audit, setting, worlds
from prove.campaign import Campaign, Result, Room
from prove.worlds import World
from tests.farends.postgres import Postgres

LOAD_S = float(os.environ.get("SIAGA_TWO_S", "300"))
PROBES, EVERY_S, SKILLS = 24, 3, 18
HOURS, OFTEN_MIN = 2, 30
"""What is simulated: as many slots as come in so many hours, of probes that are tested this often."""
SPREAD = 0.2
"""The share of a slot over which starts are spread where the configuration says nothing."""
PLAYED_SHARE = 0.9


def run(room: Room) -> Result:
    """Two real services with real calls to a contact centre in a box, on each database."""
    result = Result()
    with Postgres() as server, worlds.box(room.scratch("kotak")) as (hostport, _):
        for kind in ("sqlite", "postgresql"):
            folder = room.scratch(f"dua-{kind}")
            names = [f"p-{number:02}" for number in range(PROBES)]
            world = World(kind, worlds.url_of(kind, folder, server), folder, dict.fromkeys(names, EVERY_S * 1000))
            _write(world, hostport)
            _load(world)
            _judge(world, result)
    slots = PROBES * LOAD_S / EVERY_S
    simulated = slots / (HOURS * 60 / OFTEN_MIN)
    said = (
        f"Simulated: {PROBES} probes every {EVERY_S} s for {LOAD_S:.0f} s are {slots:.0f} slots, as many as "
        f"{simulated:.0f} probes every {OFTEN_MIN} minutes have in {HOURS} hours. Every slot is a real call that the "
        f"box refuses with 486; {PROBES} probes share {SKILLS} skills."
    )
    result.notes = [said, *result.notes]
    return result


def _write(world: World, hostport: str) -> None:
    lines = list[str]()
    for number, name in enumerate(world.every_ms):
        probe = setting.probe(name, f"sip:1500+busy@{hostport}", (setting.ANSWER,), f'every = "{EVERY_S}s"')
        skill = f'skill = "keahlian-{number % SKILLS}"\nservice = "inbound"'
        lines += [skill if line.startswith("skill =") else line for line in probe]
    world.write("max_parallel = 12", *lines)


def _load(world: World) -> None:
    services = [world.start() for _ in range(2)]
    try:
        for service in services:
            worlds.ready(service)
        time.sleep(LOAD_S)  # the load itself
        for service in services:
            service.stop()
    finally:
        for service in services:
            service.close()


def _judge(world: World, result: Result) -> None:
    kept = audit.read(world.url)
    slots, states = audit.slots(kept, world.every_ms, SPREAD), kept.states()
    result.add(f"{world.name}: slots twice", "0", str(len(slots.twice)), not slots.twice and slots.planned > 0)
    found = f"{slots}; {slots.states['done']} done, {slots.states['lost']} lost, {slots.states['missed']} missed"
    result.add(f"{world.name}: slots that nobody entered, or lost", "0", found, slots.good and not states["lost"])
    played = slots.states["done"] / max(1, slots.planned)
    result.add(
        f"{world.name}: slots that were tested", f">= {PLAYED_SHARE:.0%}", f"{played:.1%}", played >= PLAYED_SHARE
    )
    by_service = [len(audit.acknowledged([log])) for log in world.logs()]
    result.add(
        f"{world.name}: both did their share", "each some", f"{by_service}", len(by_service) == 2 and all(by_service)
    )
    both = _at_once(kept.results)
    result.add(f"{world.name}: two tests of one skill at once", "none", f"{len(both)}", not both)
    said = [run for log in world.logs() for run in audit.acknowledged([log])]
    twice = [run for run, count in collections.Counter(said).items() if count > 1]
    unkept = [run for log in world.logs() for run in audit.unkept(audit.acknowledged([log]), kept)]
    result.add(
        f"{world.name}: results told by both, or told and not kept",
        "0",
        f"{len(twice) + len(unkept)}",
        not twice and not unkept,
    )
    ran = world.installation.run("verify", within_s=600)
    result.add(f"{world.name}: siaga verify", "exit 0", f"exit {ran.exit_code}", ran.exit_code == 0)
    causes = collections.Counter(row["cause"] for row in kept.results if row["cause"])
    result.notes += ["", f"{world.name}: missed by cause: {dict(causes) or 'none'}"]


def _at_once(rows: list[dict[str, Any]]) -> list[str]:
    """Skills of which a test began before the one before it had ended."""
    last, found = dict[str, int](), list[str]()
    for row in sorted((row for row in rows if row["state"] == "done"), key=lambda row: row["at_ms"]):
        if row["at_ms"] < last.get(row["skill"], 0):
            found.append(row["skill"])
        last[row["skill"]] = max(last.get(row["skill"], 0), row["ended_ms"])
    return found


CAMPAIGN = Campaign(
    "two_services",
    2,
    "Two services on one database for two hours of simulated load, on SQLite and on PostgreSQL: no slot twice, none "
    "lost.",
    run,
)
