"""A trunk's ``channels``, never exceeded by all processes on this machine together.

One lock file per channel, locked with flock(2): the kernel gives it back when its process ends, however that happens.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from probe.private import private_folder

POLL_S: Final = 0.05
"""flock cannot be awaited; looking 20 times a second costs nothing against calls that last minutes."""


class NoChannelFreeError(Exception):
    """All channels of the trunk stayed busy until the time-out."""


class TrunkChannels:
    """The channels of one trunk. ``folder`` is shared by all processes that use the same trunk."""

    def __init__(self, folder: Path, trunk: str, channels: int) -> None:
        if channels < 1:
            raise ValueError("a trunk has at least one channel")
        self.trunk = trunk
        readable = re.sub(r"[^A-Za-z0-9_-]", "_", trunk)[:40]
        name = f"{readable}-{hashlib.sha256(trunk.encode()).hexdigest()[:12]}"
        self._paths = tuple(folder / f"{name}.{number}.lock" for number in range(channels))

    @asynccontextmanager
    async def one(self, timeout_s: float) -> AsyncIterator[int]:
        """Hold one channel; yields its number, from 0. Raises NoChannelFreeError after ``timeout_s``."""
        deadline = time.monotonic() + timeout_s
        while (held := self._take()) is None:
            if time.monotonic() >= deadline:
                raise NoChannelFreeError(
                    f"all {len(self._paths)} channels of trunk {self.trunk} stayed busy for {timeout_s:g} s"
                )
            await asyncio.sleep(min(POLL_S, max(0.0, deadline - time.monotonic())))
        number, descriptor = held
        try:
            yield number
        finally:
            os.close(descriptor)

    def _take(self) -> tuple[int, int] | None:
        # who may write there could hold our channels, or free them
        private_folder(self._paths[0].parent)
        for number, path in enumerate(self._paths):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
            except OSError:
                os.close(descriptor)
                raise
            else:
                return number, descriptor
        return None
