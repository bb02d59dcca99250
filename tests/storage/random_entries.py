"""Any day of a centre: random rows of the record, for figures that must be right on all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from storage.maintenance import Window
from storage.values import Cause, to_ms
from tests.storage.entries import missed, row

FIRST = datetime(2026, 3, 25, tzinfo=UTC)
"""Before clocks change in Europe, and before a month ends."""
SPAN = timedelta(days=12)
LINES = [
    ("ivr", "inbound", "sip", "tier-1"),
    ("ivr-2", "inbound", "sip", "tier-2"),
    ("wa", "digital", "whatsapp", "cs"),
    ("web", "digital", "webchat", None),
    ("lone", None, "sip", None),
]
JUDGED = st.sampled_from(["ok", "not_ok", "not_judged"])
MOMENTS = st.integers(0, SPAN // timedelta(minutes=10)).map(lambda n: FIRST + n * timedelta(minutes=10))


@st.composite
def rows(draw: st.DrawFn, most: int = 40) -> list[dict[str, Any]]:
    """Rows in any order, no slot of a probe twice."""
    made: dict[tuple[str, datetime], dict[str, Any]] = {}
    for number in range(draw(st.integers(0, most))):
        probe, service, channel, skill = draw(st.sampled_from(LINES))
        slot = draw(MOMENTS)
        if (probe, slot) not in made:
            line = {"probe": probe, "service": service, "channel": channel, "skill": skill}
            made[probe, slot] = draw(_row(number, slot, line))
    return list(made.values())


@st.composite
def windows(draw: st.DrawFn) -> list[Window]:
    """Maintenance of probes, services and channels."""
    targets = st.sampled_from(["ivr", "inbound", "sip", "digital", "none"])
    return [
        Window(target=draw(targets), from_=(begun := draw(MOMENTS)), to=begun + timedelta(hours=hours), reason="x")
        for hours in draw(st.lists(st.integers(1, 60), max_size=3))
    ]


@st.composite
def _row(draw: st.DrawFn, number: int, slot: datetime, line: dict[str, Any]) -> dict[str, Any]:
    trigger = draw(st.sampled_from(["schedule"] * 6 + ["retest", "manual", "cli"]))
    began = slot + timedelta(milliseconds=draw(st.integers(0, 3_600_000)))
    plan = {"trigger": trigger, "slot_ms": to_ms(slot) if trigger == "schedule" else None}
    mode = draw(st.sampled_from(["normal", "normal", "normal", "peak"]))
    if draw(st.integers(0, 3)) == 0:
        return missed(number, began, draw(st.sampled_from([*Cause, None])), mode=mode, **line, **plan)
    verdict = draw(st.sampled_from(["pass", "degraded", "fail", "inconclusive"]))
    told = {
        "pass": {},
        "degraded": {"stage": "queue", "reason": "slow", "owner": "team_leader"},
        "fail": {"stage": "queue", "reason": "agent_timeout", "owner": "team_leader"},
        "inconclusive": {"stage": "agent", "reason": "agent_unproven", "owner": "siaga"},
    }[verdict]
    judged = {"verdict": verdict, "accessibility": draw(JUDGED), "availability": draw(JUDGED)}
    agent_ms = draw(st.none() | st.integers(0, 600_000))
    return row(number, began, mode=mode, agent_ms=agent_ms, **judged, **told, **line, **plan)
