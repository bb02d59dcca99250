from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Running:
    """A box in a process of its own."""

    process: subprocess.Popen[str]
    folder: Path
    port: int

    @property
    def target(self) -> tuple[str, int]:
        return ("127.0.0.1", self.port)

    def truth(self, call_id: str) -> list[dict[str, Any]]:
        """What really happened on a call."""
        lines = (self.folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()
        return [event for line in lines if (event := json.loads(line))["call"] == call_id]


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
    code = box.process.wait(5)
    if box.process.stdout:
        box.process.stdout.close()
    return code


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start(tmp_path_factory.mktemp("lab"))
    yield running
    assert stop(running) == 0
