"""What a record says when everything has ended: read by the databases' own drivers, judged without the product."""

from __future__ import annotations

import collections
import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

_TABLES = ("result", "result_detail", "run", "plan", "journal")
_MIDNIGHT_MS = 17 * 3600 * 1000
"""00:00 in Jakarta, which knows no summer time, as UTC within its day."""
LIVE = ("queued", "running")


@dataclass(frozen=True)
class Kept:
    """All rows of a database."""

    results: list[dict[str, Any]]
    details: dict[int, bytes]
    runs: list[dict[str, Any]]
    plans: list[dict[str, Any]]
    journal: list[dict[str, Any]]

    @property
    def live(self) -> list[dict[str, Any]]:
        """Runs that wait or are played."""
        return [run for run in self.runs if run["state"] in LIVE]

    def states(self) -> collections.Counter[str]:
        """How many planned entries ended in each state."""
        return collections.Counter(row["state"] for row in self.results if row["trigger"] == "schedule")


def read(url: str) -> Kept:
    """Everything that stands in a database, whichever kind it is."""
    found = _postgresql(url) if url.startswith("postgresql:") else _sqlite(url.removeprefix("sqlite:///"))
    details = {row["seq"]: bytes(row["data"]) for row in found["result_detail"]}
    return Kept(found["result"], details, found["run"], found["plan"], found["journal"])


def _sqlite(path: str) -> dict[str, list[dict[str, Any]]]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)) as connection:
        connection.row_factory = sqlite3.Row
        return {name: list(map(dict, connection.execute(f"SELECT * FROM {name}"))) for name in _TABLES}  # noqa: S608


def _postgresql(url: str) -> dict[str, list[dict[str, Any]]]:
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return {name: connection.execute(f"SELECT * FROM {name}".encode()).fetchall() for name in _TABLES}  # noqa: S608


# --- what must hold ------------------------------------------------------------------------------------------------


def unkept(acknowledged: Mapping[str, str], kept: Kept) -> list[str]:
    """Results that the service had acknowledged (run → verdict) and that are not, or not so, in the record."""
    found = {row["run_id"]: row["verdict"] for row in kept.results if row["state"] == "done"}
    return [run for run, verdict in acknowledged.items() if found.get(run) != verdict]


def partial(kept: Kept, evidence: Path) -> list[str]:
    """Results without their detail or files, and details without a result."""
    wrong = []
    for row in kept.results:
        data = kept.details.get(row["seq"])
        digest = None if data is None else hashlib.sha256(data).digest()
        wanted = None if row["detail_sha256"] is None else bytes(row["detail_sha256"])
        if digest != wanted or (wanted is None) is (row["state"] == "done"):
            wrong.append(f"{row['run_id']}: detail")
        for _, path, sha256 in json.loads(row["evidence"]):
            file = evidence / path
            if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
                wrong.append(f"{row['run_id']}: {path}")
        if row["state"] == "done" and row["evidence"] == "[]":
            wrong.append(f"{row['run_id']}: no evidence")
    orphans = kept.details.keys() - {row["seq"] for row in kept.results}
    return wrong + [f"detail {seq} belongs to nothing" for seq in orphans]


def unequal(kept: Kept) -> list[str]:
    """Runs that ended and results, one to one and in the same state."""
    ended = {run["run_id"]: run["state"] for run in kept.runs if run["state"] not in LIVE}
    entered = {row["run_id"]: row["state"] for row in kept.results}
    return sorted(run for run in ended.keys() | entered.keys() if ended.get(run) != entered.get(run))


@dataclass
class Slots:
    """The slots of all probes, up to where each is accounted for."""

    planned: int = 0
    waiting: int = 0
    """Still queued when the last service was stopped: the next one plays them or enters them."""
    states: collections.Counter[str] = field(default_factory=collections.Counter)
    """What became of the others."""
    beyond: int = 0
    """Entries that are newer than the last account."""
    absent: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    """Entries of what is no slot."""

    @property
    def good(self) -> bool:
        """Whether each slot has one row, and planned = done + lost + missed."""
        wrong = self.absent or self.twice or self.strange
        return self.planned > 0 and not wrong and self.planned == self.states.total() + self.waiting

    def __str__(self) -> str:
        wrong = f"{len(self.absent)} absent, {len(self.twice)} twice, {len(self.strange)} strange"
        return f"{self.planned} slots, {wrong}, {self.waiting} waiting"


def slots(kept: Kept, every_ms: Mapping[str, int], spread: float = 0.0) -> Slots:
    """Reckoned anew: a slot is local midnight plus a multiple of ``every``; from the plan to the last account.

    A slot that had begun when its probe was first planned is tested when its test begins after that: up to the share
    ``spread`` of ``every`` into the slot.
    """
    found = Slots()
    for plan in kept.plans:
        name, step = plan["probe"], every_ms[plan["probe"]]
        first = plan["since_ms"] - (plan["since_ms"] - _MIDNIGHT_MS) % step + step
        if _start_ms(name, first - step, spread * step) > plan["since_ms"]:
            first -= step
        due = range(first, plan["accounted_ms"] + 1, step)
        rows = [row for row in kept.results if row["probe"] == name and row["trigger"] == "schedule"]
        had = collections.Counter(row["slot_ms"] for row in rows)
        waiting = {run["slot_ms"] for run in kept.live if run["probe"] == name and run["slot_ms"] in due}
        found.planned += len(due)
        found.waiting += len(waiting)
        found.states.update(row["state"] for row in rows if row["slot_ms"] in due)
        found.beyond += sum(row["slot_ms"] is not None and row["slot_ms"] > plan["accounted_ms"] for row in rows)
        found.absent += [f"{name} {slot}" for slot in due if slot not in had and slot not in waiting]
        found.twice += [f"{name} {slot}" for slot, count in had.items() if count > 1]
        found.strange += [f"{name} {slot}" for slot in had if slot is None or slot < first or (slot - first) % step]
    return found


def _start_ms(name: str, slot_ms: int, spread_ms: float) -> int:
    """When the test of a slot begins: its share of the spread is a hash of the probe and the slot."""
    slot = datetime.fromtimestamp(slot_ms / 1000, UTC)
    share = int(hashlib.sha256(f"{name}\n{slot.isoformat()}".encode()).hexdigest()[:12], 16) / 16**12
    return slot_ms + round(spread_ms * share)


def acknowledged(logs: Iterable[Path]) -> dict[str, str]:
    """What services said after the commit: run → verdict. The last line of a killed one may be cut."""
    said = {}
    for line in events(logs):
        if line.get("event") == "run ended" and line.get("entered"):
            said[line["run_id"]] = line["verdict"]
    return said


def events(logs: Iterable[Path]) -> list[dict[str, Any]]:
    """The lines of logs that are whole."""
    found = []
    for log in logs:
        for line in log.read_text("utf-8", "replace").splitlines():
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
    return [line for line in found if isinstance(line, dict)]
