"""A stand-in for systemd's notification socket that writes down what it is told."""

from __future__ import annotations

import socket
from pathlib import Path


class NotifySocket:
    """A datagram socket at ``path``; give it to a program as ``$NOTIFY_SOCKET``."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self.told: list[str] = []

    def wait_for(self, begins: str, within_s: float = 60.0) -> str:
        """The next line that begins so. Raises TimeoutError with what was said instead."""
        self._socket.settimeout(within_s)
        skipped: list[str] = []
        while True:
            try:
                lines = self._socket.recv(4096).decode().split("\n")
            except TimeoutError:
                raise TimeoutError(f"{begins} was not said; said was: {skipped}") from None
            self.told += lines
            skipped += lines
            if found := [line for line in lines if line.startswith(begins)]:
                return found[0]

    def heard(self) -> list[str]:
        """Everything that waits now."""
        self._socket.setblocking(False)
        lines: list[str] = []
        while True:
            try:
                lines += self._socket.recv(4096).decode().split("\n")
            except BlockingIOError:
                self.told += lines
                return lines

    def close(self) -> None:
        self._socket.close()
