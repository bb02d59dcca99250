"""Point 3: the whole table of verdicts for calls, each row by its far end."""

from __future__ import annotations

from prove.campaign import Campaign, Result, Room
from tests.end_to_end import table
from tests.end_to_end.program import Ran
from tests.end_to_end.rows import ROWS, Row

KEYS = ("verdict", "stage", "reason", "owner", "accessibility", "availability")


def run(room: Room) -> Result:
    """Every row through the installed program, a few at a time."""
    centre, result = room.centre(room.telephone()), Result()
    with table.staged(ROWS, centre, room.scratch("tabel")) as stage:
        played = table.play(ROWS, stage)
    told = {row.name: _told(played[row.name]) for row in ROWS}
    right = [row for row in ROWS if told[row.name] == _wanted(row)]
    result.add(
        "rows as the contract has them",
        f"{len(ROWS)} of {len(ROWS)}",
        f"{len(right)} of {len(ROWS)}",
        len(right) == len(ROWS),
    )
    result.notes += ["| row | told | exit | |", "| --- | --- | --- | --- |"]
    for row in ROWS:
        words, exit_code = told[row.name]
        verdict = "yes" if row in right else f"NO, wanted {' · '.join(_wanted(row)[0])}, exit {row.exit_code}"
        result.notes.append(f"| {row.name} | {' · '.join(words)} | {exit_code} | {verdict} |")
    return result


def _wanted(row: Row) -> tuple[tuple[str, ...], int]:
    return tuple(str(getattr(row, key) or "-") for key in KEYS), row.exit_code


def _told(ran: Ran | BaseException) -> tuple[tuple[str, ...], int]:
    if isinstance(ran, BaseException):
        return (f"{type(ran).__name__}: {str(ran)[:200]}",), -1
    return tuple(str(ran.record[key] or "-") for key in KEYS), ran.exit_code


CAMPAIGN = Campaign(
    "verdicts",
    3,
    'The whole table "Verdict, stage, reason" of the contract that concerns calls, each row produced by Asterisk or '
    "SIPp end to end, with owner and exit code.",
    run,
)
