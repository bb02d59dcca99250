"""Point 8: ten thousand malformed answers, and no engine loss that reaches a verdict about the target."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from prove.campaign import Campaign, Result, Room
from prove.hostile_driver import Call, Driver, Tally, said
from tests.farends import sipp
from tests.farends.hostile import TORTURE_FOLDER, HostileFarEnd
from tests.farends.hostile_plays import PLAYS
from tests.farends.hostile_torture import TORTURES
from tests.farends.programs import Absent

ANSWERS = 10_000
LIMIT_S = 900.0
AT_ONCE = 8
SIPP_CALLS = 60
SIPP_ANSWERS = 7
"""Malformed answers per call of the scenario ``hostile_answers``."""
GROWTH_MIB = 64.0
BIGGEST_SEED = 2**31


def run(room: Room) -> Result:
    """Kept messages first, then the plays with fresh seeds, SIPp, and a healthy call on every seat at the end."""
    with _centre(room.scratch("pusat")) as (centre, prompts):
        first_seed = int.from_bytes(os.urandom(4), "big") % BIGGEST_SEED
        return asyncio.run(_run(room.scratch("panggilan"), centre, prompts, first_seed))


@contextlib.contextmanager
def _centre(folder: Path) -> Iterator[tuple[str, Path]]:
    """A healthy contact centre: its address and the folder of its prompts."""
    command = [sys.executable, "-m", "lab", "--folder", str(folder), "serve", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        ready = process.stdout.readline().split()
        assert ready[:1] == ["ready"], f"the lab did not start: {ready}"
        yield ready[1].replace("sip:", "sip:1500@"), folder / "prompts"
    finally:
        process.terminate()
        process.wait(10)


async def _run(folder: Path, centre: str, prompts: Path, first_seed: int) -> Result:
    async with HostileFarEnd() as far_end:
        driver = Driver(far_end, folder, AT_ONCE)
        try:
            await driver.start()
            kept = [await driver.replay(path.stem) for path in sorted(TORTURE_FOLDER.glob("*.sip"))]
            await driver.run(ANSWERS, LIMIT_S, first_seed=first_seed)
            by_sipp = await _sipp(driver)
            await driver.check(centre, prompts)
        finally:
            tally = await driver.close()
    return _result(tally, kept, by_sipp, first_seed)


async def _sipp(driver: Driver) -> str:
    """Malformed answers by SIPp; what came of it, in a sentence."""
    try:
        with sipp.serving("hostile_answers") as port:
            calls = [Call(f"sipp-{n}") for n in range(SIPP_CALLS)]
            for start in range(0, SIPP_CALLS, AT_ONCE):
                some = calls[start : start + AT_ONCE]
                await asyncio.gather(*(driver.call(call, f"sip:uji@127.0.0.1:{port}") for call in some))
    except Absent as absent:
        return str(absent)
    driver.tally.calls.extend(calls)
    return f"{SIPP_CALLS} calls, {SIPP_CALLS * SIPP_ANSWERS} more malformed answers by SIPp"


def _result(tally: Tally, kept: list[Call], by_sipp: str, first_seed: int) -> Result:
    result, counts = Result(), tally.counts
    found = (
        f"{counts.answers} answers, {counts.requests} requests inside dialogs, {counts.strays} strays, "
        f"{counts.rtp} RTP and RTCP packets in {tally.took_s:.0f} s, {len(tally.calls)} calls; {by_sipp}"
    )
    result.add("malformed answers", f">= {ANSWERS}", found, counts.answers >= ANSWERS)
    lost = [call for call in tally.calls if call.lost_its_engine]
    wrong = tally.wrongly_blamed
    found = f"{len(wrong)} (of {len(lost)} calls whose engine was lost; {len(tally.losses)} engines of {tally.engines})"
    result.add("engine losses that reached a verdict about the target", "0", found, not wrong)
    right = sum(not call.blames_target for call in kept if call.lost_its_engine)
    died = sum(call.lost_its_engine for call in kept)
    result.add(
        "kept messages that end an engine", "inconclusive", f"{right} of {died} (of {len(kept)} kept)", right == died
    )
    hung = tally.hung
    result.add("calls that hung or raised", "0", str(len(hung)), not hung)
    growth = tally.parent_mib_after - tally.parent_mib_before
    found = f"{tally.parent_mib_before:.0f} -> {tally.parent_mib_after:.0f} MiB"
    result.add("memory of the parent", f"grows by < {GROWTH_MIB:.0f} MiB", found, growth < GROWTH_MIB)
    healthy = collections.Counter(tally.healthy)
    found = ", ".join(f"{count} {what}" for what, count in healthy.items())
    result.add("healthy calls on all seats at the end", "all pass", found, set(healthy) == {"pass"})
    result.notes += _notes(tally, first_seed)
    return result


def _notes(tally: Tally, first_seed: int) -> list[str]:
    lines = [f"Plays: {', '.join(PLAYS)}; {len(TORTURES)} ideas of RFC 4475; first seed {first_seed}.", ""]
    beside = sum(call.ended_beside_a_loss for call in tally.calls)
    lines += [
        f"{beside} calls came to an end of their own within a second of the loss of their engine.",
        "",
    ]
    lines += ["| verdict, stage, reason | calls |", "| --- | --- |"]
    lines += [f"| {what} | {count} |" for what, count in tally.verdicts.most_common()]
    lines += ["", "| what ended an engine | engines |", "| --- | --- |"]
    causes = collections.Counter(loss.signature.replace("|", "\\|") for loss in tally.losses)
    lines += [f"| `{what}` | {count} |" for what, count in causes.most_common()]
    lines += [f"- wrong: {call.name}: {said(call)}" for call in tally.wrongly_blamed]
    lines += [f"- hung: {call.name}: {call.took_s:.1f} s {call.error}" for call in tally.hung]
    return lines


CAMPAIGN = Campaign(
    "hostile",
    8,
    "10,000 malformed answers (ideas of RFC 4475, mutator, SIPp): no engine loss reaches a verdict about the target.",
    run,
)
