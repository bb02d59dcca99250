"""The contact centre in a box, as a far end with one fault: what no dialplan can do, such as hearing nothing."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.farends.programs import ROOT

PROMPTS = "prompts"
"""Where in its folder lies what it says."""


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[int]:
    """A box with that folder; the port it listens at. Raises RuntimeError when it does not start."""
    command = [sys.executable, "-m", "lab", "--folder", str(folder), "serve", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        said = process.stdout.readline() if process.stdout else ""
        if (ready := re.fullmatch(r"ready sip:.*:(\d+)\n", said)) is None:
            raise RuntimeError(f"the box did not start: {said!r}")
        yield int(ready[1])
    finally:
        process.terminate()
        process.communicate(timeout=10)
