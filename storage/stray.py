"""Folders of evidence that no result speaks of: of results that somebody cut off, or that were never entered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from storage.chain import RESULT, table_of
from storage.database import Database
from storage.findings import Finding, Found
from storage.links import Lawful
from storage.tables import RunRow
from storage.values import RunState, from_ms

RUN: Final = table_of(RunRow)
FRESH_S: Final = 3600.0
"""A run that began so recently may just be on its way into the record."""
LEFT: Final = timedelta(days=2)
"""What a broken-off disposal left in the days of the oldest results is deleted with these days."""
CHUNK: Final = 500
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LIVE: Final = (RunState.QUEUED.value, RunState.RUNNING.value)


def stray(database: Database, root: Path, lawful: Lawful, found: Found, now_s: float) -> Iterator[Finding]:
    """Name them; ``now_s`` in seconds since 1970, as the file system counts. Raises DatabaseError."""
    if not root.is_dir():
        return
    since = _since(database, lawful)
    for day in sorted(root.iterdir()):
        if not _DAY.fullmatch(day.name) or day.name < since or day.is_symlink() or not day.is_dir():
            continue
        folders = {folder.name: folder for folder in sorted(day.iterdir()) if _settled(folder, now_s)}
        names = list(folders)
        for first in range(0, len(names), CHUNK):
            known = _known(database, names[first : first + CHUNK])
            for name in names[first : first + CHUNK]:
                if name not in known:
                    yield found("stray", str(folders[name].absolute()))


def _known(database: Database, names: list[str]) -> set[str]:
    live = select(RUN.c.run_id).where(RUN.c.run_id.in_(names), RUN.c.state.in_(_LIVE))
    kept = select(RESULT.c.run_id).where(RESULT.c.run_id.in_(names))
    with database.read() as connection:
        return {*connection.execute(live).scalars(), *connection.execute(kept).scalars()}


def _settled(folder: Path, now_s: float) -> bool:
    """A folder with something in it that nobody has written into for a while."""
    try:
        age_s = abs(now_s - folder.lstat().st_mtime)
        return age_s >= FRESH_S and folder.is_dir() and any(folder.iterdir())
    except OSError:
        return False  # gone while we looked


def _since(database: Database, lawful: Lawful) -> str:
    """The first day whose folders must have results; all days when nothing was disposed of."""
    if not lawful.results_until():
        return ""
    with database.read() as connection:
        first_ms = connection.execute(select(func.min(RESULT.c.at_ms))).scalar_one()
    try:
        return "9999" if first_ms is None else (from_ms(first_ms) + LEFT).date().isoformat()
    except (TypeError, ValueError, OverflowError):
        return ""  # an altered row, which is named elsewhere
