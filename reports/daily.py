"""From the entries of a day to the one value that every format of the daily report is made of. Pure."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from reports.material import Material, number_of
from reports.troubles import seconds, troubles
from reports.values import (
    Carried,
    Change,
    DailyReport,
    Escalation,
    Group,
    KnownProbe,
    Letterhead,
    Period,
    Remark,
    Row,
    Seal,
    Shift,
    ShiftLine,
    Signature,
    Trouble,
)
from storage.figures import Line, account, in_order
from storage.journal import Note
from storage.maintenance import Window, covers
from storage.values import Entry

CHANGES: Final = ("config", "maintenance", "peak", "clock", "disposal")
"""Kinds of the journal that the report tells as changes of the day."""
SHORT: Final = 16
"""Characters of a hash on paper: enough to tell, short enough to be read over the telephone."""
PARTS: Final = ("made", "checked", "approved")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which report, and what only the configuration knows about it. ``service``: of this one alone."""

    period: Period
    service: str | None = None
    head: Letterhead = field(default_factory=Letterhead)
    shifts: Sequence[Shift] = ()
    tested: Mapping[str, KnownProbe] = field(default_factory=dict)
    version: str
    config: str


def daily(asked: Asked, material: Material, rev_of: Callable[[str], int] = lambda _: 0) -> DailyReport:
    """The report. ``rev_of`` counts the corrections before a content, by its hash."""
    mine = [e for e in material.entries if asked.service in (None, e.service)]
    carried = tuple(c for c in material.carried if asked.service in (None, c.service))
    rows = _rows(asked, material, mine)
    found = troubles(rows, carried)
    number = number_of(asked.period.day, asked.service)
    content = _content(asked, number, rows, carried)
    return DailyReport(
        head=asked.head,
        number=number,
        rev=rev_of(content) if asked.period.closed else None,
        period=asked.period,
        service=asked.service,
        version=asked.version,
        config=asked.config,
        configs=tuple(Counter(e.config for e in mine).most_common()),
        total=account(mine, _excluded(rows)),
        groups=_groups(rows, found, asked.period),
        carried=carried,
        shifts=_shifts(asked, material.notes),
        rows=rows,
        troubles=found,
        windows=tuple(material.windows),
        changes=tuple(_change(n) for n in material.notes if n.kind in CHANGES),
        signatures=tuple(s for part in PARTS if (s := _signature(asked, material.notes, part)) is not None),
        seal=_seal(material.entries),
        content=content,
    )


def _rows(asked: Asked, material: Material, entries: Sequence[Entry]) -> tuple[Row, ...]:
    """Every entry is a row, in order of time."""
    ordered = sorted(entries, key=lambda e: (e.at, e.seq))
    numbers = {entry.run_id: no for no, entry in enumerate(ordered, 1)}
    again = {e.retest_of: numbers[e.run_id] for e in reversed(ordered) if e.retest_of}
    by_run = {entry.run_id: entry for entry in ordered}
    notes = _remarks(material.notes)
    rows = []
    for entry in ordered:
        tested = asked.tested.get(entry.probe or "")
        told = notes.get(entry.run_id, [])
        rows.append(
            Row(
                no=numbers[entry.run_id],
                entry=entry,
                interval=_interval(entry, by_run, asked),
                target=material.targets.get(entry.seq) or (tested.target if tested else None),
                tester=tested.tester if tested else None,
                route=tested.route if tested else None,
                pic=(tested.pic if tested else None) or _in_charge(asked, entry.at),
                remarks=tuple(_remark(note) for note in told),
                escalation=_escalation(told),
                maintenance=covers(material.windows, entry.probe, entry.service, entry.channel, entry.at),
                again=again.get(entry.run_id),
                of=numbers.get(entry.retest_of or ""),
            )
        )
    return tuple(rows)


def _interval(entry: Entry, by_run: Mapping[str, Entry], asked: Asked) -> tuple[datetime, datetime | None] | None:
    """The slot's interval; of a re-test that of the failed test; of another run that of its probe at that time."""
    tested = asked.tested.get(entry.probe or "")
    every = timedelta(seconds=tested.every_s) if tested is not None and tested.every_s else None
    first = by_run.get(entry.retest_of or "")
    slot = entry.slot or (first.slot if first is not None else None)
    if slot is None and every is not None:
        slot = asked.period.start + every * ((entry.at - asked.period.start) // every)
    if slot is None:
        return None
    return slot, None if every is None else min(slot + every, asked.period.end)


def _in_charge(asked: Asked, moment: datetime) -> str | None:
    local = moment.astimezone(asked.period.zone)
    minute = local.hour * 60 + local.minute
    for shift in asked.shifts:
        if any(shift.from_min <= m < shift.to_min for m in (minute, minute + 24 * 60)):
            return shift.pic
    return None


def _remarks(notes: Iterable[Note]) -> dict[str, list[Note]]:
    found = dict[str, list[Note]]()
    for note in notes:
        if note.kind == "remark":
            found.setdefault(note.subject, []).append(note)
    return found


def _remark(note: Note) -> Remark:
    text = note.text or {}
    by_hand = note.body.get("what") == "manual"
    return Remark(
        seq=note.seq,
        at=note.at,
        by=str(text.get("by", "")),
        text=str(text.get("text", "")),
        kept="" if not by_hand else "late" if note.body.get("late") else "in_time",
    )


def _escalation(notes: Iterable[Note]) -> Escalation | None:
    """What the remarks of a run say under ``escalation``: at, to, ticket, progress, solved; the latest word counts."""
    said = dict[str, Any]()
    for note in notes:
        told = (note.text or {}).get("escalation")
        said |= {key: value for key, value in told.items() if value} if isinstance(told, Mapping) else {}
    if not said:
        return None
    return Escalation(
        at=_moment(said.get("at")),
        to=said.get("to"),
        ticket=said.get("ticket"),
        progress=said.get("progress"),
        solved=_moment(said.get("solved")),
    )


def _moment(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _excluded(rows: Iterable[Row]) -> Callable[[Entry], bool]:
    inside = {row.entry.seq for row in rows if row.maintenance is not None}
    return lambda entry: entry.seq in inside


def _groups(rows: Sequence[Row], found: Sequence[Trouble], period: Period) -> tuple[Group, ...]:
    members = dict[Line, list[Row]]()
    for row in rows:
        members.setdefault(Line(row.entry.service, row.entry.channel, row.entry.skill), []).append(row)
    issues = dict[Line, list[Trouble]]()
    for trouble in found:
        issues.setdefault(Line(trouble.service, trouble.channel, trouble.skill), []).append(trouble)
    until = min(period.end, max(period.printed, period.start))
    excluded = _excluded(rows)
    return tuple(
        Group(
            line=line,
            account=account([row.entry for row in members.get(line, ())], excluded),
            trouble_s=seconds(issues.get(line, []), period.start, until),
            rows=tuple(members.get(line, ())),
        )
        for line in in_order({**members, **issues})
    )


def _shifts(asked: Asked, notes: Iterable[Note]) -> tuple[ShiftLine, ...]:
    kept = list(notes)
    return tuple(
        ShiftLine(shift=shift, signature=_signature(asked, kept, f"shift:{shift.name}")) for shift in asked.shifts
    )


def _signature(asked: Asked, notes: Iterable[Note], part: str) -> Signature | None:
    """The latest one given for a part of the day; earlier ones stay in the journal."""
    subject = f"{asked.period.day.isoformat()}/{part}"
    given = [note for note in notes if note.kind == "sign" and note.subject == subject]
    if not given:
        return None
    text = given[-1].text or {}
    return Signature(part=part, name=str(text.get("name", "")), role=str(text.get("role", "")), at=given[-1].at)


def _change(note: Note) -> Change:
    body, text = note.body, note.text or {}
    return Change(
        at=note.at,
        kind=note.kind,
        subject=note.subject,
        action=str(body.get("action", "")),
        from_=_moment(body.get("from")),
        to=_moment(body.get("to") or body.get("until")),
        backdated=body.get("backdated") is True,
        by=str(text.get("by", "")),
        text=str(text.get("reason") or text.get("text") or ""),
        facts=tuple(_facts(body)),
    )


def _facts(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """From which configuration to which, and what differs; as far as the entry says."""
    if isinstance(new := body.get("new"), str):
        yield "holds", f"{str(body.get('old') or '')[:SHORT]} → {new[:SHORT]}"
    changed = body.get("changes")
    for key, names in changed.items() if isinstance(changed, Mapping) else ():
        if isinstance(names, list) and names:
            yield key, ", ".join(map(str, names))


def _seal(entries: Iterable[Entry]) -> Seal | None:
    last = max(entries, key=lambda e: e.seq, default=None)
    return None if last is None else Seal(seq=last.seq, hash=last.hash)


def _content(asked: Asked, number: str, rows: Iterable[Row], carried: Iterable[Carried]) -> str:
    head = asked.head
    said = [
        [number, head.centre, head.code, head.title, head.document_code, head.revision, str(head.effective)],
        [[s.name, s.from_min, s.to_min, s.pic] for s in asked.shifts],
        [c.run_id for c in carried],
        [_row_content(row) for row in rows],
    ]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _row_content(row: Row) -> list[Any]:
    return [
        row.entry.hash,
        row.target,
        row.tester,
        row.route,
        row.pic,
        [remark.seq for remark in row.remarks],
        _window_content(row.maintenance),
    ]


def _window_content(window: Window | None) -> list[str] | None:
    return None if window is None else [window.target, window.from_.isoformat(), window.to.isoformat()]
