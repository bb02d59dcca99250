"""The state of a conversation as its observations tell it: what the player asks while it walks."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from probe.observation import (
    Agent,
    AgentPhase,
    Answered,
    Ended,
    KeysPressed,
    Observation,
    Prompt,
    PromptPhase,
    Refused,
    Sound,
    SoundKind,
    Trouble,
    Unreachable,
)
from probe.speech import stretches

NEAR_S: Final = 0.5
"""Instants of two listeners (prompts and pieces of speech, the watch for agents) may differ so much for one thing."""


@dataclass(slots=True)
class Line:
    """Everything observed so far. ``over`` once the conversation has ended, whoever ended it."""

    log: list[Observation] = field(default_factory=list)
    over: bool = False
    broken: bool = False
    """Refused, unreachable or in trouble: nothing of the script can be met any more."""
    trouble: Trouble | None = None
    suspected: Agent | None = None
    """The agent who is suspected and neither confirmed nor retracted yet."""
    agent: Agent | None = None
    """The first agent who was confirmed."""
    machine_at: float | None = None
    """Since when a machine has the call, by the last word on it."""
    answered_or_last_key_at: float | None = None

    def add(self, seen: Observation) -> None:
        """Take one observation into account."""
        self.log.append(seen)
        match seen:
            case Answered() | KeysPressed():
                self.answered_or_last_key_at = seen.at
            case Refused() | Unreachable():
                self.over = self.broken = True
            case Ended():
                self.over = True
            case Trouble():
                self.trouble = self.trouble or seen
                self.broken = True
            case Agent():
                self.suspected = seen if seen.phase is AgentPhase.SUSPECTED else None
                self.machine_at = seen.at if seen.phase is AgentPhase.MACHINE else None
                if self.agent is None and seen.phase is AgentPhase.CONFIRMED:
                    self.agent = seen
            case _:
                pass

    def prompt_ended_at(self, prompt: Prompt) -> float | None:
        """When this occurrence of a known prompt was over, if it is: words that it goes on with are waited for.

        One that broke off and was taken up again goes on.
        """
        over: float | None = None
        for seen in self.log:
            if not isinstance(seen, Prompt) or seen.name != prompt.name or seen.onset < prompt.onset - 0.05:
                continue
            if seen.phase in (PromptPhase.ENDED, PromptPhase.DIVERGED):
                over = self._over_after(seen) if over is None else over
            elif abs(seen.onset - prompt.onset) <= 0.05:
                over = None
        return None if over == math.inf else over

    def _over_after(self, left: Prompt) -> float:
        """When all was said after a prompt ended or left its wording; never, while other words go on."""
        since = left.at if left.until is None else left.until
        near = (s for s in stretches(self.log) if not s.known and abs(s.onset - since) <= NEAR_S)
        other = next(near, None) if left.phase is PromptPhase.DIVERGED else None
        if other is None:
            return left.at
        return math.inf if other.until is None else other.until

    def quiet_after_speech_since(self, anchor: float) -> float | None:
        """Since when the far end has been quiet after speech heard since ``anchor``, else None."""
        heard = [s for s in stretches(self.log) if s.until is None or s.until > anchor]
        if not heard:
            return None
        last = max(heard, key=lambda s: (s.until is None, s.until or s.onset))
        # Silence is reported sooner than the end of the speech before it.
        silent = [s.onset for s in self.log if isinstance(s, Sound) and s.kind is SoundKind.SILENCE and not s.ended]
        return last.until if last.until is not None else next((onset for onset in silent if onset > last.onset), None)

    def pressed_since(self, instant: float) -> bool:
        """Whether keys went out since then."""
        return any(isinstance(seen, KeysPressed) and seen.at >= instant for seen in self.log)

    def sounds_over_before(self, instant: float) -> set[int]:
        """Identities of sounds that had both begun and ended before then: they cannot meet a later step."""
        over: set[int] = set()
        open_: dict[SoundKind, Sound] = {}
        for seen in self.log:
            if not isinstance(seen, Sound) or seen.at >= instant:
                continue
            if not seen.ended:
                open_[seen.kind] = seen
            elif began := open_.pop(seen.kind, None):
                over.add(id(began))
        return over
