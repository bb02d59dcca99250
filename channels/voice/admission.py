"""How a call waits until its trunk has let us in, inside an engine. Main thread only."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

from channels.voice.pjaccount import PjAccount
from channels.voice.wire import Dial

_ASK_AGAIN_S: Final = 2.0
"""A full list of contacts has a place again once a dead engine's binding is taken back: within two seconds."""
_FORBIDDEN: Final = 403


class Later(Protocol):
    """Runs an action on the main thread after a while."""

    def __call__(self, delay_s: float, action: Callable[[], None]) -> None: ...


class Admission:
    """Asks for the registration that a call needs; ``done`` is called once, when there is one or none to be had."""

    def __init__(self, account: PjAccount, order: Dial, later: Later, done: Callable[[], None]) -> None:
        self._account = account
        self._order = order
        self._later = later
        self._done = done
        self._until = time.monotonic() + order.unanswered_s

    @property
    def waits(self) -> bool:
        """Whether the registration is under way for this call."""
        return self._on_answer in self._account.on_answer

    def ask(self) -> None:
        """Begin."""
        self._account.on_answer.append(self._on_answer)
        self._later(self._order.unanswered_s, self._end)
        self._account.register_again()

    def _on_answer(self) -> None:
        if self._account.registered or not self._may_ask_again():
            self._end()
        else:
            self._later(_ASK_AGAIN_S, self._ask_again)

    def _may_ask_again(self) -> bool:
        """One that knows us forbids what it has no place for; a refused password asked again gets an account locked."""
        in_time = time.monotonic() + _ASK_AGAIN_S < self._until
        return self._order.let_in and self._account.code == _FORBIDDEN and in_time

    def _ask_again(self) -> None:
        if self.waits:
            self._account.register_again()

    def _end(self) -> None:
        if self.waits:
            self._account.on_answer.remove(self._on_answer)
            self._done()
