from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Running:
    """A box in a process of its own."""

    process: subprocess.Popen[str]
    folder: Path
    port: int
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    read: list[int] = field(default_factory=lambda: [0])

    @property
    def target(self) -> tuple[str, int]:
        return ("127.0.0.1", self.port)

    def truth(self, call_id: str) -> list[dict[str, Any]]:
        """What really happened on a call so far."""
        with (self.folder / "truth.jsonl").open(encoding="utf-8") as file:
            file.seek(self.read[0])
            while (line := file.readline()).endswith("\n"):
                self.events.setdefault((event := json.loads(line))["call"], []).append(event)
                self.read[0] += len(line.encode())
        return self.events.get(call_id, [])

    async def happened(self, call_id: str, event: str, times: int = 1, within_s: float = 60.0) -> None:
        """Return when the box says so. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while sum(line["event"] == event for line in self.truth(call_id)) < times:  # noqa: ASYNC110 (a file)
                await asyncio.sleep(0.05)


def lab(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "lab", "--folder", str(folder), *words]


def start(folder: Path, host: str = "127.0.0.1") -> Running:
    process = subprocess.Popen(lab(folder, "serve", "--host", host, "--port", "0"), stdout=subprocess.PIPE, text=True)
    assert process.stdout
    ready = process.stdout.readline()
    assert ready.startswith("ready sip:"), ready
    return Running(process, folder, int(ready.rsplit(":", 1)[1]))


def stop(box: Running) -> int:
    box.process.terminate()
    code = box.process.wait(20)
    if box.process.stdout:
        box.process.stdout.close()
    return code


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start(tmp_path_factory.mktemp("lab"))
    yield running
    assert stop(running) == 0
