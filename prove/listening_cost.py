"""Point 4: what listening costs: 48 calls at once on two cores, 50 prompts known, recording on, three runs."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np

from prove import setting
from prove.campaign import Campaign, Result, Room
from prove.capacity import FRAMES_PER_S, LATE_SHARE, answer, length_s
from prove.indonesian import SENTENCES
from tests.channels.voice.listening.voices import say
from tests.farends import dialplan, voices

CALLS, RUNS, STEADY_S = 48, 3, 60.0
APART_S: Final = 0.3
"""Between two calls' beginnings: siaga spreads its tests, too, and twelve engines that start at once starve calls."""
PROMPTS: Final = 50
CPU_SHARE: Final = 0.03
_WAIT_S: Final = 110
_KEYS: Final = (
    "| run | engines | frames | late | worst gap ms | lost RTP | CPU per call: median | least | most | parent |"
)


def run(room: Room) -> Result:
    """Forty-eight probes walk the IVR into an endless queue with music and an announcement every 12 s."""
    centre, result = room.centre(), Result()
    know_more(centre.voices / "prompts", PROMPTS)
    names = [f"serentak-{index}" for index in range(CALLS)]
    steps = (setting.ANSWER, setting.GREETING, setting.PRESS, setting.agent(_WAIT_S))
    probes = [
        setting.probe(name, centre.uri(f"{dialplan.ENDLESS}{600 + index}"), steps) for index, name in enumerate(names)
    ]
    result.notes += [_KEYS, "| --- " * 10 + "|"]
    costs: list[float] = []
    for number in range(1, RUNS + 1):
        installation = setting.install(room.scratch(f"dengar-{number}"), centre, *probes)
        command = [sys.executable, "-m", "prove.load", "siaga.toml", str(STEADY_S), str(APART_S), *names]
        found = answer(installation.start_command(command))
        costs += per_call(found)
        _judge(number, found, result)
    whole = median(costs) if costs else float("nan")
    result.add("CPU per fully analysed call, median", "≤ 3.0 % of a core", f"{whole:.2%}", whole <= CPU_SHARE)
    return result


def know_more(folder: Path, count: int) -> None:
    """Put prompts that are never said beside those that are, until there are ``count``."""
    missing = count - len(list(folder.glob("*.wav")))
    for index, sentence in enumerate(SENTENCES[:missing]):
        voices.write(folder / f"lain-{index}.wav", say(sentence, "id+f1").astype(np.float64))
    if (there := len(list(folder.glob("*.wav")))) != count:
        raise RuntimeError(f"{there} prompts instead of {count}: write more sentences in prove/indonesian.py")


def per_call(found: dict[str, Any]) -> list[float]:
    """Share of a core per call: that of its engine, divided by the engine's calls, and the parent's by all calls."""
    parent = found["parent_cpu_s"] / CALLS
    return [(spent / calls + parent) / found["steady_s"] for spent, calls in found["engine_cpu_s"]]


def _judge(number: int, found: dict[str, Any], result: Result) -> None:
    records, share = found["records"], found["late"] / found["frames"] if found["frames"] else 1.0
    queued = sum(record["reason"] == "agent_timeout" for record in records)
    recorded = sum(length_s(record) >= STEADY_S for record in records)
    ends = Counter(str(record["reason"] or record["verdict"]) for record in records)
    told = ", ".join(f"{count} {what}" for what, count in ends.items())
    complete = found["frames"] >= 0.99 * CALLS * FRAMES_PER_S * STEADY_S
    result.add(
        f"run {number}: frames more than 40 ms late", "≤ 0.1 %",
        f"{share:.4%} ({found['late']} of {found['frames']})", share <= LATE_SHARE and complete,
    )  # fmt: skip
    result.add(
        f"run {number}: calls through the menu into the queue, recorded", f"{CALLS} of {CALLS}",
        f"{told}; {recorded} recordings of ≥ {STEADY_S:.0f} s", queued == recorded == CALLS,
    )  # fmt: skip
    lost = sum(record["media"]["lost"] for record in records if record["media"])
    costs = per_call(found) or [float("nan")]
    parent = found["parent_cpu_s"] / found["steady_s"] if found["steady_s"] else float("nan")
    cells = (
        number, found["engines"], found["frames"], found["late"], f"{found['worst_gap_s'] * 1000:.0f}", lost,
        f"{median(costs):.2%}", f"{min(costs):.2%}", f"{max(costs):.2%}", f"{parent:.1%} in all",
    )  # fmt: skip
    result.notes.append(f"| {' | '.join(map(str, cells))} |")


CAMPAIGN = Campaign(
    "listening_cost",
    4,
    "CPU per fully analysed call at most 3.0 % of a core (median, 50 prompts known, recording on); 48 calls on 2 cores "
    "for 60 s, 3 of 3 runs, at most 0.1 % of the frames more than 40 ms late.",
    run,
)
