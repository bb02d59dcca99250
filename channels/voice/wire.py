"""What parent and engine say to each other: commands down, events up. All instants are CLOCK_MONOTONIC seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from channels.voice.proto import Codec
from probe import observation
from probe.observation import Observation, Sign
from probe.outcome import MediaFigures, SoundFigures
from probe.session import DtmfMode, RecordPolicy

Transport = Literal["udp", "tcp", "tls"]
Srtp = Literal["off", "optional", "required"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who we are towards a far end. ``key`` is unique per trunk and local address; ports are our RTP range."""

    key: str
    id_uri: str
    transport: Transport = "udp"
    local_address: str = ""
    registrar: str = ""
    proxy: str = ""
    gate: str = ""
    """A URI of our own before the proxy: of the gate to a far end that has only IPv6."""
    username: str = ""
    password: str = ""
    register: bool = False
    srtp: Srtp = "off"
    public_address: str = ""
    tls_ca: str = ""
    rtp_port: int
    rtp_ports: int

    def __repr__(self) -> str:
        return f"Account({self.key})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A gate's sockets, on loopback and at ``address``, and what it leads ``host`` to: enough to open it again."""

    inner_port: int
    address: str
    port: int
    host: str
    far: str
    far_port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """Place a call. ``call_id`` becomes the SIP Call-ID; ``evidence`` is an existing folder."""

    call: str
    call_id: str
    uri: str
    from_uri: str = ""
    """Who we say we are, where it is not the account."""
    account: Account
    evidence: str
    prompts: str | None = None
    tones: tuple[str, ...]
    record: RecordPolicy = "all"
    cap_s: float
    unanswered_s: float
    """So long without any response counts as a silent host or registrar."""
    let_in: bool = False
    """The registrar took these credentials before: its 403 says something else then."""
    way: Way | None = None
    """Through the gate, where the account has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PressKeys:
    """Send DTMF; answered by Done(seq)."""

    call: str
    seq: int
    digits: str
    mode: DtmfMode


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaySound:
    """Play a WAV of 8 kHz, mono, 16 bits; answered by Done(seq)."""

    call: str
    seq: int
    name: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenForAgent:
    """From here on a human may come."""

    call: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """End the call, whatever its state."""

    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quit:
    """Hang up everything, unregister and leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The engine takes calls."""

    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """Still alive; frames late by more than 40 ms and the longest gap since the last beat, seconds."""

    at: float
    calls: int
    frames: int
    late: int
    worst_gap_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An observation of a call."""

    call: str
    observation: Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """The call ended without any sensible final answer; ``cause`` is the sentence for people."""

    call: str
    at: float
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationFailed:
    """The trunk would not let us in; ``code`` 0 when nothing came back."""

    call: str
    at: float
    code: int
    phrase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SipText:
    """A raw SIP message, sent or received; ``call`` empty for a REGISTER or its answer, which belong to the engine."""

    call: str
    at: float
    sent: bool
    transport: str
    peer: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The command with this number has physically happened, or cannot: then ``problem`` says why."""

    call: str
    seq: int
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Nothing more comes of this call; its recording is complete."""

    call: str
    media: MediaFigures | None
    sound: SoundFigures | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    """The engine has no place for this call, and nothing was sent: dial in another one.

    Places of calls whose end the far end never confirmed stay taken for up to 32 s (RFC 3261 timers B, F and H).
    """

    call: str


Command = Dial | PressKeys | PlaySound | ListenForAgent | HangUp | Quit
Event = Ready | Beat | Seen | Lost | RegistrationFailed | SipText | Done | Closed | Full

_OBSERVATIONS: Final = tuple(
    value for value in vars(observation).values() if isinstance(value, type) and issubclass(value, Observation)
)
COMMANDS: Final = Codec((Dial, Account, Way, PressKeys, PlaySound, ListenForAgent, HangUp, Quit))
EVENTS: Final = Codec(
    (
        Ready,
        Beat,
        Seen,
        Lost,
        RegistrationFailed,
        SipText,
        Done,
        Closed,
        Full,
        MediaFigures,
        SoundFigures,
        Sign,
        *_OBSERVATIONS,
    )
)
