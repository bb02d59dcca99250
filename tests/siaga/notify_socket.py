"""A stand-in for systemd's notification socket that writes down what it is told."""

from __future__ import annotations

import queue
import socket
import threading
import time
from pathlib import Path


class NotifySocket:
    """A datagram socket at ``path``; give it to a program as ``$NOTIFY_SOCKET``.

    It listens all the time: the kernel keeps ten datagrams, and the eleventh stops who sends it.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self.told: list[str] = []
        """Everything that was read so far."""
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def wait_for(self, begins: str, within_s: float = 60.0) -> str:
        """The next line that begins so. Raises TimeoutError with what was said instead."""
        deadline, skipped = time.monotonic() + within_s, list[str]()
        while True:
            try:
                line = self._lines.get(timeout=max(0.001, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"{begins} was not said; said was: {skipped}") from None
            self.told.append(line)
            skipped.append(line)
            if line.startswith(begins):
                return line

    def heard(self) -> list[str]:
        """Everything that was said and not read yet; call it when nobody says anything any more."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
            own.sendto(b"-- read up to here --", str(self.path))
        before = len(self.told)
        self.wait_for("-- read up to here --")
        return self.told[before:-1]

    def close(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
            own.sendto(b"", str(self.path))
        self._listening.join(10)
        self._socket.close()

    def _listen(self) -> None:
        while data := self._socket.recv(4096):
            for line in data.decode().split("\n"):
                self._lines.put(line)
