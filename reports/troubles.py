"""From single tests to issues (*kendala*): from the first failed test to the first one that passed again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from probe.reasons import Owner, Reason, Stage, Verdict
from reports.values import Carried, Row, Trouble
from storage.values import RunState

_WELL = (Verdict.PASS, Verdict.DEGRADED)


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
    """The issues of a day, in order of their beginning; ``rows`` in order of time.

    What was not judged neither begins nor ends an issue, nor does what failed during maintenance.
    """
    still = {c.probe: _of_carried(c) for c in carried}
    found = list[Trouble]()
    for row in rows:
        entry = row.entry
        if entry.probe is None or entry.state is not RunState.DONE or row.maintenance is not None:
            continue
        if entry.verdict is Verdict.FAIL:
            still.setdefault(entry.probe, _of_row(row, entry.probe)).rows.append(row.no)
        elif entry.verdict in _WELL and (over := still.pop(entry.probe, None)):
            found.append(over.closed(entry.at, row.no))
    found += [one.closed(None, None) for one in still.values()]
    return tuple(sorted(found, key=lambda t: (t.since, t.probe)))


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
