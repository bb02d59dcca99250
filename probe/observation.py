"""What a channel may report: frozen values on one monotonic clock.

``at`` is when the thing was *known*, in seconds of ``time.monotonic()``; ``onset`` is when it *began*, back-dated
to the first sound or message. Durations and deadlines are computed from these instants and never from the wall clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from probe.reasons import Reason

RECORDING: Final = "recording"
"""A ``Noted`` of this name was ``at`` the instant at which second ``facts["second"]`` of the recording was heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Something a session saw, heard or did."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed(Observation):
    """t0: the first INVITE was handed to the transport, or the first message accepted by the sender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress(Observation):
    """A provisional answer (100 to 199)."""

    code: int
    phrase: str = ""
    early_media: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Observation):
    """The call was answered (200 OK)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Observation):
    """A final answer of the far end other than success, with its SIP code (300 to 699).

    ``through_trunk``: a refusal of access may then be meant for us, the trunk's user, and not for callers.
    """

    code: int
    phrase: str = ""
    retry_after_s: float | None = None
    through_trunk: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable(Observation):
    """Nothing sensible came back: host silent, garbage, DNS, TCP or TLS failure.

    ``network_ok`` says whether our own self-check passed: only then may the far end be blamed. ``cause`` is the
    sentence for people.
    """

    cause: str
    through_trunk: bool
    network_ok: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Observation):
    """The conversation is over. ``by_us`` when we hung up."""

    by_us: bool
    code: int = 0
    cause: str = ""


class PromptPhase(StrEnum):
    """How sure the listener is of a known prompt."""

    CANDIDATE = "candidate"
    CONFIRMED = "confirmed"
    DIVERGED = "diverged"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt(Observation):
    """A known prompt (one of the ``prompts`` folder) at one phase of its recognition.

    ``ended`` comes at the known length, or after 400 ms of silence when the far end cut it short; ``until`` is then
    back-dated to the end of its sound.
    """

    name: str
    phase: PromptPhase
    onset: float
    score: float = 0.0
    until: float | None = None


class SoundKind(StrEnum):
    """What fills the line, apart from known prompts and tones."""

    SILENCE = "silence"
    SPEECH = "speech"
    MUSIC = "music"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound(Observation):
    """A stretch of one kind of sound began (``ended`` false) or ended (true, ``until`` set).

    Speech is any speech, of a known prompt or not; ``known`` is true while a known prompt explains it.
    Silence is reported after 400 ms of it.
    """

    kind: SoundKind
    onset: float
    ended: bool = False
    until: float | None = None
    known: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardBefore(Observation):
    """Speech that was heard in this call before, sample for sample: a recording, nobody speaking.

    ``first_onset`` is when that very sound was heard first; no known prompts are needed for this.
    """

    onset: float
    first_onset: float


class ToneKind(StrEnum):
    """Tones told by frequency and cadence, the beep of a recorder, and what a fax or modem answers or calls with."""

    RINGBACK = "ringback"
    BUSY = "busy"
    CONGESTION = "congestion"
    SIT = "sit"
    UNOBTAINABLE = "unobtainable"
    FAX = "fax"
    BEEP = "beep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone(Observation):
    """A supervisory tone or a beep was recognised."""

    kind: ToneKind
    onset: float


@dataclass(frozen=True, slots=True)
class Sign:
    """One piece of evidence for or against a human agent. ``at`` on the session's monotonic clock."""

    sign: str
    at: float
    weight: float


class AgentPhase(StrEnum):
    """What the evidence says about a human."""

    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"
    RETRACTED = "retracted"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent(Observation):
    """A human is suspected, confirmed or not there after all; ``machine`` is voicemail or an answering machine.

    Every phase about the same turn carries the same back-dated ``onset``.
    """

    phase: AgentPhase
    onset: float
    confidence: float
    signs: tuple[Sign, ...] = ()


class MediaState(StrEnum):
    """What the RTP stream does."""

    FLOWING = "flowing"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Media(Observation):
    """RTP from the far end began to flow, or stopped (no packet for 2 s, back-dated in ``since``).

    ``private_address`` is true when *our* SDP offered a private address to a public host: the silence is our fault.
    """

    state: MediaState
    since: float
    codec: str = ""
    private_address: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysPressed(Observation):
    """Our digits went out; ``at`` is the end of the last one."""

    digits: str
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Played(Observation):
    """One of our sounds went out, from ``began`` to ``at``."""

    name: str
    began: float


class Sender(StrEnum):
    """Who wrote a message."""

    BOT = "bot"
    SYSTEM = "system"
    HUMAN = "human"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Observation):
    """A message of the far end on a text channel."""

    sender: Sender
    text: str
    onset: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff(Observation):
    """The bot said that it hands over to a human."""

    onset: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Signalled(Observation):
    """A SIP request inside the dialog that hints at a change behind it (re-INVITE, UPDATE, REFER)."""

    method: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble(Observation):
    """Our own side failed: the run can say nothing about the target."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard(Observation):
    """Our own machine was too slow to listen: ``lost_s`` seconds of what the far end said never reached the ear."""

    lost_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Observation):
    """Anything else worth a line in the trace of a run; never judged."""

    what: str
    facts: Mapping[str, object] = field(default_factory=dict)
