"""Two UDP far ends that speak no SIP: one that never answers, one that answers every packet with garbage."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def silent() -> Iterator[int]:
    """A port that takes every packet and says nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener.getsockname()[1]


@contextlib.contextmanager
def garbage(seed: int = 4475) -> Iterator[int]:
    """A port that answers every packet with bytes that are no SIP at all."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_answer, args=(listener, random.Random(seed)), daemon=True)  # noqa: S311
        thread.start()
        yield listener.getsockname()[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", listener.getsockname())
        thread.join(2)


def _answer(listener: socket.socket, noise: random.Random) -> None:
    while True:
        packet, sender = listener.recvfrom(65536)
        if not packet:
            return
        listener.sendto(b"SIP/2.0 " + noise.randbytes(200), sender)
        listener.sendto(noise.randbytes(40), sender)
