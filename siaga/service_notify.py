"""What the service tells systemd (sd_notify(3)): that it stands, reloads or stops, how it is, and that it is well."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

MAX_STATUS: Final = 300
"""Characters of a status line: it is one line of ``systemctl status``."""
PATIENCE_S: Final = 0.25
"""A systemd that is too busy to listen must not stop our event loop."""


class _Socket(Protocol):
    def notify(self, state: str) -> None: ...


class Notifier:
    """Speaks to ``$NOTIFY_SOCKET``; silent where there is none."""

    def __init__(self) -> None:
        self._systemd = _connect()
        folder = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
        self._file = Path(folder) / "well" if folder else None

    def ready(self, status: str) -> None:
        """Everything stands, for the first time or again after a reload."""
        self._tell("READY=1", _status(status))

    def reloading(self) -> None:
        """The settings are being read again; ``ready`` ends it."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, status: str) -> None:
        """No new runs; what is up may finish."""
        self._tell("STOPPING=1", _status(status))

    def status(self, status: str) -> None:
        """One line on how it is, for ``systemctl status``."""
        self._tell(_status(status))

    def well(self) -> None:
        """Feed the watchdog, and touch ``$RUNTIME_DIRECTORY/well`` for who watches without systemd (a container)."""
        self._tell("WATCHDOG=1")
        if self._file is not None:
            with suppress(OSError):  # a sign of life that cannot be given is missing, which is what it says
                self._file.touch(mode=0o600)

    def _tell(self, *states: str) -> None:
        if self._systemd is not None:
            # the library writes Latin-1; what systemd wants is UTF-8
            self._systemd.notify("\n".join(states).encode().decode("latin-1"))


def watchdog_s() -> float | None:
    """Seconds after which systemd restarts us without a word; None when nobody watches (sd_watchdog_enabled(3))."""
    asked, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not asked.isdecimal() or int(asked) == 0 or (pid and pid != str(os.getpid())):
        return None
    return int(asked) / 1e6


def _status(text: str) -> str:
    return f"STATUS={' '.join(text.split())[:MAX_STATUS]}"


def _connect() -> _Socket | None:
    if not os.environ.get("NOTIFY_SOCKET"):
        return None
    from sdnotify import SystemdNotifier

    systemd = SystemdNotifier()
    if systemd.socket is not None:
        systemd.socket.settimeout(PATIENCE_S)
    told: _Socket = systemd
    return told
