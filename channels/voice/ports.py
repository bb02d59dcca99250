"""RTP port ranges: one slice per engine generation, never shared, and not reused for ten minutes after a crash.

A far end whose call died with an engine goes on sending RTP to the old port. An engine that took over that port would
hear two sources and send its audio to the wrong one: 4 of 4 calls were deaf that way, 0 of 4 on fresh ports.

Slices are files in a folder shared by all processes of this user: locked while in use (the engine inherits the lock, so
that it also outlives its parent), and marked clean when given back in order. An unlocked file without that mark tells
of a crash.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from probe.private import private_folder, shared_folder

FIRST_PORT: Final = 16384
LAST_PORT: Final = 32767
SLICE_PORTS: Final = 20
QUARANTINE_S: Final = 600.0
_CLEAN: Final = b"clean"


class NoPortsLeft(Exception):
    """Every slice of the range is in use or rests after a crash (widen ``rtp_ports`` or lower ``channels``), or the
    folder that tells so cannot be trusted.
    """


class PortSlice:
    """Some consecutive ports, ours until released. ``lock_fd`` is to be inherited by the engine."""

    def __init__(self, first: int, count: int, lock_fd: int) -> None:
        self.first = first
        self.count = count
        self.lock_fd = lock_fd

    def release(self, *, clean: bool) -> None:
        """Give the slice back; unclean makes it rest. Idempotent."""
        if self.lock_fd < 0:
            return
        if clean:
            os.pwrite(self.lock_fd, _CLEAN, 0)
        else:
            os.utime(self.lock_fd)
        os.close(self.lock_fd)
        self.lock_fd = -1


class PortRange:
    """Hands out slices of [first, last]. Raises ValueError when the range cannot hold a single call."""

    def __init__(self, first: int = FIRST_PORT, last: int = LAST_PORT, folder: Path | None = None) -> None:
        self._first = first + first % 2
        self._size = min(SLICE_PORTS, last + 1 - self._first) // 2 * 2
        if self._first < 1024 or last > 65535 or self._size < 2:
            raise ValueError(f"rtp_ports {first}-{last}: an even number of ports from 1024 to 65535 is needed")
        self._slices = (last + 1 - self._first) // self._size
        self._folder = folder or shared_folder("rtp")

    def take(self) -> PortSlice:
        """A slice nobody uses. Raises NoPortsLeft."""
        try:
            private_folder(self._folder)
        except OSError as error:
            raise NoPortsLeft(f"no RTP ports: {error}") from error
        for index in self._order():
            first = self._first + index * self._size
            fd = self._lock(self._folder / f"{first}-{self._size}")
            if fd is not None:
                if all(is_free(port) for port in range(first, first + self._size)):
                    return PortSlice(first, self._size, fd)
                os.close(fd)
        raise NoPortsLeft(
            f"no RTP ports left in {self._first}-{self._first + self._slices * self._size - 1}: "
            "widen rtp_ports, or wait ten minutes after a crash"
        )

    def _order(self) -> Iterator[int]:
        # a random start, so that a range just given back is not the next one taken
        start = random.randrange(self._slices)  # noqa: S311  # no secret
        return ((start + step) % self._slices for step in range(self._slices))

    def _lock(self, path: Path) -> int | None:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            status = os.fstat(fd)
            fresh = status.st_size == 0 and time.time() - status.st_mtime < 1.0
            clean = os.pread(fd, len(_CLEAN), 0) == _CLEAN
            if fresh or clean or time.time() - status.st_mtime > QUARANTINE_S:
                os.ftruncate(fd, 0)
                os.pwrite(fd, b"inuse", 0)
                return fd
        os.close(fd)
        return None


def is_free(port: int) -> bool:
    """Whether nobody holds that UDP port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
