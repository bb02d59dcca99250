"""Short words for timelines of observations."""

from __future__ import annotations

from probe.observation import (
    Agent,
    AgentPhase,
    HeardBefore,
    Media,
    MediaState,
    Observation,
    Prompt,
    PromptPhase,
    Sign,
    Sound,
    SoundKind,
)

Timeline = list[tuple[float, Observation]]


def rtp(at: float, *, stopped: bool = False) -> Timeline:
    state = MediaState.STOPPED if stopped else MediaState.FLOWING
    return [(at + (2.0 if stopped else 0.0), Media(at=at, state=state, since=at, codec="PCMU"))]


def prompt(name: str, onset: float, length_s: float = 3.0) -> Timeline:
    """A known prompt, confirmed after a second, ended at its known length."""
    return [
        (onset + 0.3, Sound(at=onset, kind=SoundKind.SPEECH, onset=onset, known=True)),
        (onset + 1.0, Prompt(at=onset, name=name, phase=PromptPhase.CONFIRMED, onset=onset, score=0.95)),
        (onset + length_s, Prompt(at=onset, name=name, phase=PromptPhase.ENDED, onset=onset)),
        (
            onset + length_s + 0.3,
            Sound(at=onset, kind=SoundKind.SPEECH, onset=onset, ended=True, until=onset + length_s, known=True),
        ),
        (onset + length_s + 0.4, Sound(at=onset, kind=SoundKind.SILENCE, onset=onset + length_s)),
    ]


def speech(onset: float, length_s: float = 2.0) -> Timeline:
    """Speech that no known prompt explains."""
    end = onset + length_s
    return [
        (onset + 0.3, Sound(at=onset, kind=SoundKind.SPEECH, onset=onset)),
        (end + 0.3, Sound(at=end, kind=SoundKind.SPEECH, onset=onset, ended=True, until=end)),
    ]


def again(onset: float, first: float) -> tuple[float, Observation]:
    """Speech that was heard in the call before, known a second after its onset."""
    return (onset + 1.0, HeardBefore(at=onset, onset=onset, first_onset=first))


def mistaken(onset: float) -> Timeline:
    """Speech that the listener takes back."""
    over = Sound(at=onset, kind=SoundKind.SPEECH, onset=onset, ended=True, until=onset)
    return [(onset + 0.3, Sound(at=onset, kind=SoundKind.SPEECH, onset=onset)), (onset + 0.9, over)]


def music(onset: float) -> Timeline:
    return [(onset + 1.0, Sound(at=onset, kind=SoundKind.MUSIC, onset=onset))]


def agent(onset: float, *phases: AgentPhase, gap_s: float = 1.5) -> Timeline:
    """An agent's turn: the first phase 1.5 s after the onset, each further one ``gap_s`` later."""
    signs = (Sign("novel_speech", onset + 1.0, 3.0),)
    return [
        (
            onset + 1.5 + gap_s * i,
            Agent(at=onset, phase=phase, onset=onset, confidence=0.9 if i else 0.5, signs=signs),
        )
        for i, phase in enumerate(phases)
    ]


PERSON = (AgentPhase.SUSPECTED, AgentPhase.CONFIRMED)
