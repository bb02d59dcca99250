"""Rows of results for tests: whole ones, made and chained as the product does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import insert

from storage.chain import RESULT, append
from storage.database import Database
from storage.results import DETAIL
from storage.rows import entry_of, pack
from storage.values import Cause, Entry, to_ms

NOON: Final = datetime(2026, 11, 20, 5, tzinfo=UTC)
"""12:00 WIB."""
DETAILED: Final = {
    "target": "sip:1500@pbx.example",
    "message": "Pelanggan sampai ke Agent dalam 31 detik.",
    "steps": [{"step": "expect answer", "verdict": "pass", "at_s": 1.2, "took_s": 1.2, "detail": ""}],
    "agent": {"confidence": 0.93, "onset_s": 31.5, "signs": [{"sign": "turn", "at_s": 33.0, "weight": 0.5}]},
    "media": {"codec": "PCMA", "packets": 1500, "lost": 0, "jitter_ms": 1.0, "rtt_ms": 4.0, "mos": 4.4},
}


def row(number: int, at: datetime = NOON, **changes: Any) -> dict[str, Any]:
    """A passed run of the plan that reached an agent after 31.5 s; with changes. ``slot_ms`` is ``at`` unless said."""
    plain: dict[str, Any] = {
        "run_id": f"run-{number}",
        "probe": "ivr",
        "channel": "sip",
        "service": "inbound",
        "skill": "tier-1",
        "slot_ms": to_ms(at),
        "trigger": "schedule",
        "mode": "normal",
        "state": "done",
        "cause": None,
        "retest_of": None,
        "at_ms": to_ms(at),
        "ended_ms": to_ms(at) + 45_000,
        "verdict": "pass",
        "stage": None,
        "reason": None,
        "owner": None,
        "accessibility": "ok",
        "availability": "ok",
        "agent_ms": 31_500,
        "total_ms": 45_000,
        "agent_held_ms": 13_500,
        "evidence": "[]",
        "version": "0.1.0",
        "config": bytes(32),
    }
    if changes.get("trigger", "schedule") != "schedule":
        plain["slot_ms"] = None
    return {**plain, **changes}


def missed(number: int, at: datetime = NOON, cause: Cause | None = Cause.DOWN, **changes: Any) -> dict[str, Any]:
    """A run of the plan that was missed; lost without a cause."""
    unplayed = {
        "state": "missed" if cause else "lost",
        "cause": cause.value if cause else None,
        "ended_ms": None,
        "verdict": "inconclusive",
        "stage": "probe",
        "reason": {Cause.BUSY: "lease_busy"}.get(cause, cause.value) if cause else "lost",
        "owner": "siaga",
        "accessibility": "not_judged",
        "availability": "not_judged",
        "agent_ms": None,
        "total_ms": None,
        "agent_held_ms": None,
    }
    return row(number, at, **{**unplayed, **changes})


def keep(database: Database, rows: Iterable[Mapping[str, Any]], detail: Mapping[str, Any] | None = None) -> list[Entry]:
    """Enter rows; what was played gets the detail, when there is one."""
    data = None if detail is None else pack(detail)
    digest = None if data is None else hashlib.sha256(data).digest()
    with database.write() as connection:
        made = [{**one, "detail_sha256": digest if one["state"] == "done" else None} for one in rows]
        linked = append(connection, RESULT, made)
        known = [one["seq"] for one in linked if one["detail_sha256"] is not None]
        if known:
            connection.execute(insert(DETAIL), [{"seq": seq, "data": data} for seq in known])
    return [entry_of(one) for one in linked]
