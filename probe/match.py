"""When an observation meets an expectation of the script: one small pure rule per thing to expect."""

# ruff: noqa: ARG001 - every rule of the table has the same signature, whether or not it needs an argument or the window
from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from probe.observation import (
    Agent,
    AgentPhase,
    Answered,
    Handoff,
    Message,
    Observation,
    Progress,
    Prompt,
    PromptPhase,
    Refused,
    Sender,
    Sound,
    SoundKind,
    Tone,
)


@dataclass(frozen=True, slots=True)
class Window:
    """Which observations a step may be met by.

    ``opened`` is the start of the step before: what began during that step still counts for this one. ``used`` holds
    observations (by identity) that met an earlier step and cannot meet another, and sounds that were over before.
    """

    opened: float
    deadline: float
    matching: re.Pattern[str] | None = None
    used: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """What met an expectation and when it began."""

    by: Observation
    onset: float
    what: str


_Rule = Callable[[Observation, str, Window], float | None]
"""The onset when the observation meets the expectation, else None."""


def _answer(seen: Observation, argument: str, window: Window) -> float | None:
    return seen.at if isinstance(seen, Answered) else None


def _prompt(seen: Observation, argument: str, window: Window) -> float | None:
    fits = (
        isinstance(seen, Prompt)
        and seen.phase is PromptPhase.CONFIRMED
        and seen.name == argument
        and seen.onset >= window.opened
    )
    return seen.onset if fits and isinstance(seen, Prompt) else None


def _tone(seen: Observation, argument: str, window: Window) -> float | None:
    if isinstance(seen, Tone) and seen.kind == argument and seen.onset >= window.opened:
        return seen.onset
    return None


def _sound(kind: SoundKind) -> _Rule:
    def rule(seen: Observation, argument: str, window: Window) -> float | None:
        if isinstance(seen, Sound) and seen.kind is kind and not seen.ended:
            return seen.onset
        return None

    return rule


def _agent(seen: Observation, argument: str, window: Window) -> float | None:
    if isinstance(seen, Agent) and seen.phase is AgentPhase.CONFIRMED and seen.onset < window.deadline:
        return seen.onset
    return None


def _status(seen: Observation, argument: str, window: Window) -> float | None:
    return seen.at if isinstance(seen, (Refused, Progress)) and str(seen.code) == argument else None


def _message(senders: Collection[Sender]) -> _Rule:
    def rule(seen: Observation, argument: str, window: Window) -> float | None:
        if not isinstance(seen, Message) or seen.sender not in senders or seen.onset < window.opened:
            return None
        if window.matching is not None and not window.matching.search(seen.text):
            return None
        return seen.onset

    return rule


def _handoff(seen: Observation, argument: str, window: Window) -> float | None:
    return seen.onset if isinstance(seen, Handoff) and seen.onset >= window.opened else None


RULES: Final[Mapping[str, _Rule]] = MappingProxyType(
    {
        "answer": _answer,
        "prompt": _prompt,
        "speech": _sound(SoundKind.SPEECH),
        "music": _sound(SoundKind.MUSIC),
        "silence": _sound(SoundKind.SILENCE),
        "tone": _tone,
        "agent": _agent,
        "status": _status,
        "reply": _message((Sender.BOT, Sender.UNKNOWN)),
        "message": _message(tuple(Sender)),
        "handoff": _handoff,
    }
)


def match(expectations: Collection[str], seen: Observation, window: Window) -> Match | None:
    """The first of the expectations that this observation meets, or None."""
    if id(seen) in window.used:
        return None
    for expectation in expectations:
        kind, _, argument = expectation.partition(":")
        rule = RULES.get(kind)
        onset = rule(seen, argument, window) if rule else None
        if onset is not None:
            return Match(seen, onset, expectation)
    return None
