"""SIGINT and SIGTERM for the verbs that call somebody: the first one asks the run to hang up, further ones are ignored.

Armed before anything heavy is imported, because a verb that may already be dialling when the signal comes must end by
saying so and not by a traceback. Verbs that call nobody give the signals their usual meaning back.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Whether somebody asked us to stop, and whom to tell when they do."""

    def __init__(self) -> None:
        self.number: int | None = None
        self._tell: Callable[[], None] | None = None

    def arm(self) -> None:
        """Take over both signals; from the main thread only."""
        for number in _SIGNALS:
            signal.signal(number, self._on_signal)

    def disarm(self) -> None:
        """Give both signals their usual meaning back, and let one that came meanwhile have it."""
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if self.number is not None:
            number, self.number = self.number, None
            os.kill(os.getpid(), number)

    def tell(self, tell: Callable[[], None] | None) -> None:
        """Call this from the handler of the first signal, at once when it has come already; None: nobody listens."""
        self._tell = tell
        if tell is not None and self.number is not None:
            tell()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self.number is not None:
            return
        self.number = number
        if self._tell is not None:
            self._tell()


stop_request = StopRequest()
"""Signals belong to the process, and so does this."""
