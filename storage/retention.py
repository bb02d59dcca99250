"""What is older than ``[retention]`` goes, in small chunks, and each disposal stands in the journal (0007).

A crash between the entry and the deletion of its files leaves too much, never too little; the next pass goes over the
files of the last entry again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from storage.database import Database
from storage.disposing_media import dispose_media
from storage.disposing_results import dispose_results, dispose_texts
from storage.sweeping import sweep

PAUSE_S: Final = 0.05
"""Between transactions: other writers get their turn."""


class Policy(Protocol):
    """``[retention]``: how long what is kept."""

    @property
    def results(self) -> timedelta: ...
    @property
    def passes_media(self) -> timedelta: ...
    @property
    def failures_media(self) -> timedelta: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposed:
    """How many went."""

    results: int
    files: int
    texts: int
    swept: int
    """Rows of the live side that nobody needs any more."""


def dispose(
    database: Database,
    evidence: Path,
    policy: Policy,
    now: datetime,
    pause: Callable[[], None] = lambda: time.sleep(PAUSE_S),
) -> Disposed:
    """Dispose of all that is older than the policy says. Again, or in two processes at once, does no harm.

    ``pause`` comes after each transaction; what it raises ends the pass, and the next one goes on from there. Raises
    OSError when a file cannot be deleted; it is tried again the next time.
    """
    # runs before their results: what ended and has no result would look like a loss
    swept = sweep(database, now, policy.results, pause)
    files = dispose_media(database, evidence, "passes_media", now - policy.passes_media, now, pause)
    files += dispose_media(database, evidence, "failures_media", now - policy.failures_media, now, pause)
    results, with_them = dispose_results(database, evidence, now - policy.results, now, pause)
    texts = dispose_texts(database, now - policy.results, now, pause)
    return Disposed(results=results, files=files + with_them, texts=texts, swept=swept)
