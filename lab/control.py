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
    """The switch by way of an open folder, because unix sockets allow 108 bytes; the caller closes the descriptor."""
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


def _obey(fault: str, on: bool, switched: set[str]) -> dict[str, list[str]]:
    if fault not in FAULTS:
        return {"error": [f"unknown fault {fault}"]}
    (switched.add if on else switched.discard)(fault)
    return {"on": sorted(switched)}


async def serve_switch(listening: socket.socket, switched: set[str], truth: Truth) -> asyncio.Server:
    """Keep ``switched``, the faults that are on, as the switch says."""

    async def obey(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            order = json.loads(await asyncio.wait_for(reader.readline(), 2.0))
            answer = _obey(str(order["fault"]), order["on"] is True, switched)
            truth.log("switch", fault=order["fault"], on=answer.get("on", []))
        except (ValueError, KeyError, TypeError, TimeoutError) as error:
            answer = {"error": [repr(error)]}
        writer.write(json.dumps(answer).encode() + b"\n")
        writer.close()

    return await asyncio.start_unix_server(obey, sock=listening)
