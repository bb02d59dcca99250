"""Entries of the record for tests of rules."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from storage.rows import entry_of
from storage.values import Cause, Entry
from tests.storage.entries import missed as missed_row
from tests.storage.entries import row

START = datetime(2026, 11, 20, 1, tzinfo=UTC)
_numbers = itertools.count(1)

INCONCLUSIVE = {
    "verdict": "inconclusive", "stage": "probe", "reason": "engine_crashed", "owner": "siaga",
    "accessibility": "not_judged", "availability": "not_judged",
}  # fmt: skip
FAIL = {"verdict": "fail", "stage": "access", "reason": "busy_486", "owner": "ioc", "accessibility": "not_ok"}


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def done(minutes: float = 0, **changes: Any) -> Entry:
    """A run that passed, with changes."""
    return _entry(row(next(_numbers), at(minutes), **changes))


def blind(minutes: float = 0, reason: str = "engine_crashed", **changes: Any) -> Entry:
    """A run that judged nothing."""
    return done(minutes, **{**INCONCLUSIVE, "reason": reason, **changes})


def missed(minutes: float = 0, cause: Cause | None = Cause.LATE, **changes: Any) -> Entry:
    """A planned run that did not happen; lost without a cause."""
    return _entry(missed_row(next(_numbers), at(minutes), cause, **changes))


def _entry(values: dict[str, Any]) -> Entry:
    seq = int(values["run_id"].removeprefix("run-"))
    figures = dict.fromkeys(("pdd_ms", "setup_ms", "greeting_ms", "menu_ms", "queue_ms"))
    return entry_of({**figures, **values, "seq": seq, "detail_sha256": None, "prev_hash": bytes(32), "hash": bytes(32)})
