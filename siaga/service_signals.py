"""What the service is told by signals: to stop, to stop at once, to read its configuration again."""

from __future__ import annotations

import asyncio
import signal

from siaga.cli.signals import stop_request

STOP = (signal.SIGTERM, signal.SIGINT)


class Orders:
    """The signals as events of the running event loop. One that came before counts."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        """Start nothing more; what is played may end."""
        self.hurry = asyncio.Event()
        """The second time: end it now."""
        self.reload = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in STOP:
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self.reload.set)
        if stop_request.number is not None:
            self._stop()

    def _stop(self) -> None:
        (self.hurry if self.stop.is_set() else self.stop).set()
