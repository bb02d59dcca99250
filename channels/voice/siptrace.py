"""``sip.txt``: every SIP message of a call, with its instant, direction and peer; credentials are taken out before.

What a message says is indented, so that only headings of ours begin in column 0: a far end cannot forge an entry.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from channels.voice.wire import SipText

_MAX_BYTES: Final = 4 << 20
"""A far end that floods us must not fill the disk."""
_INDENT: Final = "    "


class Trace:
    """Writes as messages come; what is written survives our own death.

    Who adds to it is in the middle of something that matters more, a call's farewell: a full disk ends the trace, is
    told to ``failed`` once, and raises nothing.
    """

    def __init__(self, path: Path, failed: Callable[[OSError], None]) -> None:
        """Raises OSError."""
        self.path = path
        self._failed = failed
        self._file = path.open("w", encoding="utf-8", errors="backslashreplace", newline="\n")
        self._written = 0

    def add(self, message: SipText) -> None:
        """One more message."""
        if self._file.closed or self._written > _MAX_BYTES:
            return
        arrow = "-->" if message.sent else "<--"
        head = f"{_instant(message.at)} {arrow} {_shown(message.transport)} {_shown(message.peer)}"
        lines = message.text.replace("\r\n", "\n").rstrip("\n").split("\n")
        text = "".join(f"{_INDENT}{_shown(line)}\n" for line in lines)
        self._put(f"{head}\n{text}\n")
        if self._written > _MAX_BYTES:
            self._put(f"{head} the trace ends here: more than {_MAX_BYTES} bytes\n")

    def note(self, at: float, text: str) -> None:
        """A remark of ours between the messages."""
        self._put(f"{_instant(at)} --- {_shown(text)}\n\n")

    def close(self) -> None:
        """Idempotent."""
        with contextlib.suppress(OSError):  # told when it was written
            self._file.close()

    def _put(self, text: str) -> None:
        if self._file.closed:
            return
        try:
            self._file.write(text)
            self._file.flush()
        except OSError as error:
            self.close()
            self._failed(error)
            return
        self._written += len(text)


def _instant(at: float) -> str:
    moment = datetime.now(UTC) - timedelta(seconds=time.monotonic() - at)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _shown(line: str) -> str:
    """One line with control characters spelled out: they must not command the terminal it is read in."""
    if line.isprintable():
        return line
    return "".join(char if char.isprintable() else _spelled(ord(char)) for char in line)


def _spelled(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
