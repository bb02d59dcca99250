"""Between rows of the database and the frozen values of the record."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from probe.outcome import Record, Timings
from probe.reasons import Judged, Owner, Reason, Stage, Verdict
from storage.values import (
    REASON_OF,
    Cause,
    Entry,
    Figures,
    Kept,
    Mode,
    Planned,
    Run,
    RunState,
    Stamp,
    from_ms,
    to_ms,
)

_FIGURES: Final = (
    ("pdd_ms", "pdd_s"),
    ("setup_ms", "setup_s"),
    ("greeting_ms", "time_to_greeting_s"),
    ("menu_ms", "menu_s"),
    ("queue_ms", "queue_s"),
    ("agent_ms", "time_to_agent_s"),
    ("total_ms", "total_s"),
)
"""Column and field of ``Timings``."""
_TEXTS: Final = ("run_id", "probe", "channel", "service", "skill", "trigger", "mode", "version")
LEVEL: Final = 6
"""Of zlib: higher ones gain nothing on a kilobyte."""


class AlteredRowError(Exception):
    """Somebody changed a row so that it cannot be read any more; the sentence says what to do."""

    def __init__(self, table: str, seq: object) -> None:
        super().__init__(f"{table} {seq} cannot be read: it was altered; run `siaga verify`")


def run_row(planned: Planned, state: RunState) -> dict[str, Any]:
    """The row of a run that is submitted."""
    return {
        "run_id": planned.run_id,
        "probe": planned.probe,
        "channel": planned.channel,
        "service": planned.service,
        "skill": planned.skill,
        "slot_ms": to_ms(planned.slot) if planned.slot else None,
        "trigger": planned.trigger,
        "mode": planned.mode,
        "retest_of": planned.retest_of,
        "state": state.value,
        "due_ms": to_ms(planned.due),
        "expires_ms": to_ms(planned.expires),
        "owner": None,
        "started_ms": None,
    }


def run_of(row: Mapping[Any, Any]) -> Run:
    """A run as its row has it."""
    planned = Planned(
        run_id=row["run_id"],
        probe=row["probe"],
        channel=row["channel"],
        service=row["service"],
        skill=row["skill"],
        slot=_instant(row["slot_ms"]),
        trigger=row["trigger"],
        due=from_ms(row["due_ms"]),
        expires=from_ms(row["expires_ms"]),
        mode=row["mode"],
        retest_of=row["retest_of"],
    )
    return Run(
        planned=planned, state=RunState(row["state"]), owner=row["owner"], started_at=_instant(row["started_ms"])
    )


def done_row(run: Mapping[Any, Any], record: Record, root: Path, stamp: Stamp, mode: Mode) -> dict[str, Any]:
    """The entry of a run that was played; ``root`` is the evidence folder that its files lie in."""
    outcome, timings = record.outcome, record.outcome.timings
    kept = [[item.kind, _relative(item.path, root), item.sha256] for item in outcome.evidence]
    return {
        **_of_run(run, stamp),
        "channel": record.channel,
        "mode": mode,
        "state": RunState.DONE.value,
        "cause": None,
        "at_ms": to_ms(record.started_at),
        "ended_ms": to_ms(record.ended_at),
        "verdict": outcome.verdict.value,
        "stage": outcome.stage.value if outcome.stage else None,
        "reason": outcome.reason.value if outcome.reason else None,
        "owner": outcome.owner.value if outcome.owner else None,
        "accessibility": outcome.accessibility.value,
        "availability": outcome.availability.value,
        **{column: _ms(getattr(timings, field)) for column, field in _FIGURES},
        "agent_held_ms": _held_ms(timings),
        "evidence": json.dumps(kept, ensure_ascii=False, separators=(",", ":")),
    }


def unplayed_row(run: Mapping[Any, Any], cause: Cause | None, at_ms: int, stamp: Stamp) -> dict[str, Any]:
    """The entry of a run that was missed for a cause; without one, of a run that was lost half-way."""
    return {
        **_of_run(run, stamp),
        "mode": run["mode"],
        "state": (RunState.MISSED if cause else RunState.LOST).value,
        "cause": cause.value if cause else None,
        "at_ms": at_ms,
        "ended_ms": None,
        "verdict": Verdict.INCONCLUSIVE.value,
        "stage": Stage.PROBE.value,
        "reason": (REASON_OF[cause] if cause else Reason.LOST).value,
        "owner": Owner.SIAGA.value,
        "accessibility": Judged.NOT_JUDGED.value,
        "availability": Judged.NOT_JUDGED.value,
        "evidence": "[]",
    }


def _of_run(run: Mapping[Any, Any], stamp: Stamp) -> dict[str, Any]:
    same = ("run_id", "probe", "channel", "service", "skill", "slot_ms", "trigger", "retest_of")
    return {**{name: run[name] for name in same}, "version": stamp.version, "config": bytes.fromhex(stamp.config)}


def entry_of(row: Mapping[Any, Any]) -> Entry:
    """An entry as its row has it. Raises AlteredRowError when it is none that we wrote."""
    # SQLite keeps anything in any column
    texts = all(isinstance(row[name], str | None) for name in _TEXTS)
    if not texts or any(not isinstance(row[name], int | None) for name in Figures.__dataclass_fields__):
        raise AlteredRowError("result", row["seq"])
    try:
        return _entry(row)
    except (ValueError, TypeError, OverflowError) as error:
        raise AlteredRowError("result", row["seq"]) from error


def _entry(row: Mapping[Any, Any]) -> Entry:
    detail = row["detail_sha256"]
    return Entry(
        seq=row["seq"],
        run_id=row["run_id"],
        probe=row["probe"],
        channel=row["channel"],
        service=row["service"],
        skill=row["skill"],
        slot=_instant(row["slot_ms"]),
        trigger=row["trigger"],
        mode=row["mode"],
        state=RunState(row["state"]),
        cause=Cause(row["cause"]) if row["cause"] else None,
        retest_of=row["retest_of"],
        at=from_ms(row["at_ms"]),
        ended_at=_instant(row["ended_ms"]),
        verdict=Verdict(row["verdict"]),
        stage=Stage(row["stage"]) if row["stage"] else None,
        reason=Reason(row["reason"]) if row["reason"] else None,
        owner=Owner(row["owner"]) if row["owner"] else None,
        accessibility=Judged(row["accessibility"]),
        availability=Judged(row["availability"]),
        figures=Figures(**{name: row[name] for name in Figures.__dataclass_fields__}),
        evidence=tuple([Kept(kind=k, path=p, sha256=s) for k, p, s in json.loads(row["evidence"])]),
        version=row["version"],
        config=bytes(row["config"]).hex(),
        detail_sha256=bytes(detail).hex() if detail is not None else None,
        prev_hash=bytes(row["prev_hash"]).hex(),
        hash=bytes(row["hash"]).hex(),
    )


def timings_of(figures: Figures) -> Timings:
    """The contract's times, in seconds."""
    known = {field: getattr(figures, column) for column, field in _FIGURES}
    return Timings(**{field: None if ms is None else ms / 1000 for field, ms in known.items()})


def figures_of(timings: Timings) -> Figures:
    """The contract's times as the record keeps them."""
    known = {column: _ms(getattr(timings, field)) for column, field in _FIGURES}
    return Figures(**known, agent_held_ms=_held_ms(timings))


def pack(detail: Mapping[str, Any]) -> bytes:
    """A detail as it is stored. What a far end sent may hold half a character: kept as it came, and read back so."""
    plain = json.dumps(detail, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(plain.encode("utf-8", "surrogatepass"), LEVEL)


def unpack(data: bytes) -> dict[str, Any]:
    """A detail as it was packed. Raises ValueError, zlib.error for what was not."""
    unpacked: dict[str, Any] = json.loads(zlib.decompress(data))
    return unpacked


def _relative(path: Path, root: Path) -> str:
    """Inside the evidence folder: it may move. A file elsewhere (none of ours is) keeps its absolute path."""
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _held_ms(timings: Timings) -> int | None:
    if timings.time_to_agent_s is None or timings.total_s is None:
        return None
    return max(0, round((timings.total_s - timings.time_to_agent_s) * 1000))


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _instant(ms: int | None) -> datetime | None:
    return None if ms is None else from_ms(ms)
