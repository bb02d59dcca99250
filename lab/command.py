"""The box as commands: ``serve`` runs it, ``switch`` turns a fault on or off while it runs."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path

from lab.control import switch_address
from lab.faults import FAULTS

EX_OK, EX_FAILED, EX_USAGE = 0, 1, 64


def serve(folder: Path, host: str, port: int) -> int:
    """Run until SIGTERM or SIGINT; port 0 is any free one. Prints ``ready sip:HOST:PORT`` once it listens."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return asyncio.run(_serve(folder.resolve(), host, port))
    except OSError as error:
        return _complain(f"cannot serve {folder} at {host}:{port}: {error}", EX_FAILED)


async def _serve(folder: Path, host: str, port: int) -> int:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    from lab.box import open_box  # noqa: PLC0415 (numpy and espeak-ng are only for the box, not for its switch)

    async with open_box(folder, host, port) as box:
        show(f"ready sip:{box.hostport}")
        await stop.wait()
        for number in (signal.SIGTERM, signal.SIGINT):  # a second one must not cut the farewell short
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)
    return EX_OK


def switch(folder: Path, fault: str, on: bool) -> int:
    """Turn a fault on or off in the box that serves this folder; 64 for an unknown fault, 1 when no box runs there."""
    if fault not in FAULTS:
        return _complain(f"unknown fault {fault!r}; one of:\n{listing()}", EX_USAGE)
    try:
        answer = _ask(folder, {"fault": fault, "on": on})
    except (OSError, ValueError) as error:
        return _complain(f"no box answers in {folder} ({error}); start one on that folder first", EX_FAILED)
    return show(f"{fault} {'on' if on else 'off'}; now on: {', '.join(answer['on']) or 'nothing'}")


def show(text: str) -> int:
    """Say something on stdout at once; the exit code of success."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
    return EX_OK


def _complain(text: str, code: int) -> int:
    sys.stderr.write(f"lab: {text}\n")
    return code


def _ask(folder: Path, order: dict[str, object]) -> dict[str, list[str]]:
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
