"""The stages of a run as bars under one another, for a terminal: when each began and how long it took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from storage.values import Figures

WIDTH: Final = 40
"""Columns of the whole run."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One stage: its word in the catalogue, and milliseconds after t0."""

    key: str
    start_ms: int
    end_ms: int

    def drawn(self, total_ms: int) -> str:
        """The bar inside a line of WIDTH columns; every stage that happened shows at least one block."""
        first = min(WIDTH - 1, self.start_ms * WIDTH // max(1, total_ms))
        last = max(first + 1, -(-self.end_ms * WIDTH // max(1, total_ms)))
        return " " * first + "█" * (min(last, WIDTH) - first)


def bars(figures: Figures) -> list[Bar]:
    """The stages that were reached, in their order; a stage ends where the next one begins."""
    total = figures.total_ms or 0
    marks = [("ringing", 0)]
    if figures.setup_ms is not None:
        marks.append(("answered", figures.setup_ms))
    greeting = figures.greeting_ms
    if greeting is not None:
        marks.append(("greeting", greeting))
        if figures.menu_ms is not None:
            marks.append(("queue", greeting + figures.menu_ms))
    if figures.agent_ms is not None:
        marks.append(("agent", figures.agent_ms))
    starts = sorted((start, position, key) for position, (key, start) in enumerate(marks))
    ends = [start for start, _, _ in starts[1:]] + [max(total, starts[-1][0])]
    return [
        Bar(key, start, end) for (start, _, key), end in zip(starts, ends, strict=True) if end > start or key == "agent"
    ]
