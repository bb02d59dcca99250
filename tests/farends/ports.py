"""Loopback ports that were free a moment ago, never the same twice in one process."""

from __future__ import annotations

import itertools
import os
import random
import socket

_given: set[int] = set()
_rtp_base = itertools.count(random.Random(os.getpid()).randrange(20_000, 26_000, 400), 400)  # noqa: S311 no secret


def free(kinds: tuple[socket.SocketKind, ...] = (socket.SOCK_STREAM, socket.SOCK_DGRAM)) -> int:
    """One port that nobody on loopback uses for any of the given kinds of socket."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in _given and all(is_free(port, kind) for kind in kinds):
            _given.add(port)
            return port


def rtp_range() -> int:
    """The first of 400 ports for RTP, below the range from which the kernel picks."""
    return next(_rtp_base)


def is_free(port: int, kind: socket.SocketKind) -> bool:
    """Whether nobody on loopback holds the port for this kind of socket."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family, kind) as probe:
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True
