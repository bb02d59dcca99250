"""A far end that rings and is never answered: just enough SIP to see whether a caller hangs up."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Self


class Ringing:
    """``ringing`` is set once an INVITE was answered with 180, ``cancelled`` once a CANCEL came."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.2)
        self.port: int = self._socket.getsockname()[1]
        self.ringing = threading.Event()
        self.cancelled = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                data, source = self._socket.recvfrom(65536)
            except TimeoutError:
                continue
            method = data.split(b" ", 1)[0]
            if method == b"INVITE":
                self._socket.sendto(answer(data, "180 Ringing"), source)
                self.ringing.set()
            elif method == b"CANCEL":
                self._socket.sendto(answer(data, "200 OK"), source)
                self._socket.sendto(answer(data, "487 Request Terminated", method="INVITE"), source)
                self.cancelled.set()


def answer(request: bytes, status: str, method: str = "") -> bytes:
    """The answer to a request, with its Via, From, Call-ID and CSeq, and a tag in To."""
    kept = [f"SIP/2.0 {status}"]
    for line in request.decode("utf-8", "replace").split("\r\n\r\n", 1)[0].split("\r\n")[1:]:
        name, _, value = line.partition(":")
        if name.strip().lower() in ("via", "v", "from", "f", "call-id", "i"):
            kept.append(line)
        elif name.strip().lower() in ("to", "t"):
            kept.append(f"{line};tag=ringing")
        elif name.strip().lower() == "cseq":
            number, own = value.split()
            kept.append(f"CSeq: {number} {method or own}")
    return "\r\n".join([*kept, "Content-Length: 0", "", ""]).encode()
