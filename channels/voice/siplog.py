"""Raw SIP out of pjsip's log: the one place that every message passes, both ways, before anything acts on it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from channels.voice.complaints import complain
from channels.voice.pj import LogWriterBase

_HEAD: Final = re.compile(
    r"[\s.](?P<way>TX|RX) \d+ bytes .*? (?:to|from) (?P<transport>[A-Za-z0-9]+) (?P<peer>\S+):\r?\n", re.DOTALL
)
_HEAD_LENGTH: Final = 400
_END: Final = "\n--end msg--"
_GARBAGE: Final = re.compile(r"Dropping \d+ bytes packet from \S+ (?P<peer>\S+) : (?P<why>[^\n]*)")
_CUT_MARK: Final = "\r\n[cut off here: longer than the log's buffer]"


@dataclass(frozen=True, slots=True)
class LoggedMessage:
    """One raw message. ``at`` monotonic seconds."""

    at: float
    sent: bool
    transport: str
    peer: str
    text: str


class SipLog(LogWriterBase):
    """Receives pjsip's log lines; gives messages, and peers that sent none, to the engine and drops the rest."""

    def __init__(self, on_message: Callable[[LoggedMessage], None], on_garbage: Callable[[str, str], None]) -> None:
        super().__init__()
        self._on_message = on_message
        self._on_garbage = on_garbage

    def write(self, entry: Any) -> None:
        """Called by pjsip for each line, always on the main thread (``mainThreadOnly``)."""
        at = time.monotonic()
        text: str = entry.msg
        match = _HEAD.search(text[:_HEAD_LENGTH]) if " bytes R" in text[:_HEAD_LENGTH] else None
        if match is not None:
            body = text[match.end() :]
            end = body.rfind(_END)
            body = body[:end] if end >= 0 else body + _CUT_MARK
            self._on_message(LoggedMessage(at, match["way"] == "TX", match["transport"], match["peer"], body))
        elif garbage := _GARBAGE.search(text[:_HEAD_LENGTH]):
            self._on_garbage(garbage["peer"], garbage["why"])
        elif entry.level <= 2:
            complain(text[:300])
