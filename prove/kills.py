"""Point 1: the service is killed at random moments; what it had acknowledged is kept, and every slot has its row."""

from __future__ import annotations

import collections
import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from prove import audit, setting, worlds
from prove.campaign import Campaign, Result, Room
from prove.worlds import World
from tests.end_to_end.serving import Service
from tests.farends import dialplan
from tests.farends.asterisk import Asterisk
from tests.farends.postgres import Postgres

KILLS = int(os.environ.get("SIAGA_KILLS", "300"))
HEAVY_SHARE = 6
"""One round in six has calls up against Asterisk."""
KINDS = ("sqlite", "postgresql")
CALLS, DIALLED = 8, 10
LIMIT_S = 2.0
LATEST_S = 12.0
"""Heavy rounds end at a random moment so long after the calls came up: greeting, key, queue, agent."""
MOST_ENDED, WITHIN_S, THEN_S = 6, 8.0, 1.0
"""Light rounds end a random moment after a random number of results; on a busy machine without having come to it."""
STARTING_SHARE, STARTING_S = 0.15, 2.5
"""Some rounds end while the service still starts, enters what was missed, or migrates."""
SIDE_BY_SIDE = 2
"""Light worlds of each kind."""


@dataclass
class Tally:
    """What was done to one world."""

    world: World
    kills: int = 0
    starting: int = 0
    """Of them before the service was ready."""
    up: list[int] = field(default_factory=list)
    """Calls up at each heavy kill."""
    idle_s: list[float] = field(default_factory=list)
    left: int = 0
    """Channels of Asterisk that were up after the limit."""


def run(room: Room) -> Result:
    """Light rounds in several worlds at once, then heavy ones against an Asterisk for each kind of database."""
    heavy = KILLS // HEAVY_SHARE
    light = KILLS - heavy
    with Postgres(durable=True) as server:
        with worlds.box(room.scratch("kotak")) as (hostport, prompts):
            makers = [
                _light_world(room, kind, number, server, hostport, prompts)
                for number in range(SIDE_BY_SIDE)
                for kind in KINDS
            ]
            lights = _play(makers, light, _light_round)
            kept = _settled(lights, "1500+endless_queue", "1500+busy")
        centres = {kind: room.centre() for kind in KINDS}
        wards = [_heavy_world(room, kind, server, centre) for kind, centre in centres.items()]
        heavies = _play(wards, heavy, lambda t, dice: _heavy_round(t, dice, centres[t.world.engine]))
        kept += _settled(heavies, f'to = "{dialplan.LOCAL_AGENT}', f'to = "{dialplan.BUSY}')
        return _result(lights + heavies, kept)


def _play(tallies: list[Tally], rounds: int, play: Callable[[Tally, random.Random], None]) -> list[Tally]:
    """Share the rounds out; worlds beside each other, the rounds of one after the other."""

    def rounds_of(index: int) -> Tally:
        dice = random.Random(f"{rounds}-{index}")  # noqa: S311 no secret
        for _ in range(rounds // len(tallies) + (index < rounds % len(tallies))):
            play(tallies[index], dice)
        return tallies[index]

    with ThreadPoolExecutor(len(tallies)) as pool:
        return list(pool.map(rounds_of, range(len(tallies))))


def _settled(tallies: list[Tally], long: str, short: str) -> list[audit.Kept]:
    with ThreadPoolExecutor(len(tallies)) as pool:
        return list(pool.map(lambda tally: tally.world.settle(long, short), tallies))


# --- worlds --------------------------------------------------------------------------------------------------------


def _light_world(room: Room, kind: str, number: int, server: Postgres, hostport: str, prompts: Path) -> Tally:
    folder = room.scratch(f"ringan-{kind}-{number}")
    often = {"sibuk": 1000, "sibuk-2": 1000, "salam": 2000, "tak-dikenal": 3000, "lama": 5000}
    world = World(f"light {kind} {number + 1}", worlds.url_of(kind, folder, server), folder, often)
    numbers = {"salam": "1500", "tak-dikenal": "1500+not_found", "lama": "1500+endless_queue"}
    scripts = {
        "salam": (setting.ANSWER, setting.GREETING),
        "lama": (setting.ANSWER, setting.GREETING, setting.agent(60)),
    }
    probes = [
        setting.probe(
            name,
            f"sip:{numbers.get(name, '1500+busy')}@{hostport}",
            scripts.get(name, (setting.ANSWER,)),
            *_every(every),
        )
        for name, every in often.items()
    ]
    world.write(f'[dial]\nallow = ["1500*"]\n{_COURTESY}', *(line for lines in probes for line in lines))
    _set_prompts(world, prompts)
    return Tally(world)


def _heavy_world(room: Room, kind: str, server: Postgres, centre: Asterisk) -> Tally:
    folder = room.scratch(f"berat-{kind}")
    numbers = [f"{dialplan.LOCAL_AGENT}{call:03}" for call in range(DIALLED)]
    world = World(
        f"heavy {kind}",
        worlds.url_of(kind, folder, server),
        folder,
        {f"p{number}": 2000 for number in numbers},
    )
    steps = (
        setting.ANSWER,
        setting.GREETING,
        setting.PRESS,
        setting.agent(60),
        '{ expect = "tone:busy", within = "60s" }',
    )
    probes = [setting.probe(f"p{number}", number, steps, 'trunk = "t"', *_every(2000)) for number in numbers]
    trunk = setting.trunk("t", centre, "cabang")
    world.write(f'[dial]\nallow = ["2*"]\n{_COURTESY}', *trunk, *(line for lines in probes for line in lines))
    _set_prompts(world, centre.voices / "prompts")
    return Tally(world)


_ENDED = '"event": "run ended"'
_COURTESY = "[courtesy]\nmax_agent_s = 600\nagent_seconds_per_hour = 3600"


def _every(every_ms: int) -> tuple[str, str]:
    return f'every = "{every_ms}ms"', 'spread = "0s"'


def _set_prompts(world: World, prompts: Path) -> None:
    file = world.folder / "siaga.toml"
    file.write_text(f'prompts = "{prompts}"\n' + file.read_text("utf-8"), "utf-8")


# --- rounds --------------------------------------------------------------------------------------------------------


def _light_round(tally: Tally, dice: random.Random) -> None:
    service = tally.world.start()
    try:
        if dice.random() < STARTING_SHARE:
            tally.starting += 1
            time.sleep(dice.uniform(0.1, STARTING_S))  # the campaign kills at random moments: this is the moment
        else:
            worlds.ready(service)
            _live(service, dice)
        _kill(service, tally)
    finally:
        service.close()


def _live(service: Service, dice: random.Random) -> None:
    wanted, deadline = dice.randint(0, MOST_ENDED), time.monotonic() + WITHIN_S
    while service.log.count(_ENDED) < wanted and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(dice.uniform(0.0, THEN_S))


def _heavy_round(tally: Tally, dice: random.Random, centre: Asterisk) -> None:
    service = tally.world.start()
    try:
        worlds.ready(service)
        deadline = time.monotonic() + 30
        while _up(centre) < CALLS and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(dice.uniform(0.0, LATEST_S))
        tally.up.append(_up(centre))
        _kill(service, tally)
        began = time.monotonic()
        tally.left += len(centre.wait_until_idle(LIMIT_S))
        tally.idle_s.append(time.monotonic() - began)
    finally:
        service.close()
    centre.wait_until_idle(60)  # whatever was left over is counted above; the next round begins clean


def _kill(service: Service, tally: Tally) -> None:
    if service.process.poll() is not None:
        raise RuntimeError(f"the service ended by itself: {service.log[-2000:]}")
    service.process.kill()
    service.process.wait(30)
    tally.kills += 1


def _up(centre: Asterisk) -> int:
    """Calls of ours that Asterisk holds this instant."""
    return sum(name.startswith("PJSIP/") for name in centre.channels())


# --- what came of it -----------------------------------------------------------------------------------------------


def _result(tallies: list[Tally], kept: list[audit.Kept]) -> Result:
    result = Result()
    for kind in KINDS:
        mine = [(t, k) for t, k in zip(tallies, kept, strict=True) if t.world.engine == kind]
        _of_kind(kind, mine, result)
    kills = sum(tally.kills for tally in tallies)
    result.add("SIGKILLs of the service", str(KILLS), str(kills), kills == KILLS >= 1)
    up = [count for tally in tallies for count in tally.up]
    enough = sum(count >= CALLS for count in up)
    result.add(
        f"of them with at least {CALLS} calls up against Asterisk", str(KILLS // HEAVY_SHARE),
        f"{enough} of {len(up)}, {min(up, default=0)} to {max(up, default=0)} calls", enough == len(up) > 0,
    )  # fmt: skip
    left, slowest = sum(t.left for t in tallies), max((s for t in tallies for s in t.idle_s), default=0.0)
    found = f"{left} left; all gone after {slowest:.2f} s at the latest"
    result.add("channels of Asterisk after the kill", f"none after {LIMIT_S:.0f} s", found, left == 0 < len(up))
    starting = sum(tally.starting for tally in tallies)
    result.notes += [f"{starting} kills hit a service that was still starting.", ""]
    result.notes += ["| world | kills | entries | done | lost | missed | acknowledged | slots |", "| --- " * 8 + "|"]
    for tally, one in zip(tallies, kept, strict=True):
        states, said = one.states(), audit.acknowledged(tally.world.logs())
        counts = (states.total(), states["done"], states["lost"], states["missed"], len(said))
        slots = audit.slots(one, tally.world.every_ms)
        result.notes.append(f"| {' | '.join(map(str, (tally.world.name, tally.kills, *counts, slots)))} |")
    return result


def _of_kind(kind: str, mine: list[tuple[Tally, audit.Kept]], result: Result) -> None:
    said = [(audit.acknowledged(t.world.logs()), k) for t, k in mine]
    unkept = [run for acknowledged, one in said for run in audit.unkept(acknowledged, one)]
    count = sum(len(acknowledged) for acknowledged, _ in said)
    kills = sum(tally.kills for tally, _ in mine)
    enough = count >= kills
    result.add(f"{kind}: acknowledged results not kept", "0", f"{len(unkept)} of {count}", enough and not unkept)
    partial = [wrong for tally, one in mine for wrong in audit.partial(one, tally.world.evidence)]
    partial += [wrong for _, one in mine for wrong in audit.unequal(one)]
    done = sum(one.states()["done"] for _, one in mine)
    result.add(f"{kind}: partial results, evidence that differs", "0", f"{len(partial)} of {done}", not partial)
    slots = [audit.slots(one, tally.world.every_ms) for tally, one in mine]
    running = [run["run_id"] for _, one in mine for run in one.live if run["state"] == "running"]
    good = all(not (one.absent or one.twice or one.strange) for one in slots) and not running
    result.add(f"{kind}: each slot has one entry", "all, none twice", "; ".join(map(str, slots)), good)
    states = sum((one.states for one in slots), collections.Counter[str]())
    planned, waiting = sum(one.planned for one in slots), sum(one.waiting for one in slots)
    result.add(
        f"{kind}: planned = done + lost + missed", "equal",
        f"{planned} - {waiting} still waiting = {states['done']} + {states['lost']} + {states['missed']}",
        all(one.good for one in slots) and states["lost"] > 0,
    )  # fmt: skip
    verified = [tally.world.installation.run("verify", within_s=600) for tally, _ in mine]
    sound = [ran for ran in verified if ran.exit_code == 0]
    found = f"{len(sound)} of {len(verified)} records: {verified[0].stdout.strip().splitlines()[-1:]}"
    result.add(f"{kind}: siaga verify", "exit 0", found, len(sound) == len(verified))
    result.notes += [f"- {kind}: {what}" for what in (unkept + partial)[:20]]
    result.notes += [f"- {kind}: {ran.stdout[:500]} {ran.stderr[-300:]}" for ran in verified if ran.exit_code]


CAMPAIGN = Campaign(
    "kills",
    1,
    "SIGKILL of the service at 300 random moments, on SQLite and on PostgreSQL, with at least 8 calls up against "
    "Asterisk in 50 of them: nothing acknowledged lost, no partial result, no call left up after 2 s, planned = done + "
    "lost + missed, the chain verifies, the hashes of the evidence match.",
    run,
)
