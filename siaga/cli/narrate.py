"""What happens in a run, in words: one short line per observation that a person watching wants to know."""

from __future__ import annotations

from probe.observation import (
    Agent,
    Answered,
    Ended,
    Handoff,
    KeysPressed,
    Media,
    Message,
    Observation,
    Placed,
    Played,
    Progress,
    Prompt,
    PromptPhase,
    Refused,
    Sound,
    SoundKind,
    Tone,
    Trouble,
    Unreachable,
)
from probe.words import Language, printable, word

_PROMPTS = {
    PromptPhase.CONFIRMED: "live.prompt_heard",
    PromptPhase.ENDED: "live.prompt_ended",
    PromptPhase.DIVERGED: "live.prompt_diverged",
}


def line_of(seen: Observation, language: Language, target: str = "") -> str | None:
    """The line for one observation, or None for what only the trace needs. What the far end wrote is made printable."""
    told = _call(seen, language, target) or _sound(seen, language)
    return printable(told) if told else None


def _call(seen: Observation, language: Language, target: str) -> str | None:
    match seen:
        case Placed():
            return word("live.calling", language, target=target)
        case Progress():
            key = "live.early_media" if seen.early_media else "live.ringing"
            return word(key, language, code=seen.code) if seen.code > 100 else None
        case Answered():
            return word("live.answered", language)
        case Refused():
            return word("live.refused", language, code=seen.code, phrase=seen.phrase).rstrip()
        case Unreachable():
            return word("live.unreachable", language, cause=seen.cause)
        case Ended():
            return word("live.ended_by_us" if seen.by_us else "live.ended_by_them", language)
        case Trouble():
            return word("live.trouble", language, reason=word(f"reason.{seen.reason}", language))
        case Message():
            return word("live.message", language)
        case Handoff():
            return word("live.handoff", language)
        case _:
            return None


def _sound(seen: Observation, language: Language) -> str | None:
    match seen:
        case Prompt():
            key = _PROMPTS.get(seen.phase)
            return word(key, language, name=seen.name) if key else None
        case Sound():
            # Speech that a known prompt explains is told by the prompt's own line.
            hidden = seen.ended or (seen.kind is SoundKind.SPEECH and seen.known)
            return None if hidden else word(f"live.{seen.kind}", language)
        case Tone():
            return word("live.tone", language, kind=seen.kind)
        case Agent():
            confidence = f"{100 * seen.confidence:.0f}"
            return word(f"live.agent_{seen.phase}", language, confidence=confidence)
        case Media():
            return word(f"live.media_{seen.state}", language, codec=seen.codec)
        case KeysPressed():
            return word("live.pressed", language, digits=seen.digits, mode=seen.mode)
        case Played():
            return word("live.played", language, name=seen.name)
        case _:
            return None
