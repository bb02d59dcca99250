"""Feeds a whole call to an ear and sorts what it observed."""

from __future__ import annotations

from collections.abc import Callable

from channels.voice.listening.bank import PromptBank
from channels.voice.listening.cadences import DEFAULT_COUNTRY, tones_of
from channels.voice.listening.ear import Ear
from probe.observation import Agent, AgentPhase, Observation, Prompt, PromptPhase, Sound, SoundKind, Tone, ToneKind
from tests.channels.voice.listening.voices import RATE, Ints

Cue = tuple[float, Callable[[Ear], None]]


def listen(
    samples: Ints,
    bank: PromptBank | None = None,
    *,
    arm_s: float | None = None,
    cues: tuple[Cue, ...] = (),
    country: str = DEFAULT_COUNTRY,
    sent: Ints | None = None,
) -> list[Observation]:
    """All observations of a call fed in packets of 20 ms; ``cues`` are done at their stream seconds."""
    ear, found = Ear(bank, tones_of([country])), list[Observation]()
    waiting = list(cues) + ([(arm_s, Ear.listen_for_agent)] if arm_s is not None else [])
    for i in range(0, len(samples), 160):
        for cue in [c for c in waiting if c[0] * RATE <= i]:
            cue[1](ear)
            waiting.remove(cue)
        found += ear.feed(samples[i : i + 160], None if sent is None else sent[i : i + 160])
    return found + ear.flush()


def prompts(found: list[Observation], phase: PromptPhase) -> list[tuple[str, float]]:
    return [(o.name, o.onset) for o in found if isinstance(o, Prompt) and o.phase is phase]


def tones(found: list[Observation]) -> list[ToneKind]:
    return [o.kind for o in found if isinstance(o, Tone)]


def phases(found: list[Observation]) -> list[AgentPhase]:
    return [o.phase for o in found if isinstance(o, Agent)]


def agents(found: list[Observation], phase: AgentPhase) -> list[Agent]:
    return [o for o in found if isinstance(o, Agent) and o.phase is phase]


def stretches(found: list[Observation], kind: SoundKind, known: bool = False) -> list[tuple[float, float]]:
    """Last word on each stretch of a kind, without those taken back; infinite where it never ended."""
    last: dict[float, float] = {}
    for o in found:
        if isinstance(o, Sound) and o.kind is kind and o.known is known:
            last[o.onset] = o.until if o.until is not None else float("inf")
    return [(a, b) for a, b in last.items() if b > a]
