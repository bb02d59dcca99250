"""What the centre in the box says it did in a call, read from its own diary, and whether a verdict agrees with it.

The diary (``truth.jsonl``) is written by the far end alone and on the same monotonic clock, so it is a witness: nothing
here is derived from what siaga observed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from probe.outcome import Record
from probe.script import ExpectStep, Step

TOLERANCE_S: Final = 0.25
"""How far the measured time to the agent may lie from the diary's."""

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Enacted:
    """What a run of this call must find. ``time_to_agent_s``: from the INVITE's arrival to the agent's first sound."""

    verdict: str
    reason: str | None = None
    time_to_agent_s: float | None = None

    def agrees(self, record: Record) -> bool:
        """Whether the record says what was enacted, the agent's time included."""
        outcome = record.outcome
        if outcome.verdict != self.verdict or outcome.reason != self.reason:
            return False
        measured_s = outcome.timings.time_to_agent_s
        if self.time_to_agent_s is None or measured_s is None:
            return self.time_to_agent_s is measured_s
        return abs(measured_s - self.time_to_agent_s) <= TOLERANCE_S

    def __str__(self) -> str:
        said = self.verdict if self.reason is None else f"{self.verdict}: {self.reason}"
        return said if self.time_to_agent_s is None else f"{said}, agent {self.time_to_agent_s:.1f} s"


def read_diary(path: Path) -> list[Event]:
    """All events of the diary, oldest first; none when there is no diary."""
    try:
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    except FileNotFoundError:
        return []


def enacted(diary: Iterable[Event], user: str, script: Sequence[Step]) -> Enacted | None:
    """What the box did in the last call to ``user`` (``1500+busy``); None when none came or no rule fits."""
    diary = list(diary)
    number, *faults = user.split("+")
    invites = [e for e in diary if e["event"] == "invite" and e["number"] == number and set(e["faults"]) == set(faults)]
    if not invites:
        return None
    at = {e["event"]: e for e in reversed(diary) if e["call"] == invites[-1]["call"]}
    if "refused" in at:
        return Enacted("fail", "busy_486") if str(at["refused"].get("status", "")).startswith("486") else None
    if "agent_speech_onset" in at:
        return _with_agent(at, script)
    if "queue_enter" in at:
        return Enacted("fail", "agent_timeout")
    return Enacted("fail", "menu_loop") if "key_ignored" in at else None


def _with_agent(at: dict[str, Event], script: Sequence[Step]) -> Enacted:
    onset = at["agent_speech_onset"]["mono"]
    time_to_agent_s = onset - at["invite"]["mono"]
    slow_s = next((s.slow for s in script if isinstance(s, ExpectStep) and "agent" in s.expect), None)
    if slow_s is not None and "key" in at and onset - at["key"]["mono"] > slow_s:
        return Enacted("degraded", "slow", time_to_agent_s)
    return Enacted("pass", None, time_to_agent_s)
