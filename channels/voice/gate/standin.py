"""The gate of an engine whose parent is dead: on the same ports, for the engine's farewell."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection
from typing import Final

from channels.voice.gate.gate import Gate
from channels.voice.wire import Way

_ATTEMPTS: Final = 25
_PAUSE_S: Final = 0.02
"""The link to a killed parent closes some milliseconds before its sockets do."""


def stand_in(ways: Collection[Way]) -> threading.Event:
    """Open them in a thread that ends with the process; the event is set when there is nothing more to wait for."""
    standing = threading.Event()
    threading.Thread(target=lambda: asyncio.run(_stand(ways, standing)), name="gate", daemon=True).start()
    return standing


async def _stand(ways: Collection[Way], standing: threading.Event) -> None:
    gates: dict[int, Gate] = {}
    for way in ways:
        for _ in range(_ATTEMPTS if way.inner_port not in gates else 0):
            try:
                gates[way.inner_port] = Gate(way.address, (way.inner_port, way.port))
                break
            except OSError:
                await asyncio.sleep(_PAUSE_S)
        if gate := gates.get(way.inner_port):
            gate.leads(way.host, (way.far, way.far_port))
    standing.set()
    await asyncio.Event().wait()
