"""The known prompts of a configuration, and the new wordings that wait for somebody to accept them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from probe.outcome import Evidence
from probe.reasons import Verdict
from scheduler.wordings import HEARD
from siaga.config import Config
from storage.database import Database
from storage.journal import Journal
from storage.results import Cursor, Filter, Results
from storage.values import Entry

SINCE: Final = timedelta(days=90)
"""Older wordings are not listed; each later run that hears them lists them anew."""
_PAGE: Final = 500
_PREFIX, _SUFFIX = "heard-", ".wav"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Other words where a prompt stands: how often they were heard, first and last, and the last cut of them."""

    prompt: str
    folder: Path
    probe: str
    times: int
    first: datetime
    last: datetime
    run_id: str
    heard: Evidence


def folders(config: Config) -> list[Path]:
    """All folders of prompts that probes use, each once."""
    return list(dict.fromkeys(config.prompts_of(probe) for probe in config.probes))


def heard(files: list[Evidence]) -> dict[str, Evidence]:
    """The cuts of new wordings among the evidence of a run, by the prompt's name."""
    cuts = (file for file in files if file.kind == HEARD)
    return {file.path.name.removeprefix(_PREFIX).removesuffix(_SUFFIX): file for file in cuts}


def subject(folder: Path, prompt: str) -> str:
    """What an entry of the journal about a prompt is about; two centres may have a prompt of the same name."""
    return f"{folder.name}/{prompt}"


def waiting(config: Config, database: Database, now: datetime) -> list[Wording]:
    """New wordings that nobody has accepted since they were heard last, the newest first."""
    accepted: dict[str, datetime] = {note.subject: note.at for note in Journal(database).read("prompt")}
    found: dict[tuple[Path, str], Wording] = {}
    results = Results(database, config.storage.evidence)
    for entry in _degraded(results, now - SINCE):
        probe = config.probe(entry.probe or "")
        if probe is None:
            continue
        folder = config.prompts_of(probe)
        for name, cut in heard(results.evidence(entry)).items():
            last = accepted.get(subject(folder, name))
            if last is None or entry.at > last:
                _add(found, entry, folder, name, cut)
    return list(found.values())


def _add(found: dict[tuple[Path, str], Wording], entry: Entry, folder: Path, name: str, cut: Evidence) -> None:
    """Entries come newest first."""
    last = found.get((folder, name))
    found[folder, name] = Wording(
        prompt=name,
        folder=folder,
        probe=last.probe if last else entry.probe or "",
        times=(last.times if last else 0) + 1,
        first=entry.at,
        last=last.last if last else entry.at,
        run_id=last.run_id if last else entry.run_id,
        heard=last.heard if last else cut,
    )


def _degraded(results: Results, since: datetime) -> Iterator[Entry]:
    """Those with another reason, too: a test that was slow first may have heard new words later."""
    asked = Filter(verdict=Verdict.DEGRADED, since=since.astimezone(UTC))
    after: Cursor | None = None
    while page := results.page(asked, after, _PAGE):
        yield from page
        after = Cursor.of(page[-1])
