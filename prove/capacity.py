"""Point 4: forty calls at once from one parent on two cores, everything on, three runs."""

from __future__ import annotations

import json
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

from prove import setting
from prove.campaign import Campaign, Result, Room
from tests.farends import dialplan

CALLS, RUNS, STEADY_S = 40, 3, 60.0
LATE_SHARE = 0.001
FRAMES_PER_S = 50


def run(room: Room) -> Result:
    """Forty probes walk the IVR into an endless queue with music, all prompts known, all recorded in stereo."""
    centre, result = room.centre(), Result()
    names = [f"serentak-{index}" for index in range(CALLS)]
    steps = (setting.ANSWER, setting.GREETING, setting.PRESS, setting.agent(90))
    probes = [
        setting.probe(name, f"{centre.uri(dialplan.ENDLESS + str(600 + index))}", steps)
        for index, name in enumerate(names)
    ]
    result.notes += ["| run | engines | frames | late | worst gap ms | lost RTP | CPU per call |", "| --- " * 7 + "|"]
    for number in range(1, RUNS + 1):
        installation = setting.install(room.scratch(f"beban-{number}"), centre, *probes)
        process = installation.start_command(
            [sys.executable, "-m", "prove.load", "siaga.toml", str(STEADY_S), "0", *names]
        )
        _judge(number, answer(process), result)
    return result


def answer(process: subprocess.Popen[str], timeout_s: float = 300.0) -> dict[str, Any]:
    """The one JSON object that a driver prints. Raises RuntimeError with its complaint when there is none."""
    stdout, stderr = process.communicate(timeout=timeout_s)
    try:
        found: dict[str, Any] = json.loads(stdout)
    except ValueError as error:
        raise RuntimeError(f"exit {process.returncode}: {stderr[-2000:]}") from error
    return found


def _judge(number: int, found: dict[str, Any], result: Result) -> None:
    records = found["records"]
    queued = sum(record["reason"] == "agent_timeout" for record in records)
    lost = sum(record["media"]["lost"] for record in records if record["media"])
    share = found["late"] / found["frames"] if found["frames"] else 1.0
    complete = found["frames"] >= 0.99 * CALLS * FRAMES_PER_S * STEADY_S
    recorded = sum(length_s(record) >= STEADY_S for record in records)
    cpu = found["cpu_s"] / found["steady_s"] / CALLS if found["steady_s"] else float("nan")
    result.add(
        f"run {number}: frames more than 40 ms late", "≤ 0.1 %",
        f"{share:.4%} ({found['late']} of {found['frames']}), {cpu:.2%} of a core per call",
        share <= LATE_SHARE and complete,
    )  # fmt: skip
    result.add(
        f"run {number}: calls through the menu into the queue, recorded", f"{CALLS} of {CALLS}",
        f"{queued} of {CALLS}, {recorded} recordings of ≥ {STEADY_S:.0f} s", queued == recorded == CALLS,
    )  # fmt: skip
    gap_ms = found["worst_gap_s"] * 1000
    cells = (number, found["engines"], found["frames"], found["late"], f"{gap_ms:.0f}", lost, f"{cpu:.2%} of a core")
    result.notes.append(f"| {' | '.join(map(str, cells))} |")


def length_s(record: dict[str, Any]) -> float:
    """Of a run's recording, seconds."""
    paths = [Path(item["path"]) for item in record["evidence"] if item["kind"] == "recording"]
    if not paths:
        return 0.0
    with wave.open(str(paths[0])) as sound:
        return float(sound.getnframes() / sound.getframerate())


CAMPAIGN = Campaign(
    "capacity",
    4,
    "40 calls at once from one parent on 2 cores, all analysis and recording on, 60 s, 3 of 3 runs: at most 0.1 % of "
    "the frames more than 40 ms late; CPU per call printed.",
    run,
)
