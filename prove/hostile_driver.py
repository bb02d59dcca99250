"""Drives the product's own channel, player and judge against a far end that means harm: many short calls at once."""

from __future__ import annotations

import asyncio
import collections
import itertools
import resource
import shutil
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from channels.sip import SipChannel, user_agent
from channels.voice.pool import Pool, Seat
from channels.voice.ports import PortRange
from channels.voice.process import MAX_CALLS, EngineProcess
from channels.voice.trunk import Trunk
from probe.conclude import conclude
from probe.observation import Ended, Refused, Trouble, Unreachable
from probe.outcome import Outcome
from probe.play import play
from probe.reasons import Reason, Verdict
from probe.script import EndStep, ExpectStep, PressStep, Step
from probe.session import Target
from probe.walk import Walk
from tests.farends.hostile import HostileFarEnd
from tests.farends.hostile_plays import PLAYS, Counts

CAP_S: Final = 2.0
HANG_S: Final = 12.0
"""A call of 2 s with its 2.5 s of closing and the 3 s that a hung engine may be silent is over long before."""
SCRIPT: Final[tuple[Step, ...]] = (
    ExpectStep.model_validate({"expect": "answer", "within": "1s"}),
    PressStep(press="1", barge_in=True),
    ExpectStep.model_validate({"expect": "tone:busy", "within": "300ms"}),
    EndStep(end=True),
)
BESIDE_S: Final = 1.0
HEALTHY_S: Final = 20.0
HEALTHY: Final[tuple[Step, ...]] = (
    ExpectStep.model_validate({"expect": "answer", "within": "5s"}),
    ExpectStep.model_validate({"expect": "prompt:selamat-datang", "within": "8s"}),
    EndStep(end=True),
)


@dataclass
class Call:
    """One call: what it met and what the product said about it."""

    name: str
    engine: EngineProcess | None = None
    outcome: Outcome | None = None
    walk: Walk | None = None
    error: str = ""
    took_s: float = 0.0

    @property
    def blames_target(self) -> bool:
        """A verdict that says something about the target."""
        return self.outcome is not None and self.outcome.verdict is not Verdict.INCONCLUSIVE

    @property
    def lost_its_engine(self) -> bool:
        """The engine died before the call had come to an end of its own."""
        if self.engine is None or self.walk is None or not self.engine.died.is_set():
            return False
        if any(t.reason is Reason.ENGINE_CRASHED for t in self.walk.seen(Trouble)):
            return True
        ends = [seen.at for kind in (Ended, Refused, Unreachable, Trouble) for seen in self.walk.seen(kind)]
        died_at = self.engine.died_at or 0.0
        return died_at <= self.walk.ended and not any(at <= died_at for at in ends)

    @property
    def ended_beside_a_loss(self) -> bool:
        """The engine died within the call's last moments, after the far end's own BYE or refusal had been seen."""
        if self.engine is None or self.walk is None or self.engine.died_at is None or self.lost_its_engine:
            return False
        return self.engine.cause != "told to leave" and self.engine.died_at < self.walk.ended + BESIDE_S


@dataclass(frozen=True)
class Loss:
    """An engine that died without being told to, with the tail of its stderr and the calls it carried."""

    cause: str
    stderr: str
    calls: tuple[str, ...]

    @property
    def signature(self) -> str:
        """The assertion or signal that ended it."""
        lines = [line for line in self.stderr.splitlines() if "Assertion" in line or line.startswith("Fatal")]
        return lines[0].removeprefix("python: ") if lines else self.cause


@dataclass
class Tally:
    """Everything a campaign found out."""

    calls: list[Call] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    took_s: float = 0.0
    parent_mib_before: float = 0.0
    parent_mib_after: float = 0.0
    engines: int = 0
    healthy: list[str] = field(default_factory=list)
    """What became of the healthy calls at the end, one on every seat."""

    @property
    def wrongly_blamed(self) -> list[Call]:
        """Calls whose engine was lost and whose verdict speaks of the target nevertheless: must stay empty."""
        return [call for call in self.calls if call.lost_its_engine and call.blames_target]

    @property
    def hung(self) -> list[Call]:
        """Calls past every limit, or ended by an exception of ours."""
        return [call for call in self.calls if call.error or call.took_s > HANG_S]

    @property
    def verdicts(self) -> collections.Counter[str]:
        return collections.Counter(said(call) for call in self.calls)


class SeatOf(Pool):
    """The product's pool as one call sees it: remembers in which engine the call sat last."""

    def __init__(self, pool: Pool, call: Call, engines: list[EngineProcess]) -> None:
        self._shared = pool
        self._call = call
        self._all = engines

    async def seat(self, account: str) -> Seat:
        seat = await self._shared.seat(account)
        self._call.engine = seat.engine
        if seat.engine not in self._all:
            self._all.append(seat.engine)
        return seat


class Driver:
    """Runs calls, ``at_once`` of them in parallel, and keeps the tally."""

    def __init__(self, far_end: HostileFarEnd, folder: Path, at_once: int = 8) -> None:
        self._far_end = far_end
        self._folder = folder
        self._at_once = at_once
        self._pool = Pool(user_agent(), PortRange(folder=folder / "ports"))
        self._engines: list[EngineProcess] = []
        self._buried: set[int] = set()
        self.tally = Tally(parent_mib_before=_resident_mib())

    async def start(self) -> None:
        """Have an engine ready, so that the first call's cap is not spent on it. Raises EngineDied."""
        await self._pool.start()

    async def run(self, answers: int, limit_s: float, plays: tuple[str, ...] = (), first_seed: int = 0) -> None:
        """Call until so many malformed answers have been sent, or the time is up."""
        began = time.monotonic()
        kinds = itertools.cycle(plays or tuple(PLAYS))
        seeds = itertools.count(first_seed)

        async def work() -> None:
            while self._far_end.counts.answers < answers and time.monotonic() - began < limit_s:
                seed = next(seeds)
                await self.play(next(kinds), seed, "tcp" if seed % 10 == 9 else "udp")

        await asyncio.gather(*(work() for _ in range(self._at_once)))
        self.tally.took_s += time.monotonic() - began

    async def play(self, name: str, seed: int, transport: str = "udp") -> Call:
        """One call to the far end that does this play."""
        call = Call(f"{name}-{seed} {transport}")
        await self.call(call, self._far_end.uri(name, seed, transport))
        self.tally.calls.append(call)
        self._bury()
        return call

    async def register(self, name: str, seed: int) -> Call:
        """One call through a trunk whose registrar does this play to every REGISTER."""
        call = Call(f"{name}-{seed} register")
        host = f"{self._far_end.host}:{self._far_end.port}"
        user = f"{name}-{seed}"
        trunk = Trunk(name=user, registrar=f"sip:{host}", username=user, password="x", register=True)  # noqa: S106
        await self.call(call, f"sip:1500@{host}", trunk=trunk)
        self.tally.calls.append(call)
        self._bury()
        return call

    async def replay(self, message: str) -> Call:
        """One call to the far end that sends a kept message."""
        call = Call(message)
        await self.call(call, f"sip:file-{message}@{self._far_end.host}:{self._far_end.port}")
        self.tally.calls.append(call)
        self._bury()
        return call

    async def call(
        self,
        call: Call,
        uri: str,
        script: tuple[Step, ...] = SCRIPT,
        prompts: Path | None = None,
        cap_s: float = CAP_S,
        trunk: Trunk | None = None,
    ) -> None:
        """One call as the product makes it; an exception is kept as a finding."""
        evidence = Path(tempfile.mkdtemp(dir=self._folder))
        target = Target(run_id=evidence.name, to=uri, cap_s=cap_s, evidence=evidence, record="none", prompts=prompts)
        if trunk is not None:
            target = replace(target, trunk=trunk.name)
        trunks = {trunk.name: trunk} if trunk is not None else None
        channel, began = SipChannel(trunks, SeatOf(self._pool, call, self._engines)), time.monotonic()
        try:
            async with asyncio.timeout(cap_s + 3 * HANG_S):
                session = await channel.open(target)
                try:
                    call.walk = await play(script, session, cap_s=cap_s)
                finally:
                    report = await session.close()
                call.outcome = conclude(call.walk, report)
        except Exception as error:  # noqa: BLE001  # an exception out of a call is the very thing looked for here
            call.error = f"{type(error).__name__}: {error}"
        call.took_s = time.monotonic() - began
        shutil.rmtree(evidence, ignore_errors=True)

    async def check(self, centre: str, prompts: Path | None, script: tuple[Step, ...] = HEALTHY) -> None:
        """A healthy call on every seat there is, at once: the engines must still do their work."""
        calls = [Call("healthy") for _ in range(MAX_CALLS * len(self._pool.engines))]
        await asyncio.gather(*(self.call(call, centre, script, prompts, HEALTHY_S) for call in calls))
        self.tally.healthy += [said(call) for call in calls]

    async def close(self) -> Tally:
        """Stop the engines and sum up."""
        self._bury()
        await self._pool.close()
        self.tally.counts = self._far_end.counts
        self.tally.engines = len(self._engines)
        self.tally.parent_mib_after = _resident_mib()
        return self.tally

    def _bury(self) -> None:
        for engine in self._engines:
            if engine.died.is_set() and id(engine) not in self._buried:
                self._buried.add(id(engine))
                if engine.cause != "told to leave":
                    aboard = tuple(call.name for call in self.tally.calls[-40:] if call.engine is engine)
                    self.tally.losses.append(Loss(engine.cause, engine.last_words(), aboard))


def said(call: Call) -> str:
    """Verdict, stage and reason in one line."""
    if call.outcome is None:
        return call.error or "no outcome"
    return " ".join(str(part) for part in (call.outcome.verdict, call.outcome.stage, call.outcome.reason) if part)


def _resident_mib() -> float:
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
