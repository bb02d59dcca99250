"""Point 5: however siaga ends, and whenever, its calls end too, and the next call hears and is heard."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from prove import setting
from prove.campaign import Campaign, Result, Room
from tests.end_to_end.program import Installation, engines_of, finish
from tests.farends import dialplan

CALLS = 8
ROUNDS = int(os.environ.get("SIAGA_ROUNDS", "100"))
LIMIT_S = {"udp": 2.0, "tls": 90.0}
LATEST_S = 22.0
"""Random moments lie in the first seconds of the calls: dialling, greeting, key, queue, agent."""
RANDOM = "random moments"
RANDOM_SHARE = 0.5
"""In the first second of a random round no call may be up yet; most rounds must have had some."""
ENDS = ("SIGTERM", "SIGINT", "engine SIGKILL", "parent SIGKILL")
PLACES = {"in queue": "tombol", "in menu": "jawab", "with the agent": "agen"}


@dataclass(frozen=True)
class Round:
    """One end of eight calls. ``left`` are the channels after the limit, ``took_s`` until the last one went."""

    transport: str
    end: str
    moment: str
    there: int
    """Calls that had come to the place when the end came."""
    took_s: float
    left: int
    next_call: str

    @property
    def good(self) -> bool:
        return not self.left and self.next_call == "heard both ways"


class Ward:
    """One contact centre and one installation of siaga; rounds are played in it one after the other."""

    def __init__(self, room: Room, transport: str) -> None:
        self.transport = transport
        self.centre = room.centre()
        self._tag = 0
        self.odd: list[str] = []
        """What siaga said in rounds with fewer than eight calls up."""
        self._folder = room.scratch(f"akhir-{transport}")
        self._ca = room.ca

    def round(self, end: str, moment: str | float) -> Round:
        """Bring eight calls up, end siaga, watch Asterisk, then call once more."""
        self._tag += 1
        numbers = [f"{dialplan.LOCAL_AGENT}{self._tag:03}{call}" for call in range(CALLS)]
        installation = self._install(numbers)
        process = installation.start_command(setting.many([f"p{number}" for number in numbers]))
        try:
            there = min(self._wait(numbers, moment), self._up())
            _apply(end, process)
            began = time.monotonic()
            left = self.centre.wait_until_idle(LIMIT_S[self.transport])
            took_s = time.monotonic() - began
        finally:
            said = _end(process)
        if there < CALLS:
            self.odd.append(f"round {self._tag} ({end}, {moment}): {there} calls up; {said[:800]}")
        heard = self._next_call(installation)
        label = moment if isinstance(moment, str) else f"{moment:.1f} s"
        return Round(self.transport, end, label, there, took_s, len(left), heard)

    def _install(self, numbers: list[str]) -> Installation:
        folder = self._folder / f"{self._tag:03}"
        folder.mkdir()
        steps = (
            setting.ANSWER,
            setting.GREETING,
            setting.PRESS,
            setting.agent(60),
            '{ expect = "tone:busy", within = "60s" }',
        )
        secure = [f'tls_ca = "{self._ca}"', 'srtp = "required"'] if self.transport == "tls" else []
        user = "cabang-tls" if self.transport == "tls" else "cabang"
        both_ways = (
            setting.ANSWER,
            '{ press = "159#", barge_in = true }',
            '{ expect = "prompt:nomor-pelanggan", within = "15s" }',
        )
        return setting.install(
            folder,
            self.centre,
            setting.trunk("t", self.centre, user, *secure, transport=self.transport),
            *(setting.probe(f"p{number}", number, steps, 'trunk = "t"') for number in numbers),
            setting.probe("berikut", f"{dialplan.BOTH_WAYS}{self._tag:03}", both_ways, 'trunk = "t"'),
        )

    def _up(self) -> int:
        """Channels of ours that Asterisk holds this instant."""
        return sum(name.startswith("PJSIP/") for name in self.centre.channels())

    def _wait(self, numbers: list[str], moment: str | float) -> int:
        """Wait for the moment; how many calls are up then, or have come to the place."""
        if isinstance(moment, float):
            with contextlib.suppress(TimeoutError):  # then no call is up, which the figures tell
                self.centre.wait_for_trace(numbers[0], "jawab", 30)
            time.sleep(moment)  # the campaign ends calls at random moments: this is the moment
            return sum(bool(self.centre.traces(number)) for number in numbers)
        deadline = time.monotonic() + 45
        there = 0
        for number in numbers:
            with contextlib.suppress(TimeoutError):
                self.centre.wait_for_trace(number, PLACES[moment], max(0.0, deadline - time.monotonic()))
                there += 1
        time.sleep(1.0)  # a little into the state, not on its edge
        return there

    def _next_call(self, installation: Installation) -> str:
        record = installation.run("probe", "berikut", "--json").record
        number = f"{dialplan.BOTH_WAYS}{self._tag:03}"
        arrived = self.centre.traces(number).get("angka")
        digits = arrived.content if arrived else "nothing"
        if record["verdict"] == "pass" and digits == "159":
            return "heard both ways"
        return f"{record['verdict']} {record['reason']}, digits {digits}"


def _apply(end: str, process: subprocess.Popen[str]) -> None:
    match end:
        case "engine SIGKILL":
            for engine in engines_of(process.pid):
                os.kill(engine, signal.SIGKILL)
        case "parent SIGKILL":
            process.kill()
        case _:
            process.send_signal(signal.Signals[end])


def _end(process: subprocess.Popen[str]) -> str:
    """See it out; what it said, the verdicts first."""
    if process.poll() is None:
        process.terminate()
    ran = finish(process, 30)
    verdicts = re.findall(r'"(?:reason|message)": "[^"]*"', ran.stdout)
    return " ".join([*verdicts, ran.stderr[-400:]])


def _rounds(ward: Ward, plan: list[tuple[str, str | float]]) -> list[Round]:
    return [ward.round(end, moment) for end, moment in plan]


def run(room: Room) -> Result:
    """Rounds at random moments; UDP and TLS beside each other on an Asterisk each."""
    dice = random.Random(3261)  # noqa: S311 no secret
    chance: list[tuple[str, str | float]] = [(dice.choice(ENDS), dice.uniform(0, LATEST_S)) for _ in range(ROUNDS)]
    result = play(room, RANDOM, {"udp": chance[::2], "tls": chance[1::2]})
    result.add("rounds at random moments", "100", str(ROUNDS), ROUNDS >= 100)
    return result


def play(room: Room, title: str, plans: dict[str, list[tuple[str, str | float]]]) -> Result:
    """Play the planned rounds of each transport and judge them."""
    result = Result()
    wards = {transport: Ward(room, transport) for transport in plans}
    with ThreadPoolExecutor(len(wards)) as pool:
        jobs = {transport: pool.submit(_rounds, ward, plans[transport]) for transport, ward in wards.items()}
        _report(title, [one for job in jobs.values() for one in job.result()], result)
    odd = [line for ward in wards.values() for line in ward.odd]
    result.notes += ["", "Rounds with fewer than eight calls up:", "", *(f"- `{line}`" for line in odd or ["none"])]
    return result


def _report(title: str, rounds: list[Round], result: Result) -> None:
    for transport, limit_s in LIMIT_S.items():
        mine = [one for one in rounds if one.transport == transport]
        clean = sum(not one.left for one in mine)
        slowest = max((one.took_s for one in mine), default=0.0)
        found = f"{clean} of {len(mine)} rounds of {CALLS} calls; slowest {slowest:.1f} s"
        result.add(f"{title}, {transport}: no channel left", f"after {limit_s:.0f} s", found, clean == len(mine) > 0)
    heard = sum(one.next_call == "heard both ways" for one in rounds)
    result.add(
        f"{title}: next call hears and is heard", "every time", f"{heard} of {len(rounds)}", heard == len(rounds)
    )
    there = sum(one.there for one in rounds)
    least = CALLS * len(rounds) * (RANDOM_SHARE if title == RANDOM else 1.0)
    promised = f"at least {RANDOM_SHARE:.0%}" if title == RANDOM else "8 each"
    result.add(f"{title}: calls up when the end came", promised, f"{there} of {CALLS * len(rounds)}", there >= least)
    result.notes += ["", f"## {title}", "", "| transport | end | moment | calls | idle after | left | next call |"]
    result.notes += ["| --- " * 7 + "|"]
    result.notes += [
        f"| {r.transport} | {r.end} | {r.moment} | {r.there} | {r.took_s:.2f} s | {r.left} | {r.next_call} |"
        for r in rounds
    ]


CAMPAIGN = Campaign(
    "ends",
    5,
    "Ends of calls, against Asterisk with 8 calls up: SIGTERM, SIGINT, engine SIGKILL, parent SIGKILL at 100 random "
    "moments: no channel left after 2 s (UDP), 90 s (TLS); the next call has two-way audio (DTMF arrives).",
    run,
)
