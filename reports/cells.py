"""The 16 columns, in words: one row of the report as the cells that every format prints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from probe.reasons import Judged, Verdict
from reports.masking import bare, masked
from reports.values import Row
from reports.wording import DASH, Wording
from storage.values import Cause, RunState

COLUMNS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("no", ("no",)),
    ("slot", ("slot",)),
    ("time", ("time",)),
    ("service_channel", ("service", "channel")),
    ("target_skill", ("target", "skill")),
    ("tester", ("test_number", "route")),
    ("kind", ("kind",)),
    ("accessibility", ("accessibility",)),
    ("t_greeting", ("t_greeting",)),
    ("availability", ("availability",)),
    ("t_queue", ("t_queue",)),
    ("t_agent", ("t_agent",)),
    ("issue", ("issue",)),
    ("escalation", ("reported", "reported_to", "ticket", "progress", "solved")),
    ("pic", ("pic",)),
    ("remark_evidence", ("remark", "run")),
)
"""The 16 columns of the form, and the single facts in each; both are keys of ``col`` in the catalogue."""
FACTS: Final = tuple(fact for _, facts in COLUMNS for fact in facts)


@dataclass(frozen=True, slots=True)
class Cell:
    """A text to print, and the value behind it where that is a number or a time."""

    text: str
    value: int | float | datetime | None = None


EMPTY: Final = Cell(DASH)
LATER: Final = " (+1)"
"""Behind a time of the next day."""


def cells(row: Row, words: Wording) -> dict[str, Cell]:
    """The facts of a row by their key; what does not apply is a dash, nothing is left blank."""
    entry = row.entry
    return {
        "no": Cell(str(row.no), row.no),
        "slot": Cell(_slot(row, words)),
        "time": EMPTY if entry.state is RunState.MISSED else _time(row, words),
        "service": Cell(words.text(entry.service)),
        "channel": Cell(words.channel(entry.channel)),
        "target": Cell(words.text(bare(row.target or ""))),
        "skill": Cell(words.text(entry.skill)),
        "test_number": Cell(words.text(masked(row.tester) if row.tester else None)),
        "route": Cell(_route(row, words)),
        "kind": Cell(words.say("trigger.manual" if row.manual else f"trigger.{entry.trigger}")),
        "accessibility": Cell(words.say(f"result.{entry.accessibility}")),
        "t_greeting": _seconds(entry.figures.greeting_ms, words),
        "availability": Cell(words.say(f"result.{_availability(row)}")),
        "t_queue": _seconds(entry.figures.queue_ms, words),
        "t_agent": _seconds(entry.figures.agent_ms, words),
        "issue": Cell(issue(row, words)),
        **_escalation(row, words),
        "pic": Cell(words.text(row.pic)),
        "remark": Cell(" · ".join(_remarks(row, words)) or DASH),
        "run": Cell(entry.run_id),
    }


def issue(row: Row, words: Wording) -> str:
    """*Kendala*: what is wrong, with the stage; a dash where nothing is."""
    entry = row.entry
    if entry.state is RunState.LOST:
        return words.say("report.lost")
    if entry.reason is None or entry.stage is None:
        return DASH
    values = {"reason": words.say(f"reason.{entry.reason}"), "stage": words.say(f"stage.{entry.stage}")}
    if entry.state is RunState.MISSED:
        skipped = entry.mode == "peak" and entry.cause is Cause.COURTESY
        return words.say("cell.missed", reason=words.say("cell.fewer") if skipped else values["reason"])
    if entry.verdict is Verdict.INCONCLUSIVE:
        return words.say("cell.not_judged", reason=values["reason"])
    return words.say("cell.degraded" if entry.verdict is Verdict.DEGRADED else "cell.failed", **values)


def _time(row: Row, words: Wording) -> Cell:
    """When it really began; ``(+1)`` where a slot of this day was tested after midnight."""
    at, slot = row.entry.at, row.entry.slot
    later = slot is not None and words.local_day(at) > words.local_day(slot)
    return Cell(f"{words.second(at)}{LATER}" if later else words.second(at), at)


def _availability(row: Row) -> Judged:
    """Peak mode hangs up in the queue on purpose: never a judgement, as in the figures."""
    return row.entry.availability if row.entry.mode == "normal" else Judged.NOT_JUDGED


def _slot(row: Row, words: Wording) -> str:
    if row.interval is None:
        return DASH
    start, end = row.interval
    return words.clock(start) + (f"{DASH}{words.until(end, start)}" if end is not None else "")


def _route(row: Row, words: Wording) -> str:
    if row.entry.channel in ("sip", "pstn") and row.target is not None and not row.manual:
        return words.text(row.route) if row.route else words.say("cell.direct")
    return words.text(row.route)


def _seconds(ms: int | None, words: Wording) -> Cell:
    return EMPTY if ms is None else Cell(words.seconds(ms), ms / 1000)


def _escalation(row: Row, words: Wording) -> dict[str, Cell]:
    told = row.escalation
    if told is not None:
        day = words.local_day(row.entry.at)
        return {
            "reported": Cell(words.near(told.at, day), told.at) if told.at else EMPTY,
            "reported_to": Cell(words.text(told.to)),
            "ticket": Cell(words.text(told.ticket)),
            "progress": Cell(words.text(told.progress)),
            "solved": Cell(words.near(told.solved, day), told.solved) if told.solved else EMPTY,
        }
    progress = DASH
    if row.entry.verdict is Verdict.FAIL and row.maintenance is None:
        progress = words.say("cell.see", row=row.again) if row.again else words.say("cell.not_recorded")
    return {
        "reported": EMPTY,
        "reported_to": EMPTY,
        "ticket": EMPTY,
        "progress": Cell(progress),
        "solved": EMPTY,
    }


def _remarks(row: Row, words: Wording) -> list[str]:
    entry, said, day = row.entry, list[str](), words.local_day(row.entry.at)
    if entry.retest_of:
        said.append(words.say("cell.of", row=row.of) if row.of else words.say("cell.of_run", run=entry.retest_of))
    if row.again:
        said.append(words.say("cell.again", row=row.again))
    if entry.mode == "peak":
        said.append(words.say("cell.skipped_peak" if entry.state is RunState.MISSED else "cell.peak"))
    if row.maintenance is not None:
        window = row.maintenance
        key = "cell.maintenance_late" if window.backdated else "cell.maintenance"
        said.append(words.say(key, reason=words.text(window.reason), span=words.between(window.from_, window.to, day)))
    for remark in row.remarks:
        by, time = words.text(remark.by), words.near(remark.at, day)
        if remark.kept:
            kept = words.say("cell.late_entry" if remark.kept == "late" else "cell.entry", name=by, time=time)
            said.append(f"{kept}: {words.text(remark.text)}" if remark.text else kept)
        else:
            said.append(words.say("cell.remark", text=words.text(remark.text), name=by, time=time))
    return said
