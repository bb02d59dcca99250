"""Whether planned runs find room when each of them takes its longest: pure arithmetic over instants."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple


class Asked(NamedTuple):
    """A run that wants room: when it is due, by when it must have begun, how long it takes at most, and whose it is."""

    due: datetime
    expires: datetime
    longest: timedelta
    probe: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """What came of them. ``left_out`` counts the runs of each probe that found no room in time."""

    asked: int
    left_out: dict[str, int]

    @property
    def missed(self) -> int:
        """Runs that found no room in time, all probes together."""
        return sum(self.left_out.values())


def crowd(runs: Iterable[Asked], rooms: int) -> Crowd:
    """Who finds room, first come first served, when so many runs go on at once and each takes its longest."""
    free: list[datetime] = []
    asked, left_out = 0, dict[str, int]()
    for run in sorted(runs):
        asked += 1
        earliest = run.due if len(free) < rooms else max(run.due, free[0])
        if earliest >= run.expires:
            left_out[run.probe] = left_out.get(run.probe, 0) + 1
        elif len(free) < rooms:
            heapq.heappush(free, run.due + run.longest)
        else:
            heapq.heapreplace(free, earliest + run.longest)
    return Crowd(asked=asked, left_out=left_out)


def busiest(moments: Sequence[datetime], within: timedelta) -> int:
    """The most instants that fall into any half-open stretch of that length."""
    ordered, first, most = sorted(moments), 0, 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] >= within:
            first += 1
        most = max(most, last - first + 1)
    return most
