"""The parts of ``siaga show``: head, stages, steps, remarks, evidence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from probe.outcome import Evidence
from probe.words import NOTHING, Language, catalogue, printable, word
from siaga.cli.recorded import Recorded
from siaga.cli.waterfall import bars
from storage.evidence import intact
from storage.journal import Journal
from storage.values import Entry, RunState

MARKS = {"pass": "✓", "degraded": "~", "fail": "✗", "inconclusive": "?", "not_reached": "·"}


def head(entry: Entry, told: dict[str, Any], found: Recorded) -> Table:
    """Label and value of what describes the run."""
    language = found.language
    grid = Table.grid(padding=(0, 2))
    for key, value in _described(entry, told, found):
        grid.add_row(Text(word(key, language), style="dim"), Text(printable(value), overflow="fold"))
    return grid


def _described(entry: Entry, told: dict[str, Any], found: Recorded) -> Iterator[tuple[str, str]]:
    language = found.language
    yield "log.kind", word(f"trigger.{entry.trigger}", language)
    if entry.retest_of:
        yield "show.retest_of", entry.retest_of
    if entry.slot:
        yield "show.planned", f"{entry.slot.astimezone(found.zone):%Y-%m-%d %H.%M.%S}"
    if entry.state is RunState.DONE:
        yield "show.began", f"{entry.at.astimezone(found.zone):%Y-%m-%d %H.%M.%S}"
    if told["target"]:
        yield "show.target", told["target"]
    yield "panel.verdict", word(f"verdict.{entry.verdict}", language)
    if entry.stage and entry.reason and entry.owner:
        yield "panel.stage", word(f"stage.{entry.stage}", language)
        yield "panel.reason", word(f"reason.{entry.reason}", language)
        yield "panel.owner", word(f"owner.{entry.owner}", language)
    yield "panel.accessibility", word(f"result.{entry.accessibility}", language)
    yield "panel.availability", word(f"result.{entry.availability}", language)
    if entry.mode == "peak":
        yield "runs.state", word("log.peak", language)
    yield "show.hash", f"{entry.seq} · {entry.hash[:16]}"
    yield "show.version", f"{entry.version} · {entry.config[:12]}"


def stages(entry: Entry, language: Language) -> Table | None:
    """The stages as bars; None for a run that never began."""
    total_ms = entry.figures.total_ms
    if not total_ms:
        return None
    grid = Table.grid(padding=(0, 2))
    for bar in bars(entry.figures):
        took = f"{bar.start_ms / 1000:7.1f} → {bar.end_ms / 1000:.1f}"
        grid.add_row(
            Text(word(f"bar.{bar.key}", language)), Text(bar.drawn(total_ms), style="cyan"), Text(took, style="dim")
        )
    return grid


def steps(told: dict[str, Any]) -> Table | None:
    """The steps of the script with what came of each; None where there are none."""
    if not told["steps"]:
        return None
    grid = Table.grid(padding=(0, 2))
    for step in told["steps"]:
        took = "" if step["took_s"] is None else f"{step['took_s']:.1f}"
        texts = (MARKS[step["verdict"]], step["step"], took, step["detail"])
        grid.add_row(*(Text(printable(text), overflow="fold") for text in texts))
    return grid


def remarks(found: Recorded, entry: Entry) -> list[Text]:
    """What people wrote about the run, and who and when."""
    lines = []
    for note in Journal(found.database).read(kind="remark", subject=entry.run_id):
        text, when = note.text or {}, f"{note.at.astimezone(found.zone):%Y-%m-%d %H.%M}"
        values = {"text": text.get("text", NOTHING), "name": text.get("by", NOTHING), "time": when}
        lines.append(Text(printable(word("show.recorded_by", found.language, **values)), overflow="fold"))
    return lines


def evidence_lines(entry: Entry, found: Recorded) -> Iterator[str]:
    """Kind, path and whether the file still is what was recorded; unbroken, so that a path can be copied."""
    for kept in entry.evidence:
        path = found.evidence.absolute() / Path(kept.path)
        state = "show.intact" if intact(Evidence(kept.kind, path, kept.sha256)) else "show.altered"
        key = f"evidence.{kept.kind}"
        kind = word(key, found.language) if key in catalogue() else kept.kind
        yield f"{kind:<14}{word(state, found.language):<10}{printable(str(path))}"
