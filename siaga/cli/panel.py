"""The result of a run for people: verdict, stage, reason in words, times, and where the evidence lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.outcome import Record
from probe.words import Language, catalogue, printable, word

if TYPE_CHECKING:
    from rich.panel import Panel

COLOURS = {"pass": "green", "degraded": "yellow", "fail": "red", "inconclusive": "magenta"}
"""Colour of a verdict, on the panel and in tables."""


def rows(record: Record, language: Language) -> list[tuple[str, str]]:
    """Label and value of every line of the panel, in its order; nothing that is null."""
    outcome = record.outcome
    told = [("verdict", word(f"verdict.{outcome.verdict}", language))]
    if outcome.stage and outcome.reason and outcome.owner:
        told += [
            ("stage", word(f"stage.{outcome.stage}", language)),
            ("reason", word(f"reason.{outcome.reason}", language)),
            ("owner", word(f"owner.{outcome.owner}", language)),
        ]
    told += [
        ("accessibility", word(f"result.{outcome.accessibility}", language)),
        ("availability", word(f"result.{outcome.availability}", language)),
    ]
    if times := _times(record, language):
        told.append(("times", times))
    return [(word(f"panel.{key}", language), value) for key, value in told]


def evidence_rows(record: Record, language: Language) -> list[tuple[str, str]]:
    """Kind and path of every file of evidence; to be printed unbroken, so that a path can be copied."""
    return [(_evidence_word(e.kind, language), str(e.path)) for e in record.outcome.evidence]


def panel(record: Record, language: Language) -> Panel:
    """The panel itself."""
    from rich.console import Group
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    for label, value in rows(record, language):
        grid.add_row(Text(label, style="dim"), Text(printable(value), overflow="fold"))
    colour = COLOURS[record.outcome.verdict]
    return Panel(
        Group(Text(printable(record.message), style="bold"), Text(), grid),
        title=Text(record.probe or record.target, style=colour),
        border_style=colour,
        subtitle=Text(record.run_id, style="dim"),
    )


def _times(record: Record, language: Language) -> str:
    timings = record.outcome.timings
    known = [(name, getattr(timings, name)) for name in type(timings).__dataclass_fields__]
    return " · ".join(
        f"{word(f'timing.{name}', language)} {seconds:.1f}" for name, seconds in known if seconds is not None
    )


def _evidence_word(kind: str, language: Language) -> str:
    key = f"evidence.{kind}"
    return word(key, language) if key in catalogue() else kind
