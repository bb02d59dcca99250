"""The centre in the box as a child process, for the length of a demonstration."""

from __future__ import annotations

import ctypes
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

READY_S: Final = 60.0
"""Speaking all its prompts for the first time takes the box some seconds on a slow machine."""
_PR_SET_PDEATHSIG: Final = 1


class BoxError(Exception):
    """The box did not start; the message says what it said."""


@contextmanager
def box(folder: Path) -> Iterator[str]:
    """Run the box in ``folder`` on a free port; yields its ``HOST:PORT``. Raises BoxError."""
    with (folder / "lab.log").open("wb") as said:
        child = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-P", "-m", "siaga", "lab", "--folder", str(folder), "--port", "0"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            # Ctrl-C reaches a whole process group: the box must outlive it until our calls have hung up.
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - no other thread runs yet, and it makes one system call
        )
    try:
        yield _ready(child, folder)
    finally:
        child.terminate()
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdout:
            child.stdout.close()


def _die_with_parent() -> None:
    """Between fork and exec: a box whose demonstration was killed must not stay (prctl(2), Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _ready(child: subprocess.Popen[bytes], folder: Path) -> str:
    stdout = child.stdout
    if stdout is None:
        raise BoxError("no pipe")
    deadline = time.monotonic() + READY_S
    while (left_s := deadline - time.monotonic()) > 0 and select.select([stdout], [], [], left_s)[0]:
        line = stdout.readline().decode("utf-8", "replace")
        if line.startswith("ready sip:"):
            return line.removeprefix("ready sip:").strip()
        if not line:
            break
    said = (folder / "lab.log").read_text("utf-8", "replace").strip().splitlines()
    raise BoxError(said[-1] if said else f"no answer within {READY_S:.0f} s")
