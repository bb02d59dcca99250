"""``python -m prove.load CONFIG STEADY_S APART_S NAME…``: probes at once, and what it cost: late frames, CPU.

Late frames are counted by the engines' own beats; ``APART_S`` lies between two probes' beginnings. Prints one JSON
object when all have ended. The cost is taken in the steady state, from the last answer on.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from channels.sip import SipChannel
from channels.voice.process import EngineProcess
from probe.observation import Answered
from probe.outcome import Record
from probe.play import Event, Listener, Seen
from prove.many import prepare
from scheduler.asked import perform
from scheduler.worker import Worker
from siaga.cli.logs import configure
from siaga.cli.running import Prepared

SAMPLE_S = 0.25
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Meter:
    """Counts while every call is up."""

    calls: int
    steady_s: float
    answered: int = 0
    began: float | None = None
    ended: float | None = None
    frames: int = 0
    late: int = 0
    worst_gap_s: float = 0.0
    parent_cpu_s: float = 0.0
    engine_cpu_s: list[tuple[float, int]] = field(default_factory=list)
    """Of each engine, with its calls."""
    engines: int = 0
    _all_answered: asyncio.Event = field(default_factory=asyncio.Event)
    _seen: set[tuple[int, float]] = field(default_factory=set)

    def listener(self) -> Listener:
        """Hears of the answers."""

        def hear(event: Event) -> None:
            self.answered += isinstance(event, Seen) and isinstance(event.observation, Answered)
            if self.answered >= self.calls:
                self._all_answered.set()

        return hear

    async def watch(self, channel: SipChannel) -> None:
        """Sample until the steady time is over."""
        await self._all_answered.wait()
        engines = list(channel.engines)
        self.engines = sum(1 for engine in engines if engine.seats)
        for engine in engines:
            self._beat(engine, count=False)
        at_work = [engine for engine in engines if engine.seats]
        began, cpu_began = time.monotonic(), [_cpu_s(pid) for pid in (os.getpid(), *(e.pid for e in at_work))]
        while time.monotonic() - began < self.steady_s:
            await asyncio.sleep(SAMPLE_S)
            for engine in engines:
                self._beat(engine, count=True)
        self.began, self.ended = began, time.monotonic()
        cpu_ended = [_cpu_s(pid) for pid in (os.getpid(), *(e.pid for e in at_work))]
        self.parent_cpu_s, *spent = (after - before for before, after in zip(cpu_began, cpu_ended, strict=True))
        self.engine_cpu_s = [(cpu_s, engine.seats) for cpu_s, engine in zip(spent, at_work, strict=True)]

    def _beat(self, engine: EngineProcess, *, count: bool) -> None:
        beat = engine.last_beat
        if beat is None or (engine.pid, beat.at) in self._seen:
            return
        self._seen.add((engine.pid, beat.at))
        if count:
            self.frames += beat.frames
            self.late += beat.late
            self.worst_gap_s = max(self.worst_gap_s, beat.worst_gap_s)


def _cpu_s(pid: int) -> float:
    """User and system time of a process, seconds."""
    parts = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / _TICKS


async def _measure(path: str, names: list[str], steady_s: float, apart_s: float) -> dict[str, object]:
    prepared = prepare(Path(path), names)
    house = prepared[0].house
    channel = cast("SipChannel", house.channel("sip"))
    meter = Meter(len(names), steady_s)
    watch = asyncio.create_task(meter.watch(channel))
    try:
        async with Worker(await asyncio.to_thread(house.runs)) as worker:
            records = await asyncio.gather(
                *(_begin(one, worker.owner, meter, place * apart_s) for place, one in enumerate(prepared))
            )
    finally:
        watch.cancel()
        await house.close()
    return {
        "answered": meter.answered,
        "engines": meter.engines,
        "steady_s": (meter.ended or 0.0) - (meter.began or 0.0),
        "frames": meter.frames,
        "late": meter.late,
        "worst_gap_s": meter.worst_gap_s,
        "cpu_s": meter.parent_cpu_s + sum(spent for spent, _ in meter.engine_cpu_s),
        "parent_cpu_s": meter.parent_cpu_s,
        "engine_cpu_s": meter.engine_cpu_s,
        "records": [record.to_json() for record in records],
    }


async def _begin(one: Prepared, owner: str, meter: Meter, after_s: float) -> Record:
    await asyncio.sleep(after_s)
    return await perform(one.order, one.house, owner, on_event=meter.listener())


def main(path: str, steady_s: str, apart_s: str, *names: str) -> int:
    """Run and print."""
    configure(0)
    found = asyncio.run(_measure(path, list(names), float(steady_s), float(apart_s)))
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
