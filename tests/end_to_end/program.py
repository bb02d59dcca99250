"""The installed program as a user runs it: a configuration, a command line, what it prints and its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SIAGA = Path(sys.executable).with_name("siaga")
"""The console script beside the Python that runs the tests."""


@dataclass(frozen=True)
class Ran:
    """What came of one command."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def record(self) -> dict[str, Any]:
        """The one JSON object of stdout. Raises ValueError with what else there was."""
        try:
            record = json.loads(self.stdout)
        except ValueError as error:
            raise ValueError(f"exit {self.exit_code}; stdout {self.stdout!r}; stderr {self.stderr[-3000:]}") from error
        assert isinstance(record, dict)
        return record


@dataclass(frozen=True)
class Installation:
    """A folder with a ``siaga.toml``, a database and evidence of its own."""

    folder: Path
    environment: Mapping[str, str]

    def start(self, *words: str, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        """Start the program in this folder, without waiting. ``prefix`` is a command that runs it."""
        return self.start_command([*prefix, str(SIAGA), *words])

    def start_command(self, command: Sequence[str]) -> subprocess.Popen[str]:
        """Start any command in this folder and environment, without waiting."""
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, within_s: float = 120, prefix: tuple[str, ...] = ()) -> Ran:
        """Run it to its end. A program that does not end is killed and fails the test."""
        return finish(self.start(*words, prefix=prefix), within_s)


def finish(process: subprocess.Popen[str], within_s: float = 120) -> Ran:
    """Wait for the end of a started program. Kills it, then raises TimeoutExpired, when it takes too long."""
    try:
        stdout, stderr = process.communicate(timeout=within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return Ran(process.returncode, stdout, stderr)


def engines_of(pid: int) -> list[int]:
    """Process ids of the call engines that a running siaga has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return [int(child) for child in children if b"engine" in Path(f"/proc/{child}/cmdline").read_bytes()]
