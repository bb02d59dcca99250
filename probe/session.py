"""The two protocols between the player and the channels: a Channel opens Sessions, a Session acts and observes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Protocol

from probe.observation import Observation
from probe.outcome import Evidence, MediaFigures, SoundFigures

DtmfMode = Literal["auto", "rfc4733", "info", "inband"]
RecordPolicy = Literal["all", "until_agent", "none"]


@dataclass(frozen=True, slots=True)
class Press:
    """Send DTMF digits; done when the last digit has been sent."""

    digits: str
    mode: DtmfMode = "auto"


@dataclass(frozen=True, slots=True)
class Play:
    """Play one of our sounds; done when it has been played."""

    name: str


@dataclass(frozen=True, slots=True)
class Send:
    """Send a text message; ``template`` where the channel needs one to open a conversation."""

    text: str
    template: str | None = None


@dataclass(frozen=True, slots=True)
class Choose:
    """Choose a button, quick reply or menu entry by its text."""

    text: str


@dataclass(frozen=True, slots=True)
class Listen:
    """From here on a human may come: the channel begins to weigh evidence (before it, speech is the IVR's)."""


@dataclass(frozen=True, slots=True)
class End:
    """Hang up or close, politely. A session must survive it twice."""


Action = Press | Play | Send | Choose | Listen | End


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whom to contact and how much of it to keep."""

    run_id: str
    to: str
    trunk: str | None = None
    from_: str | None = None
    prompts: Path | None = None
    sounds: Path | None = None
    tones: tuple[str, ...] = ("id",)
    """Tables of supervisory tones that a telephone channel knows: countries, or files that end in ``.toml``."""
    record: RecordPolicy = "all"
    cap_s: float = 900.0
    evidence: Path
    """Folder of this run alone, existing and empty; the channel writes its recordings and traces there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a session leaves behind once it is closed."""

    media: MediaFigures | None = None
    sound: SoundFigures | None = None
    evidence: tuple[Evidence, ...] = ()


class Session(Protocol):
    """One conversation. What the far end does is an observation; our own failures are ``Trouble``, not exceptions."""

    def observations(self) -> AsyncIterator[Observation]:
        """All observations in order, from the beginning, until the conversation is over. Consumed once."""
        ...

    async def act(self, action: Action) -> None:
        """Do one thing; return when it has physically happened (or the conversation is over)."""
        ...

    async def close(self) -> Report:
        """End the conversation whatever its state, wait for the evidence and report. Idempotent, takes ≤ 3 s."""
        ...


class Channel(Protocol):
    """A way customers reach the centre. A module in ``channels/`` whose name is the ``channel`` word of the config."""

    name: ClassVar[str]
    verbs: ClassVar[Collection[str]]
    """Script verbs it knows."""
    expects: ClassVar[Collection[str]]
    """``expect`` values it knows, without their arguments: ``answer``, ``prompt``, ``tone`` …"""

    async def open(self, target: Target) -> Session:
        """Start a conversation; returns at once, what happens is observed. Raises only for our own mistakes."""
        ...
