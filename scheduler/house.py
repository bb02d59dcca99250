"""What the run path needs of its surroundings, and how they say no."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from probe.outcome import Record
from probe.quality import DEFAULT, QualityLimits
from probe.reasons import Reason
from probe.session import Channel
from scheduler.order import Order
from storage.runs import Runs

CHANNEL_WAIT_S: Final = 10.0
"""How long a run that somebody waits for waits itself: for its target, then for a free channel of its trunk."""


class NotNowError(Exception):
    """The run cannot be played now for a reason on our side."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class RefusedError(Exception):
    """The dial guard lets nobody dial this; the sentence says why."""


def _unknown(_order: Order) -> None:
    """Nothing is known of earlier calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What the run path needs of its surroundings; the composition root puts it together."""

    channel: Callable[[str], Channel]
    """The channel behind a ``channel`` word."""
    admit: Callable[[Order], str]
    """The dial guard: what to dial for the order's ``to``. Raises RefusedError for what must not be dialled."""
    leave: Callable[[Order, str, float], AbstractAsyncContextManager[None]]
    """Trunk channel (waited for as many seconds) and budget, held during the conversation. NotNowError on entry."""
    folder: Callable[[str, datetime], Path]
    """Makes the empty evidence folder of a run from its id and start."""
    keep: Callable[[Record, Path], Record]
    """Stores the files of a finished run and returns it with its own result file among the evidence."""
    runs: Callable[[], Runs]
    """The record. Opens the database at its first call, in any thread; raises DatabaseError."""
    own_side: Callable[[Order], Awaitable[str]]
    """Whether our own way to the order's target works now; "" when it does, else a sentence on what does not."""
    close: Callable[[], Awaitable[None]]
    """Gives back what the runs left running (engines, database), in their event loop, after the last of them."""
    stood: Callable[[str], frozenset[str]] = lambda _: frozenset()
    """Steps (their text) that the last runs of a probe met. Blocks; may raise."""
    usual_mos: Callable[[Order], float | None] = _unknown
    """The MOS that calls of this order usually have, from the record; in any thread. Raises DatabaseError."""
    limits: QualityLimits = DEFAULT
    """How good a line must sound."""
    max_agent_s: float | None = None
    """Seconds after an agent's first word at which every call lets go of them."""
    patience_s: float = CHANNEL_WAIT_S
    """How long a finished run waits for a database that does not take it; once told to end, never longer than this."""
