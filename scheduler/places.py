"""What runs may not share inside one process: targets, lanes (the channels of a trunk), and the machine."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lane:
    """Something with room for ``width`` runs at once, such as a trunk with its channels."""

    name: str
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What one run takes while it lasts. ``playable`` is False for tests that a person does: they take nothing."""

    lease: str
    """Key of the lease on its target."""
    lane: Lane | None = None
    playable: bool = True


NOTHING = Needs(lease="", playable=False)


class Places:
    """Counts what is taken. A target that another process tests is not seen here; the lease in the database is."""

    def __init__(self, max_parallel: int) -> None:
        self.max_parallel = max_parallel
        self._taken = 0
        self._leases: set[str] = set()
        self._lanes: Counter[str] = Counter()

    def free(self, needs: Needs) -> bool:
        """Whether a run could begin now."""
        if not needs.playable:
            return True
        crowded = needs.lane is not None and self._lanes[needs.lane.name] >= needs.lane.width
        return not crowded and needs.lease not in self._leases and self._taken < self.max_parallel

    def take(self, needs: Needs) -> None:
        """The run begins."""
        if needs.playable:
            self._taken += 1
            self._leases.add(needs.lease)
            if needs.lane is not None:
                self._lanes[needs.lane.name] += 1

    def leave(self, needs: Needs) -> None:
        """It has ended."""
        if needs.playable:
            self._taken -= 1
            self._leases.discard(needs.lease)
            if needs.lane is not None:
                self._lanes[needs.lane.name] -= 1
