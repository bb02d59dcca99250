"""Notices time that nobody lived through: a stopped process, a machine that slept, a clock that was set."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

GAP_S: Final = 30.0
"""More wall clock than this between two looks counts as having been down (``storage.alive.GAP``)."""
STEP_S: Final = 2.0
"""Clocks are slewed by less between two looks; more was set."""


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """What lay between two looks: wall clock from one instant to another, ``lived_s`` by the monotonic clock."""

    from_: datetime
    to: datetime
    lived_s: float

    @property
    def step_s(self) -> float:
        """How far the wall clock was set (or the machine slept); negative: back."""
        return (self.to - self.from_).total_seconds() - self.lived_s

    @property
    def gap(self) -> bool:
        """Whether slots may have passed by unseen."""
        return (self.to - self.from_).total_seconds() > GAP_S


class Timepiece:
    """Compares the wall clock with the monotonic one at each look; looked at by whoever is about to act on time."""

    def __init__(self, now: Callable[[], datetime] = utc_now, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._monotonic = monotonic
        self._wall, self._lived_s = now(), monotonic()
        self._lived_from = self._wall
        self._listeners: list[Callable[[Jump], None]] = []

    def listen(self, listener: Callable[[Jump], None]) -> None:
        """Tell of each jump, at once, in whatever look found it; in the event loop only."""
        self._listeners.append(listener)

    @property
    def lived(self) -> tuple[datetime, datetime]:
        """From when to when, on the wall clock, there was no gap: until the last look."""
        return self._lived_from, self._wall

    def look(self) -> Jump | None:
        """Whether time jumped since the last look; all listeners know it before this returns."""
        wall, lived_s = self.now(), self._monotonic()
        jump = Jump(from_=self._wall, to=wall, lived_s=lived_s - self._lived_s)
        self._wall, self._lived_s = wall, lived_s
        self._lived_from = wall if jump.gap else min(wall, self._lived_from)
        if not jump.gap and abs(jump.step_s) <= STEP_S:
            return None
        for listener in self._listeners:
            listener(jump)
        return jump
