"""What a daily report is made of, read from the record; nothing is judged here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from probe.reasons import Verdict
from reports.values import Carried
from storage.database import Database
from storage.journal import Journal, Kind, Note
from storage.maintenance import Window
from storage.results import Cursor, Filter, Results
from storage.values import Entry, RunState

CHUNK: Final = 1000
"""Details asked for at once: databases limit how many values one question may have."""
REMARKED_WITHIN: Final = timedelta(days=400)
"""Remarks on a day's runs are looked for this long after it."""
LOOK_BACK: Final = timedelta(days=31)
"""An issue whose last judged test is older than this is no longer called open."""
PAGE: Final = 50
WORKED: Final = frozenset({Verdict.PASS, Verdict.DEGRADED})
"""Verdicts that end an issue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """The entries of a day with all that was said about them."""

    entries: Sequence[Entry]
    targets: Mapping[int, str] = field(default_factory=dict)
    """Whom a run has contacted, by ``seq``; absent where nothing was played, or it was erased."""
    notes: Sequence[Note] = ()
    """Of the day, and the later ones about it."""
    windows: Sequence[Window] = ()
    carried: Sequence[Carried] = ()


def gather(
    database: Database,
    evidence: Path,
    start: datetime,
    end: datetime,
    windows: Iterable[Window],
    probes: Iterable[str],
) -> Material:
    """Everything about a day ``[start, end)``. ``probes``: those whose open issues are carried over."""
    results = Results(database, evidence)
    entries = results.on_day(start, end)
    names = {*probes, *(e.probe for e in entries if e.probe is not None)}
    return Material(
        entries=entries,
        targets=_targets(results, entries),
        notes=_notes(Journal(database), start, end),
        windows=[w for w in windows if w.from_ < end and w.to > start and not w.empty],
        carried=[one for name in sorted(names) if (one := carried_over(results, name, start)) is not None],
    )


def _targets(results: Results, entries: list[Entry]) -> dict[int, str]:
    with_detail = [e for e in entries if e.detail_sha256 is not None]
    found = dict[int, str]()
    for first in range(0, len(with_detail), CHUNK):
        details = results.details(with_detail[first : first + CHUNK])
        found |= {seq: str(detail["target"]) for seq, detail in details.items() if detail.get("target")}
    return found


def _notes(journal: Journal, start: datetime, end: datetime) -> list[Note]:
    """Those made on the day, and the remarks and signatures that came after it."""
    later: tuple[Kind, ...] = ("remark", "sign")
    found = journal.read(since=start, until=end)
    for kind in later:
        found += journal.read(kind, since=end, until=end + REMARKED_WITHIN)
    return sorted(found, key=lambda note: note.seq)


def carried_over(results: Results, probe: str, start: datetime) -> Carried | None:
    """The issue of a probe that was open when the day began: its last judged test before had failed."""
    began: Entry | None = None
    cursor: Cursor | None = None
    asked = Filter(probe=probe, state=RunState.DONE, since=start - LOOK_BACK, until=start)
    if any(entry.verdict in WORKED for entry in results.page(asked, limit=1)):
        return None  # of most probes the very last test says it; a page of each takes longer to read than the day
    while page := results.page(asked, after=cursor, limit=PAGE):
        for entry in page:
            if entry.verdict is Verdict.FAIL:
                began = entry
            elif entry.verdict in WORKED:
                return _carried(began)
        if began is None and len(page) == PAGE:
            return None  # nothing was judged for so long that nothing is known
        cursor = Cursor.of(page[-1])
    return _carried(began)


def _carried(began: Entry | None) -> Carried | None:
    if began is None or began.probe is None:
        return None
    return Carried(
        probe=began.probe,
        service=began.service,
        channel=began.channel,
        skill=began.skill,
        stage=began.stage,
        reason=began.reason,
        owner=began.owner,
        since=began.at,
        run_id=began.run_id,
    )


_PREFIX: Final = "IVR-AA"


def number_of(day: date, service: str | None) -> str:
    """The report's number: ``IVR-AA/2026/11/20``; of one service alone with its name, for it is another document."""
    plain = f"{_PREFIX}/{day:%Y/%m/%d}"
    return plain if service is None else f"{plain}/{re.sub(r'[^A-Za-z0-9-]+', '-', service).upper()}"


def revision(exports: Iterable[Note], content: str) -> int:
    """How often what the report says has changed since it was first issued; ``exports`` in order. 0: the first."""
    issued = list[object]()
    for note in exports:
        said = note.body.get("content")
        if note.body.get("closed") and issued[-1:] != [said]:
            issued.append(said)
    return len(issued) - 1 if issued[-1:] == [content] else len(issued)
