"""The switch for faults of a running box: one line of JSON each way over a unix socket in its folder."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from pathlib import Path

from lab.faults import FAULTS
from lab.truth import Truth

SOCKET = "switch"


def switch_address(folder: Path) -> tuple[int, str]:
    """A short address of the switch, by way of an open folder: unix sockets allow 108 bytes. The caller closes the descriptor."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    return descriptor, f"/proc/self/fd/{descriptor}/{SOCKET}"


def bind_switch(folder: Path) -> socket.socket:
    """The listening end. Raises OSError when a live box holds it; a dead one's socket is replaced."""
    descriptor, address = switch_address(folder)
    try:
        with socket.socket(socket.AF_UNIX) as other:
            try:
                other.connect(address)
            except OSError:
                (folder / SOCKET).unlink(missing_ok=True)
            else:
                raise OSError(f"another box already serves {folder}; end it or choose another folder")
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(address)
        return listening
    finally:
        os.close(descriptor)


async def serve_switch(listening: socket.socket, switched: set[str], truth: Truth) -> asyncio.Server:
    """Keep ``switched``, the faults that are on, as the switch says."""

    async def obey(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            order = json.loads(await asyncio.wait_for(reader.readline(), 2.0))
            fault, on = str(order["fault"]), bool(order["on"])
            if fault not in FAULTS:
                raise ValueError(f"unknown fault {fault}")
            (switched.add if on else switched.discard)(fault)
            truth.log("switch", fault=fault, on=on)
            answer: dict[str, object] = {"on": sorted(switched)}
        except (ValueError, KeyError, TypeError, TimeoutError) as error:
            answer = {"error": str(error)}
        writer.write(json.dumps(answer).encode() + b"\n")
        writer.close()

    return await asyncio.start_unix_server(obey, sock=listening)
