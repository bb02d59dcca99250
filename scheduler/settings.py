"""The sections ``[courtesy]`` and ``[peak]``: what tests may cost the centre. Importable without the record."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from probe.setting import Setting


class CourtesySettings(Setting):
    """``[courtesy]``: agents are there for customers."""

    max_agent_s: Annotated[float, Field(ge=1, le=600)] = 20.0
    """Seconds after an agent's first word at which a call lets go of them."""
    agent_seconds_per_hour: Annotated[int, Field(ge=1, le=3600)] = 600
    """Seconds of agents' time that the tests of one skill may take in any hour."""


class PeakSettings(Setting):
    """``[peak]``: how many tests take place while a peak lasts (``siaga peak``)."""

    every_nth: Annotated[int, Field(ge=1, le=100)] = 2
    """2: every second slot; 1: all of them, and each stops in the queue all the same."""
