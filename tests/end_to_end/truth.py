"""Times as Asterisk knows them, beside the times that siaga tells: both count from the INVITE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.farends.asterisk import Asterisk
from tests.farends.voices import AGENT_LEAD_S

NAMES = ("setup_s", "queue_s", "time_to_agent_s")
TOLERANCE_S = 0.25


@dataclass(frozen=True)
class Compared:
    """One time of one call. All in seconds."""

    name: str
    told_s: float
    true_s: float

    @property
    def error_s(self) -> float:
        return self.told_s - self.true_s

    @property
    def within(self) -> bool:
        """Whether it lies inside the tolerance of the contract's proof."""
        return abs(self.error_s) <= TOLERANCE_S


def compare(record: dict[str, Any], number: str, centre: Asterisk, agents: Asterisk) -> list[Compared]:
    """The three times of a call to an agent. ``agents`` is the Asterisk on which the agent's leg was traced.

    The agent is first heard when the dialplan starts the file, plus the silence at the file's beginning.
    Raises KeyError when the call did not come that far.
    """
    invited = centre.invited_at(number)
    traces = centre.traces(number)
    heard = agents.traces(number)["agen"].at + AGENT_LEAD_S
    true = {
        "setup_s": traces["jawab"].at - invited,
        "queue_s": heard - traces["tombol"].at,
        "time_to_agent_s": heard - invited,
    }
    told = record["timings"]
    return [Compared(name, float("nan") if told[name] is None else told[name], true[name]) for name in NAMES]
