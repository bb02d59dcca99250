"""A UDP socket of the gate on the running loop. Nothing that arrives, or that the network says, can raise."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Final

Place = tuple[str, int]
"""An address without brackets, or a name; and a port."""
Take = Callable[[bytes, Place], None]
MAX_BYTES: Final = 8192
"""Twice what pjsip takes as one SIP message."""
_AT_ONCE: Final = 32
"""So many datagrams, and others have their turn."""


class Port:
    """Bound on creation (port 0: any); every datagram goes to ``take``, larger ones than MAX_BYTES nowhere."""

    def __init__(self, address: str, port: int, take: Take) -> None:
        """Raises OSError."""
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.bind((address, port))
        except BaseException:
            self._socket.close()
            raise
        self.place: Place = (address, int(self._socket.getsockname()[1]))
        self._loop.add_reader(self._socket, self._read)

    def send(self, data: bytes, to: Place) -> None:
        """What cannot be sent is lost, as anything on the way may be."""
        with contextlib.suppress(OSError, OverflowError, ValueError):
            self._socket.sendto(data, to)

    def close(self) -> None:
        """Idempotent."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()

    def _read(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                data, source = self._socket.recvfrom(MAX_BYTES + 1)
            except OSError:  # nothing left, closed meanwhile, or the network's complaint about what we sent
                return
            if len(data) <= MAX_BYTES:
                self._take(data, (str(source[0]).partition("%")[0], int(source[1])))
