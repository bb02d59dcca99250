"""The box as commands: ``serve`` runs it, ``switch`` turns a fault on or off while it runs."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path

from lab.faults import FAULTS

EX_OK, EX_FAILED, EX_USAGE = 0, 1, 64


def serve(folder: Path, host: str, port: int) -> int:
    """Run until SIGTERM or SIGINT; port 0 is any free one. Prints ``ready sip:HOST:PORT`` once it listens."""
    try:
        return asyncio.run(_serve(folder, host, port))
    except OSError as error:
        print(f"lab: cannot serve {folder} at {host}:{port}: {error}", file=sys.stderr)
        return EX_FAILED


async def _serve(folder: Path, host: str, port: int) -> int:
    from lab.box import open_box
    from lab.sample import config

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    folder.mkdir(parents=True, exist_ok=True)
    async with open_box(folder.resolve(), host, port) as box:
        (folder / "siaga.toml").write_text(config(box.address, box.port), encoding="utf-8")
        print(f"ready sip:{box.hostport}", flush=True)
        await stop.wait()
    return EX_OK


def switch(folder: Path, fault: str, on: bool) -> int:
    """Turn a fault on or off in the box that serves this folder; 64 for an unknown fault, 1 when no box runs there."""
    if fault not in FAULTS:
        print(f"lab: unknown fault {fault!r}; one of:\n{listing()}", file=sys.stderr)
        return EX_USAGE
    try:
        answer = _ask(folder, {"fault": fault, "on": on})
    except (OSError, ValueError) as error:
        print(f"lab: no box answers in {folder} ({error}); start one with --folder {folder}", file=sys.stderr)
        return EX_FAILED
    print(f"{fault} {'on' if on else 'off'}; now on: {', '.join(answer['on']) or 'nothing'}")
    return EX_OK


def _ask(folder: Path, order: dict[str, object]) -> dict[str, list[str]]:
    from lab.control import switch_address

    descriptor, address = switch_address(folder)
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(3.0)
            line.connect(address)
            line.sendall(json.dumps(order).encode() + b"\n")
            answer: dict[str, list[str]] = json.loads(line.makefile().readline())
    finally:
        os.close(descriptor)
    if "on" not in answer:
        raise ValueError(str(answer.get("error", "no sensible answer")))
    return answer


def listing() -> str:
    """Every fault with its sentence."""
    width = max(map(len, FAULTS))
    return "\n".join(f"  {name:<{width}}  {sentence}" for name, sentence in FAULTS.items())
