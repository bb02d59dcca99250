"""The arithmetic of the record, pure: what was planned and what came of it, shares, and times to an agent.

The rule of accounting: **planned = done + lost + missed** counts entries with trigger ``schedule``; re-tests, manual
tests and those of the command line are shown apart. Shares and times rest on planned entries that were done and judged.
What was planned inside maintenance stays in the counts and leaves the shares. Peak mode never counts as agent reached.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple, TypeVar

from probe.reasons import Judged, Verdict
from storage.values import Cause, Entry, RunState

APART: Final = ("retest", "manual", "cli")
"""Triggers that nobody planned."""


def percentile(values: Sequence[int], percent: int) -> int | None:
    """The nearest rank: the least value that ``percent`` of all do not exceed; None of nothing.

    The one function for every figure: the same on each database, and always a value that was measured. Raises
    ValueError outside of 1 to 100.
    """
    if not 1 <= percent <= 100:
        raise ValueError("a percentile lies between 1 and 100")
    if not values:
        return None
    rank = -(-percent * len(values) // 100)  # rounded up, in whole numbers: no float can be a hair too high
    return sorted(values)[rank - 1]


@dataclass(frozen=True, slots=True)
class Share:
    """How many of those that were judged were right. Its denominator stands beside each percentage."""

    ok: int
    not_ok: int

    @property
    def judged(self) -> int:
        """The denominator."""
        return self.ok + self.not_ok

    @property
    def percent(self) -> float | None:
        """0 to 100; None when nothing was judged: no figure is better than a wrong one."""
        return 100 * self.ok / self.judged if self.judged else None


class Seen(NamedTuple):
    """What accounting looks at in an entry."""

    trigger: str
    mode: str
    state: RunState
    cause: Cause | None
    verdict: Verdict
    accessibility: Judged
    availability: Judged
    left_out: bool
    """It began inside a maintenance window."""

    @property
    def counted(self) -> bool:
        """Whether it stays in the denominators."""
        return self.trigger == "schedule" and not self.left_out and self.cause is not Cause.MAINTENANCE

    @property
    def judged_availability(self) -> Judged:
        """Peak mode hangs up in the queue on purpose: whatever was heard there is no judgement."""
        return self.availability if self.mode == "normal" else Judged.NOT_JUDGED

    @property
    def reached(self) -> bool:
        """Whether its time to the agent counts."""
        return self.counted and self.state is RunState.DONE and self.judged_availability is Judged.OK


class Line(NamedTuple):
    """A line of the report."""

    service: str | None
    channel: str
    skill: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What was planned, and what came of it."""

    planned: int
    done: int
    lost: int
    missed: Mapping[Cause, int]
    """Of each cause; all of them are there."""
    verdicts: Mapping[Verdict, int]
    """Of those done; all of them are there."""
    left_out: int
    """Planned entries inside maintenance, whatever came of them: in the counts, not in the shares."""
    execution: Share
    """Done, of those planned outside maintenance."""
    accessibility: Share
    availability: Share
    to_agent: int
    """How many times to an agent the next two rest on."""
    median_ms: int | None
    p90_ms: int | None
    apart: Mapping[str, int]
    """Entries that nobody planned, by trigger."""

    @property
    def missed_all(self) -> int:
        """Missed, of any cause."""
        return sum(self.missed.values())


def nothing_excluded(_: Entry) -> bool:
    """No maintenance."""
    return False


def account(entries: Iterable[Entry], excluded: Callable[[Entry], bool] = nothing_excluded) -> Account:
    """The account of some entries; ``excluded`` says which lie inside a maintenance window."""
    return summed((_seen(e, excluded), 1, () if e.figures.agent_ms is None else (e.figures.agent_ms,)) for e in entries)


def by_line(entries: Iterable[Entry], excluded: Callable[[Entry], bool] = nothing_excluded) -> dict[Line, Account]:
    """The account of each service, channel and skill, in order."""
    lines: dict[Line, list[Entry]] = {}
    for entry in entries:
        lines.setdefault(Line(entry.service, entry.channel, entry.skill), []).append(entry)
    return {line: account(lines[line], excluded) for line in in_order(lines)}


def in_order(lines: Iterable[Line]) -> list[Line]:
    """By name; those without a service or skill last."""
    return sorted(
        lines, key=lambda li: (li.service is None, li.service or "", li.channel, li.skill is None, li.skill or "")
    )


def summed(groups: Iterable[tuple[Seen, int, Sequence[int]]]) -> Account:
    """The account of groups of like entries: how many there are, and their times to an agent in milliseconds."""
    planned: Counter[Seen] = Counter()
    apart: Counter[str] = Counter()
    agent_ms: list[int] = []
    for seen, count, times_ms in groups:
        if seen.trigger != "schedule":
            apart[seen.trigger] += count
            continue
        planned[seen] += count
        if seen.reached:
            agent_ms += times_ms
    agent_ms.sort()
    done = _only(planned, lambda seen: seen.state is RunState.DONE)
    counted = _only(planned, lambda seen: seen.counted)
    judged = _only(counted, lambda seen: seen.state is RunState.DONE)
    states, causes = _tally(planned, lambda seen: seen.state), _tally(planned, lambda seen: seen.cause)
    verdicts = _tally(done, lambda seen: seen.verdict)
    return Account(
        planned=planned.total(),
        done=done.total(),
        lost=states[RunState.LOST],
        missed=MappingProxyType({cause: causes[cause] for cause in Cause}),
        verdicts=MappingProxyType({verdict: verdicts[verdict] for verdict in Verdict}),
        left_out=planned.total() - counted.total(),
        execution=Share(judged.total(), counted.total() - judged.total()),
        accessibility=_share(_tally(judged, lambda seen: seen.accessibility)),
        availability=_share(_tally(judged, lambda seen: seen.judged_availability)),
        to_agent=len(agent_ms),
        median_ms=percentile(agent_ms, 50),
        p90_ms=percentile(agent_ms, 90),
        apart=MappingProxyType({trigger: apart[trigger] for trigger in APART}),
    )


_Key = TypeVar("_Key")


def _only(counts: Counter[Seen], wanted: Callable[[Seen], bool]) -> Counter[Seen]:
    return Counter({seen: count for seen, count in counts.items() if wanted(seen)})


def _tally(counts: Counter[Seen], key: Callable[[Seen], _Key]) -> Counter[_Key]:
    tally: Counter[_Key] = Counter()
    for seen, count in counts.items():
        tally[key(seen)] += count
    return tally


def _share(judged: Counter[Judged]) -> Share:
    return Share(judged[Judged.OK], judged[Judged.NOT_OK])


def _seen(entry: Entry, excluded: Callable[[Entry], bool]) -> Seen:
    return Seen(
        trigger=entry.trigger,
        mode=entry.mode,
        state=entry.state,
        cause=entry.cause,
        verdict=entry.verdict,
        accessibility=entry.accessibility,
        availability=entry.availability,
        left_out=excluded(entry),
    )
