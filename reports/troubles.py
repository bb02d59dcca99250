"""From single tests to issues (*kendala*): from the first failed test to the first one that passed again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from probe.reasons import Owner, Reason, Stage, Verdict
from reports.values import Carried, Row, Trouble
from storage.values import Entry, RunState

_WAY: Final = (Stage.ACCESS, Stage.IVR, Stage.MENU, Stage.QUEUE, Stage.AGENT)
"""A customer's way, in order."""


@dataclass(slots=True)
class _Open:
    """An issue while it lasts."""

    probe: str
    service: str | None
    channel: str
    skill: str | None
    stage: Stage | None
    reason: Reason | None
    owner: Owner | None
    since: datetime
    carried: bool
    rows: list[int] = field(default_factory=list)

    def closed(self, solved: datetime | None, by: int | None) -> Trouble:
        return Trouble(
            probe=self.probe,
            service=self.service,
            channel=self.channel,
            skill=self.skill,
            stage=self.stage,
            reason=self.reason,
            owner=self.owner,
            since=self.since,
            rows=tuple(self.rows),
            carried=self.carried,
            solved=solved,
            solved_by=by,
        )


def troubles(rows: Iterable[Row], carried: Iterable[Carried] = ()) -> tuple[Trouble, ...]:
    """The issues of a day, one per probe and stage, in order of their beginning; ``rows`` in order of time.

    A test that passes ends all issues of its probe; one that fails further along ends those before that stage, for it
    got past them. What was not judged neither begins nor ends an issue, nor does what failed during maintenance.
    """
    still = {(c.probe, c.stage): _of_carried(c) for c in carried}
    found = list[Trouble]()
    for row in rows:
        entry = row.entry
        if entry.probe is None or entry.state is not RunState.DONE or row.maintenance is not None:
            continue
        if entry.verdict is Verdict.INCONCLUSIVE:
            continue
        past = [key for key in still if key[0] == entry.probe and _got_past(entry, key[1])]
        found += [still.pop(key).closed(entry.at, row.no) for key in past]
        if entry.verdict is Verdict.FAIL:
            still.setdefault((entry.probe, entry.stage), _of_row(row, entry.probe)).rows.append(row.no)
    found += [one.closed(None, None) for one in still.values()]
    return tuple(sorted(found, key=lambda t: (t.since, t.probe)))


def _got_past(entry: Entry, stage: Stage | None) -> bool:
    """Whether an entry proves that a stage works again."""
    if entry.verdict is not Verdict.FAIL:
        return True
    return stage in _WAY and entry.stage in _WAY and _WAY.index(entry.stage) > _WAY.index(stage)


def seconds(found: Sequence[Trouble], start: datetime, end: datetime) -> float:
    """Seconds of ``[start, end)`` in which at least one of the issues lasted."""
    spans = sorted((max(t.since, start), min(t.solved or end, end)) for t in found)
    total, until = 0.0, start
    for begin, over in spans:
        if over > max(begin, until):
            total += (over - max(begin, until)).total_seconds()
            until = over
    return total


def _of_carried(one: Carried) -> _Open:
    return _Open(one.probe, one.service, one.channel, one.skill, one.stage, one.reason, one.owner, one.since, True)


def _of_row(row: Row, probe: str) -> _Open:
    e = row.entry
    return _Open(probe, e.service, e.channel, e.skill, e.stage, e.reason, e.owner, e.at, False)
