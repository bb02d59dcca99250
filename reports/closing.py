"""The words at the end of the daily report: who was in charge, issues, changes, signatures."""

from __future__ import annotations

from dataclasses import dataclass

from probe.words import catalogue
from reports.daily import PARTS
from reports.values import Change, DailyReport, Trouble
from reports.wording import DASH, Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Headings and rows of texts."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def shift_table(report: DailyReport, words: Wording) -> Table:
    """Who was in charge of each shift, and who looked it through."""
    missing, unsigned = words.say("report.not_registered"), words.say("report.not_signed")
    rows = []
    for line in report.shifts:
        shift, signed = line.shift, line.signature
        by = words.say("report.signed_at", name=words.text(signed.name), time=words.stamp(signed.at)) if signed else ""
        rows.append(
            (words.text(shift.name), words.span(shift.from_min, shift.to_min), shift.pic or missing, by or unsigned)
        )
    headings = [words.say(f"report.{key}") for key in ("shift", "hours")] + [words.say("col.pic")]
    return Table(
        title=words.say("report.pic_per_shift"),
        headings=(*headings, words.say("report.pic_checked")),
        rows=tuple(rows) or ((missing, DASH, missing, unsigned),),
    )


def troubles(report: DailyReport, words: Wording) -> Table:
    """The issues of the day from their beginning to their end."""
    labels = ("report.issue_from", "col.service", "col.channel", "col.skill", "col.issue", "panel.owner")
    return Table(
        title=words.say("report.escalation_log"),
        headings=tuple(
            map(words.say, (*labels, "report.issue_rows", "col.escalation", "col.solved", "report.minutes"))
        ),
        rows=tuple(_trouble(t, report, words) for t in report.troubles),
    )


def _trouble(one: Trouble, report: DailyReport, words: Wording) -> tuple[str, ...]:
    day = report.period.day
    began = words.near(one.since, day)
    if one.solved is None:
        solved, minutes = words.say("report.still_open"), DASH
    else:
        solved = words.say("report.solved_by", time=words.near(one.solved, day), row=one.solved_by)
        minutes = words.count(round((one.solved - one.since).total_seconds() / 60))
    failed = words.say("cell.failed", stage=words.say(f"stage.{one.stage}"), reason=words.say(f"reason.{one.reason}"))
    return (
        f"{began} ({words.say('report.was_open')})" if one.carried else began,
        words.text(one.service),
        words.channel(one.channel),
        words.text(one.skill),
        failed,
        words.say(f"owner.{one.owner}") if one.owner else DASH,
        ", ".join(map(str, one.rows)) or DASH,
        _escalated(one, report, words),
        solved,
        minutes,
    )


def _escalated(one: Trouble, report: DailyReport, words: Wording) -> str:
    """What the remarks of its rows say about whom it was passed on to."""
    told = []
    for no in one.rows:
        if (said := report.rows[no - 1].escalation) is not None:
            at = words.near(said.at, report.period.day) if said.at else ""
            told.append(" · ".join(words.text(part) for part in (at, said.to, said.ticket, said.progress) if part))
    return "; ".join(told) or DASH


def changes(report: DailyReport, words: Wording) -> Table:
    """What was changed on that day, and by whom."""
    return Table(
        title=words.say("report.change_log"),
        headings=tuple(words.say(f"report.change_{key}") for key in ("time", "kind", "what", "by")),
        rows=tuple(
            (words.second(c.at), words.say(f"change.{c.kind}"), _what(c, report, words), words.text(c.by))
            for c in report.changes
        ),
    )


def _what(change: Change, report: DailyReport, words: Wording) -> str:
    day = report.period.day
    if change.from_ and change.to:
        span = words.between(change.from_, change.to, day)
    else:
        one = change.from_ or change.to
        span = words.near(one, day) if one else ""
    late = words.say("report.window_late") if change.backdated else ""
    subject = change.subject if change.kind in ("maintenance", "disposal") else ""
    action = f"action.{change.action}"
    did = words.say(action) if action in catalogue() else change.action
    facts = (f"{words.say(f'action.{k}') if f'action.{k}' in catalogue() else k}: {v}" for k, v in change.facts)
    parts = (subject, did, span, *facts, change.text, late)
    return " · ".join(words.text(part) for part in parts if part) or DASH


def signatures(report: DailyReport, words: Wording) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Made, checked, approved: name, position, date; empty lines are for a pen."""
    given = {s.part: s for s in report.signatures}
    boxes = []
    for part in PARTS:
        signed = given.get(part)
        name = words.text(signed.name) if signed else ""
        role = words.text(signed.role) if signed and signed.role else words.say(f"report.role_{part}")
        date = words.stamp(signed.at) if signed else ""
        labels = ("report.name", "report.position", "report.date")
        boxes.append((words.say(f"report.{part}"), tuple(zip(map(words.say, labels), (name, role, date), strict=True))))
    return tuple(boxes)
