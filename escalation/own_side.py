"""When siaga's own operators are told: pure rules over the record's entries, in the order in which they were entered.

Three tests of a probe in a row that judged nothing, or one that a trunk of ours spoilt, or a stretch in which no
service ran: each is one cause, told once when it begins and once when it is over. None of them is the centre's fault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from probe.reasons import Reason, Verdict
from storage.values import Cause, Entry, RunState

IN_A_ROW: Final = 3
DOWN: Final = "down"
"""The key of the stretch in which no service ran; one for all probes."""
FILES: Final = "config"
"""The key of services on one database that plan by different files; no entry shows it."""
WANTED: Final = frozenset({Cause.MAINTENANCE, Cause.COURTESY})
"""Not played on purpose: it says nothing about our side, neither well nor ill. So does a test that a person stopped."""
TRUNK_REASONS: Final = frozenset({Reason.TRUNK_DOWN, Reason.TRUNK_AUTH_REJECTED})

Detail = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Began:
    """Trouble of our own. ``detail``: what its sentence is made of, without names of people or numbers."""

    key: str
    since: datetime
    detail: Detail


@dataclass(frozen=True, slots=True)
class Over:
    """The trouble of that key is over."""

    key: str
    at: datetime


News = Began | Over


def probe_key(name: str) -> str:
    """The key of a probe that judged nothing several times in a row."""
    return f"probe:{name}"


def trunk_key(name: str) -> str:
    """The key of a trunk that does not work."""
    return f"trunk:{name}"


class OwnSide:
    """What is wrong with our own side, after all entries seen so far. ``routes``: the trunk of each probe."""

    def __init__(self, routes: Mapping[str, str]) -> None:
        self.routes = routes
        self.standing: dict[str, Began] = {}
        self._blind: dict[str, list[Entry]] = {}

    def see(self, entry: Entry) -> list[News]:
        """What an entry changes."""
        if entry.cause in WANTED or entry.reason is Reason.INTERRUPTED:
            return []
        if entry.cause is Cause.DOWN:
            return self._begin(DOWN, entry.at, {"first": _moment(entry), "service": entry.service or ""})
        news = self._end(DOWN, _end_of(entry)) if entry.state is RunState.DONE else []
        if entry.probe is None:
            return news
        if entry.verdict is not Verdict.INCONCLUSIVE:
            self._blind.pop(entry.probe, None)
            keys = [probe_key(entry.probe), *(trunk_key(t) for t in [self.routes.get(entry.probe)] if t)]
            return news + [over for key in keys for over in self._end(key, _end_of(entry))]
        return news + self._judged_nothing(entry, entry.probe)

    def forget(self, gone: Callable[[str], bool], now: datetime) -> list[News]:
        """Let go of the probes that nobody plans any more."""
        for probe in [probe for probe in self._blind if gone(probe)]:
            del self._blind[probe]
        named = {key: key.removeprefix(probe_key("")) for key in self.standing if key.startswith(probe_key(""))}
        return [over for key, probe in named.items() if gone(probe) for over in self._end(key, now)]

    def _judged_nothing(self, entry: Entry, probe: str) -> list[News]:
        row = self._blind.setdefault(probe, [])
        row.append(entry)
        trunk = self.routes.get(probe)
        if trunk is not None and entry.reason in TRUNK_REASONS:  # the cause is known; its probes need no alarm each
            return self._begin(trunk_key(trunk), entry.at, {"trunk": trunk, "reason": str(entry.reason)})
        if len(row) < IN_A_ROW or (trunk is not None and trunk_key(trunk) in self.standing):
            return []
        del row[:-IN_A_ROW]
        detail: dict[str, str | int] = {"probe": probe, "n": IN_A_ROW, "reason": str(entry.reason)}
        if all(one.state is RunState.MISSED for one in row):
            detail |= {"service": entry.service or "", "first": _moment(row[0]), "last": _moment(entry)}
        return self._begin(probe_key(probe), row[0].at, detail)

    def _begin(self, key: str, since: datetime, detail: Detail) -> list[News]:
        if key in self.standing:
            return []
        self.standing[key] = Began(key, since, detail)
        return [self.standing[key]]

    def _end(self, key: str, at: datetime) -> list[News]:
        return [Over(key, at)] if self.standing.pop(key, None) is not None else []


def _end_of(entry: Entry) -> datetime:
    return entry.ended_at or entry.at


def _moment(entry: Entry) -> str:
    return (entry.slot or entry.at).isoformat()
