"""The figures of a day or month counted a second time: pandas over the raw rows, in the centre's own time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from storage.figures import Account
from storage.values import Cause

VERDICTS = ("pass", "degraded", "fail", "inconclusive")
Line = tuple[str | None, str | None, str | None]
Figures = dict[str, Any]


@dataclass(frozen=True)
class Mended:
    """Maintenance: of a probe, service or channel, ``[from_, to)``."""

    target: str
    from_: datetime
    to: datetime


def recounted(
    rows: Iterable[Mapping[str, Any]], mended: Iterable[Mended], zone: ZoneInfo, first: date, last: date
) -> dict[Line, Figures]:
    """The figures of each line (service, channel, skill) over the days from ``first`` to ``last``."""
    table = pd.DataFrame(list(rows))
    if table.empty:
        return {}
    at = pd.to_datetime(table["at_ms"], unit="ms", utc=True)
    slot = pd.to_datetime(table["slot_ms"].astype("Int64"), unit="ms", utc=True)
    day = slot.fillna(at).dt.tz_convert(zone).dt.date
    table["mended"] = False
    for window in mended:
        named = table[["probe", "service", "channel"]].eq(window.target).any(axis=1)
        table["mended"] |= named & (at >= window.from_) & (at < window.to)
    table = table[(day >= first) & (day <= last)].fillna({"service": "", "skill": ""})
    found = {}
    for key, part in table.groupby(["service", "channel", "skill"]):
        service, channel, skill = (str(name) or None for name in key)
        found[service, channel, skill] = _figures(part)
    return found


def _figures(part: Any) -> Figures:
    plan = part[part["trigger"] == "schedule"]
    done = plan[plan["state"] == "done"]
    fair = done[~done["mended"]]
    whole = fair[fair["mode"] == "normal"]
    reached = whole[whole["availability"] == "ok"]["agent_ms"].dropna()
    return {
        "planned": len(plan),
        "done": len(done),
        "lost": int((plan["state"] == "lost").sum()),
        "missed": {cause.value: int((plan["cause"] == cause.value).sum()) for cause in Cause},
        "verdicts": {verdict: int((done["verdict"] == verdict).sum()) for verdict in VERDICTS},
        "accessibility": _share(fair["accessibility"]),
        "availability": _share(whole["availability"]),
        "reached": len(reached),
        "median_ms": _rank(reached, 0.5),
        "p90_ms": _rank(reached, 0.9),
        "apart": len(part) - len(plan),
        "left_out": int((plan["mended"] | (plan["cause"] == "maintenance")).sum()),
    }


def _share(judged: Any) -> tuple[int, int]:
    return int((judged == "ok").sum()), int((judged != "not_judged").sum())


def _rank(times: Any, share: float) -> int | None:
    """Nearest rank: the value at place ceil(share x n) in order."""
    ordered = sorted(int(ms) for ms in times)
    return ordered[math.ceil(round(share * len(ordered), 6)) - 1] if ordered else None


def told(account: Account) -> Figures:
    """What the product counted, in the same shape."""
    return {
        "planned": account.planned,
        "done": account.done,
        "lost": account.lost,
        "missed": {cause.value: account.missed[cause] for cause in Cause},
        "verdicts": {verdict.value: count for verdict, count in account.verdicts.items()},
        "accessibility": (account.accessibility.ok, account.accessibility.judged),
        "availability": (account.availability.ok, account.availability.judged),
        "reached": account.to_agent,
        "median_ms": account.median_ms,
        "p90_ms": account.p90_ms,
        "apart": sum(account.apart.values()),
        "left_out": account.left_out,
    }
