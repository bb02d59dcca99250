"""Point 3: how late a thousand and ten thousand probes begin, and what a service costs that has nothing to do."""

from __future__ import annotations

import os

from benchmarks import clock, service_idle
from prove.campaign import Campaign, Result, Room

SECONDS = float(os.environ.get("SIAGA_LATENESS_S", "60"))
PROBES = 50
MANY = int(os.environ.get("SIAGA_LATENESS_MANY", "10000"))
"""Probes of the big idle service, whose cost is printed."""
KINDS = {"spread": "the clock alone", "herd": "the clock alone, all in one instant", "claimed": "through the record"}


def run(room: Room) -> Result:
    """The benchmarks of the clock and of the idle service, each in processes of its own."""
    result = Result()
    for probes, limit_ms in clock.LIMIT_MS.items():
        for kind, what in KINDS.items():
            figures = clock.measure(kind, probes, SECONDS)
            result.notes.append(f"    {figures}")
            promised = "printed" if kind == "herd" else f"p99 <= {limit_ms:g} ms"
            found = (
                f"p50 {figures.p50_ms:.1f} ms, p99 {figures.p99_ms:.1f} ms, worst {figures.worst_ms:.1f} ms of "
                f"{figures.fired}; {figures.cpu_percent:.1f} % of a core, {figures.rss_mb:.0f} MB RSS"
            )
            result.add(f"{probes:,} probes, {what}", promised, found, figures.good and figures.fired > 0)
    _idle(room, result)
    return result


def _idle(room: Room, result: Result) -> None:
    limits = f"< {service_idle.LIMIT_MB:.0f} MB PSS, < {service_idle.LIMIT_PERCENT} % of a core"
    cold = service_idle.idle(room.scratch("menganggur"), PROBES)
    result.add(f"idle service, {PROBES} probes, no call yet", limits, str(cold).strip(), _cheap(cold))
    warm, engines = service_idle.after_calls(room.scratch("hangat"))
    result.add("idle service after calls, its parent", limits, str(warm).strip(), _cheap(warm))
    found = "; ".join(str(engine).strip() for engine in engines)
    result.add("its warm engine, apart", "printed", found or "none", bool(engines))
    if MANY:
        big = service_idle.idle(room.scratch("banyak"), MANY)
        result.add(f"idle service, {MANY:,} probes", "printed", str(big).strip(), big.pss_mb > 0)


def _cheap(cost: service_idle.Cost) -> bool:
    return cost.pss_mb < service_idle.LIMIT_MB and cost.cpu_percent < service_idle.LIMIT_PERCENT


CAMPAIGN = Campaign(
    "lateness",
    3,
    "1,000 / 10,000 probes: lateness p99 at most 10 / 100 ms, CPU and memory printed; the service idle (parent, PSS, "
    "without engines) < 110 MB and < 0.5 % CPU; a warm engine reported apart.",
    run,
)
