"""Starting a far end so that nothing of it is left, whatever becomes of the tests: the kernel sees to it."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_PRIORITY = -10


def die_with_parent() -> None:
    """Between fork and exec: the kernel kills this process when the one that started it is gone."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prepare() -> None:
    die_with_parent()
    if os.geteuid() == 0:
        # A PBX has a machine of its own; here it shares two cores with what it tests, and must be punctual.
        os.setpriority(os.PRIO_PROCESS, 0, _PRIORITY)


def start(command: Sequence[str], log: Path, folder: Path | None = None) -> subprocess.Popen[bytes]:
    """Start a program with its output in a file. Call it from a thread that lives as long as the program shall."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            preexec_fn=_prepare,  # noqa: PLW1509 two system calls, no locks
        )


def stop(process: subprocess.Popen[bytes], patience_s: float = 3.0) -> None:
    """Ask it to end, then make it."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
