"""``python -m prove.wear_driver CONFIG CALLS NAME…``: short calls through warm engines, and the memory between them.

The names take turns, all at once; prints one JSON object: memory of parent and engines after every round.
"""

from __future__ import annotations

import asyncio
import collections
import json
import os
import sys
from pathlib import Path
from typing import Any, cast

from channels.sip import SipChannel
from probe.reasons import Verdict
from prove.many import prepare
from scheduler.asked import perform
from scheduler.worker import Worker
from siaga.cli.logs import configure
from siaga.cli.running import Prepared

ROUND = 5
"""Calls of each name between two looks at the memory."""
_PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / 2**20


def rss_mib(pid: int) -> float:
    """Resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * _PAGE_MIB


async def wear(prepared: list[Prepared], calls: int) -> dict[str, Any]:
    """Make so many calls; what they ended as, and the memory."""
    losses: list[str] = []
    house, verdicts, looks = prepared[0].house, collections.Counter[str](), list[dict[str, Any]]()
    channel = cast("SipChannel", house.channel("sip"))
    await channel.warm_up()

    async def chain(one: Prepared, owner: str) -> None:
        for _ in range(ROUND):
            record = await perform(one.order, house, owner)
            verdicts[str(record.outcome.reason or record.outcome.verdict)] += 1
            if record.outcome.verdict is Verdict.INCONCLUSIVE:
                losses.append(f"call {verdicts.total()}: {record.outcome.reason}: {record.outcome.detail}")

    try:
        async with Worker(await asyncio.to_thread(house.runs)) as worker:
            while verdicts.total() < calls:
                await asyncio.gather(*(chain(one, worker.owner) for one in prepared))
                engines = {str(e.pid): (e.served, rss_mib(e.pid)) for e in channel.engines if e.served and e.usable}
                looks.append({"calls": verdicts.total(), "parent": rss_mib(os.getpid()), "engines": engines})
    finally:
        await house.close()
    return {"verdicts": verdicts, "looks": looks, "losses": losses}


def main(path: str, calls: str, *names: str) -> int:
    """Run and print."""
    configure(0)
    sys.stdout.write(json.dumps(asyncio.run(wear(prepare(Path(path), list(names)), int(calls)))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
