"""A composition of the tests: the service of a configuration, whose event loop is kept busy for a while.

It says ``STATUS=busy`` to systemd before and ``STATUS=free`` after; in between every turn of the loop is late.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from siaga.cli.logs import configure
from siaga.config import load
from siaga.service import serve
from siaga.service_notify import Notifier

LATE_S, TURNS = 1.2, 5
"""Lateness is what a quarter of a second took too long: a turn of 0.7 s may count as 0.45 s."""


async def main(path: Path) -> None:
    """Serve, and be busy once ``busy`` lies beside the configuration."""
    serving = asyncio.ensure_future(serve(load(path)))
    while not path.with_name("busy").exists():  # noqa: ASYNC110 - another process makes it
        await asyncio.sleep(0.1)
    systemd = Notifier()
    systemd.status("busy")
    for _ in range(TURNS):
        time.sleep(LATE_S)  # noqa: ASYNC251 - that is the point
        await asyncio.sleep(0.01)
    systemd.status("free")
    await serving


if __name__ == "__main__":
    configure(1)
    asyncio.run(main(Path(sys.argv[1])))
