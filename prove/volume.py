"""Point 4: a record of millions answers as quickly as one of a day, on both databases."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from benchmarks.volume_rows import FIRST, Maker
from prove.campaign import Campaign, Result, Room
from prove.worlds import World
from tests.farends.postgres import Postgres
from tests.farends.programs import ROOT

SIZES = tuple(int(size) for size in os.environ.get("SIAGA_VOLUMES", "1000000,21000000").split(","))
PROBES = {21_000_000: 600}
"""As many probes as the record would have; else as many as two years of half-hours take."""
BYTES_PER_RESULT = 2_500
"""Room on the disk that must be free before: twice what a result takes."""
LOG_S, DAY_S, MONTH_S = 0.5, 2.0, 2.0
STANDARD_DAY = 5_000
"""Rows up to which a day's report counts as that of one centre."""
RUNS = 3
_LINE = re.compile(r"^(?P<what>.{48}) +(?P<worst>[\d.]+) s \(first (?P<first>[\d.]+), limit (?P<limit>[\d.]+)\)")
_SIZE = re.compile(r"^in all +([\d,.]+) MB +([\d.]+) bytes per result")


@dataclass
class Answer:
    """What the benchmark said of one database."""

    kind: str
    size: int
    took_s: float
    lines: list[str] = field(default_factory=list)
    worst_s: dict[str, float] = field(default_factory=dict)
    per_result: float = float("nan")


def run(room: Room) -> Result:
    """Fill, ask, and delete again; one database after the other."""
    del room  # its folder may lie on a small disk
    result = Result()
    for size in SIZES:
        for kind in ("sqlite", "postgresql"):
            with ExitStack() as stack:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bukti-isi-")))
                free = shutil.disk_usage(folder).free
                if free < size * BYTES_PER_RESULT:
                    result.add(f"{size:,} results, {kind}", "measured", f"only {free / 1e9:.0f} GB free", False)
                    continue
                url = f"sqlite:///{folder / 'siaga.db'}"
                if kind == "postgresql":
                    url = stack.enter_context(Postgres()).database()
                try:
                    _judge(_measure(kind, size, url), World(kind, url, folder, {}), result)
                except RuntimeError as error:  # what the other databases took half an hour to tell is kept
                    result.add(f"{size:,} results, {kind}", "measured", str(error)[:300], False)
    return result


def _measure(kind: str, size: int, url: str) -> Answer:
    began = time.monotonic()
    command = [sys.executable, "-m", "benchmarks.volume", url, "-n", str(size), "--probes", str(PROBES.get(size, 0))]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    answer = Answer(kind, size, time.monotonic() - began)
    answer.lines = [line for line in done.stdout.splitlines() if line.startswith("filled") or " results, " not in line]
    for line in answer.lines:
        if found := _LINE.match(line):
            answer.worst_s[found["what"].strip()] = float(found["worst"])
        if sized := _SIZE.match(line):
            answer.per_result = float(sized[2])
    if not answer.worst_s:
        raise RuntimeError(f"{kind}, {size}: exit {done.returncode}: {done.stderr[-2000:]}")
    return answer


def _judge(answer: Answer, world: World, result: Result) -> None:
    title = f"{answer.size:,} results, {answer.kind}"
    limits = {"log": LOG_S, "day": DAY_S, "month": MONTH_S}
    for begins, limit_s in limits.items():
        mine = {what: s for what, s in answer.worst_s.items() if what.startswith(begins)}
        worst = max(mine, key=lambda what: mine[what])
        found = f"{mine[worst]:.3f} s at worst of {len(mine)} questions ({worst})"
        result.add(f"{title}: {begins}", f"< {limit_s:g} s", found, mine[worst] < limit_s)
    _commands(title, answer, world, result)
    result.add(f"{title}: bytes per result", "printed", f"{answer.per_result:.0f}", answer.per_result > 0)
    result.notes += [f"{title}, filled and asked in {answer.took_s:.0f} s:", "", "```", *answer.lines, "```", ""]


def _commands(title: str, answer: Answer, world: World, result: Result) -> None:
    """The installed program, its start included: what a person waits for."""
    probe = Maker.name_of(0)
    probes = PROBES.get(answer.size) or max(1, -(-answer.size // 35_064))
    names = [Maker.name_of(number) for number in range(probes)]
    script = 'script = [{ expect = "answer" }]'
    text = "".join(f'[[probe]]\nname = "{n}"\nchannel = "sip"\nto = "sip:1500@127.0.0.1:9"\n{script}\n' for n in names)
    world.write(text)
    empty = World("empty", f"sqlite:///{world.folder / 'kosong.db'}", world.folder / "kosong", {})
    empty.folder.mkdir()
    empty.write(text)
    empty_s, log_s = (_seconds(each, "log", "--probe", probe) for each in (empty, world))
    result.add(
        f"{title}: `siaga log --probe`, beyond what it takes on an empty record", f"< {LOG_S:g} s",
        f"{log_s - empty_s:.2f} s; {log_s:.2f} s as a whole, the start of Python included", log_s - empty_s < LOG_S,
    )  # fmt: skip
    day = (FIRST + timedelta(days=365 if answer.size // probes > 365 * 48 else 1)).date().isoformat()
    report_s = _seconds(world, "report", "daily", "--date", day, "-o", "laporan.xlsx")
    rows = 48 * probes
    within = report_s < DAY_S if rows <= STANDARD_DAY else report_s > 0
    promise = f"< {DAY_S:g} s" if rows <= STANDARD_DAY else "printed: a day of 600 probes on paper"
    result.add(f"{title}: `siaga report daily`, written as XLSX", promise, f"{report_s:.2f} s, {rows} rows", within)


def _seconds(world: World, *words: str) -> float:
    """The median of some runs."""
    took = []
    for _ in range(RUNS):
        began = time.monotonic()
        ran = world.installation.run(*words, within_s=300)
        took.append(time.monotonic() - began)
        if ran.exit_code:
            raise RuntimeError(f"siaga {' '.join(words)}: exit {ran.exit_code}: {ran.stderr[-1000:]}")
    return sorted(took)[RUNS // 2]


CAMPAIGN = Campaign(
    "volume",
    4,
    "1 M and 21 M results on SQLite and PostgreSQL: `siaga log` of a probe < 0.5 s, the daily report < 2 s, monthly "
    "figures < 2 s; bytes per result printed.",
    run,
)
