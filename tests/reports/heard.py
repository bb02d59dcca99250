"""A call made of known sounds at known instants, heard by the real ear: the truth, the recording, the observations."""

from __future__ import annotations

import wave
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from channels.voice.listening.bank import PromptBank
from channels.voice.listening.ear import Ear
from lab.music import on_hold
from lab.voices import Voices
from probe.conclude import conclude
from probe.kept import kept
from probe.observation import (
    RECORDING,
    Agent,
    Answered,
    Ended,
    KeysPressed,
    Noted,
    Observation,
    Placed,
    Played,
    Progress,
    Sign,
)
from probe.outcome import MediaFigures, Record
from probe.session import Report
from probe.settings import parse_step
from probe.walk import StepEnd, StepRun, Walk
from probe.words import sentence
from reports import call_page_labels, call_page_ladder, call_page_sound
from reports.call_page_values import Audio, Call, KeptFile

RATE_HZ = 8000
BEGAN = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
T0 = 4000.0
ANSWERED_S = 1.02
RECORDED_S = 1.06
"""When the recording begins, seconds after t0."""

Samples = NDArray[np.int16]


@dataclass(frozen=True)
class Heard:
    """What lies on the disk of such a call, and what is true about it: (event, name, seconds after t0)."""

    folder: Path
    truth: tuple[tuple[str, str, float], ...]
    walk: Walk

    def at(self, event: str, name: str = "") -> float:
        """The instant of the first such event."""
        return next(at for what, which, at in self.truth if (what, which) == (event, name))


class _Tape:
    """Two directions, written one after the other; instants are seconds after t0."""

    def __init__(self) -> None:
        self.theirs: list[Samples] = []
        self.ours: list[Samples] = []
        self.truth: list[tuple[str, str, float]] = []
        self.now_s = RECORDED_S

    def quiet(self, seconds: float) -> None:
        self._add(np.zeros(round(seconds * RATE_HZ), np.int16), ours=False)

    def say(self, event: str, name: str, samples: Samples, *, ours: bool = False) -> None:
        self.truth.append((f"{event}_start", name, self.now_s))
        self._add(samples, ours=ours)
        self.truth.append((f"{event}_end", name, self.now_s))

    def mark(self, event: str, name: str = "") -> None:
        self.truth.append((event, name, self.now_s))

    def _add(self, samples: Samples, *, ours: bool) -> None:
        silence = np.zeros(len(samples), np.int16)
        self.theirs.append(silence if ours else samples)
        self.ours.append(samples if ours else silence)
        self.now_s += len(samples) / RATE_HZ


def to_agent(folder: Path) -> Heard:
    """Welcome, menu, key, music, a person who greets, waits for us and answers."""
    voices = Voices(folder / "lab")
    clips, tape = voices.clips, _Tape()
    music = np.tile(on_hold(), 3)[: 9 * RATE_HZ]
    tape.quiet(0.2)
    tape.say("prompt", "selamat-datang", clips["selamat-datang"])
    tape.quiet(0.4)
    tape.say("prompt", "menu-utama", clips["menu-utama"])
    tape.quiet(0.4)
    tape.mark("key", "1")
    tape.quiet(0.6)
    tape.say("prompt", "mohon-tunggu", clips["mohon-tunggu"])
    tape.quiet(0.2)
    tape.say("music", "", music)
    tape.quiet(0.3)
    tape.say("agent", "", clips["agent-greeting"])
    tape.quiet(2.6)
    tape.say("play", "pemberitahuan", clips["informasi"], ours=True)
    tape.quiet(0.9)
    tape.say("reply", "", clips["agent-reply"])
    tape.quiet(2.0)
    tape.mark("end")
    theirs, ours = np.concatenate(tape.theirs), np.concatenate(tape.ours)
    _write(folder / "recording.wav", ours, theirs)
    walk = _walk(_observed(theirs, tape, folder / "lab" / "prompts"), tape)
    (folder / "observations.jsonl").write_text(kept(walk), "ascii")
    return Heard(folder, tuple(tape.truth), walk)


def _observed(theirs: Samples, tape: _Tape, prompts: Path) -> list[Observation]:
    ear, found = Ear(PromptBank.load(prompts)), list[Observation]()
    truth = {(event, name): at - RECORDED_S for event, name, at in tape.truth}
    key_s, play_s = truth["key", "1"], truth["play_start", "pemberitahuan"]
    for start in range(0, len(theirs), 640):
        before_s = ear.now_s
        if before_s <= key_s < before_s + 0.08:
            ear.we_sent("keys", key_s, key_s + 0.16)
            ear.listen_for_agent()
        if before_s <= play_s < before_s + 0.08:
            ear.we_sent("play", play_s, truth["play_end", "pemberitahuan"])
        found += ear.feed(theirs[start : start + 640])
    found += ear.flush()
    return [_moved(one) for one in found]


def _moved(seen: Observation) -> Observation:
    names = ("at", "onset", "first_onset", "until", "since", "began")
    values = {n: getattr(seen, n) + T0 + RECORDED_S for n in names if isinstance(getattr(seen, n, None), float)}
    if isinstance(seen, Agent):
        signs = tuple(Sign(s.sign, s.at + T0 + RECORDED_S, s.weight) for s in seen.signs)
        return replace(seen, **values, signs=signs)
    return replace(seen, **values)


def _walk(heard: list[Observation], tape: _Tape) -> Walk:
    truth = {(event, name): T0 + at for event, name, at in tape.truth}
    play, end = "pemberitahuan", truth["end", ""]
    ours: list[Observation] = [
        Placed(at=T0),
        Progress(at=T0 + 0.004, code=100, phrase="Trying"),
        Progress(at=T0 + 0.31, code=180, phrase="Ringing"),
        Answered(at=T0 + ANSWERED_S),
        Noted(at=T0 + RECORDED_S, what=RECORDING, facts={"second": 0}),
        KeysPressed(at=truth["key", "1"], digits="1", mode="rfc4733"),
        Played(at=truth["play_end", play], name=play, began=truth["play_start", play]),
        Ended(at=end, by_us=True),
    ]
    log = tuple(sorted([*ours, *heard], key=lambda one: one.at))
    return Walk(steps=_steps(truth), log=log, began=T0, ended=end)


def _steps(truth: dict[tuple[str, str], float]) -> tuple[StepRun, ...]:
    """The script of the lab's first probe as it went, a little after each thing was heard."""
    welcome, menu = (truth["prompt_start", name] for name in ("selamat-datang", "menu-utama"))
    key, agent = truth["key", "1"], truth["agent_start", ""]
    play, end = truth["play_start", "pemberitahuan"], truth["end", ""]
    plan: list[tuple[dict[str, str], float, float, float | None]] = [
        ({"expect": "answer", "within": "10s"}, T0, T0 + ANSWERED_S, T0 + ANSWERED_S),
        ({"expect": "prompt:selamat-datang", "within": "8s"}, T0 + ANSWERED_S, welcome + 1.0, welcome),
        ({"expect": "prompt:menu-utama", "within": "8s", "slow": "3s"}, welcome + 1.0, menu + 1.0, menu),
        ({"press": "1"}, menu + 1.0, key, None),
        ({"expect": "agent", "within": "40s", "slow": "15s"}, key, play, agent),
        ({"play": "pemberitahuan"}, play, truth["play_end", "pemberitahuan"], None),
    ]
    runs = [
        StepRun(step=parse_step(step), end=StepEnd.MET, started=started, finished=finished, onset=onset)
        for step, started, finished, onset in plan
    ]
    return (*runs, StepRun(step=parse_step({"end": True}), end=StepEnd.MET, started=end, finished=end))


def _write(path: Path, ours: Samples, theirs: Samples) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.stack([ours, theirs], axis=1).astype("<i2").tobytes())


TRACE = """\
{at0} --> UDP 203.0.113.9:5060
    INVITE sip:+622150012345@pbx.example SIP/2.0
    Via: SIP/2.0/UDP 127.0.0.1:56132;rport;branch=z9hG4bKPjA4F0
    From: "Penguji Satu" <sip:+6281122223333@127.0.0.1>;tag=9.9A
    To: sip:+622150012345@pbx.example
    Contact: <sip:siaga@127.0.0.1:56132;ob>
    Call-ID: 190eef2227ebda36@siaga
    CSeq: 24535 INVITE
    User-Agent: siaga/0.1.0
    Content-Type: application/sdp
{indent}
    v=0
    o=- 4004167703 4004167703 IN IP4 127.0.0.1
    c=IN IP4 127.0.0.1
    m=audio 25484 RTP/AVP 0 8 9 120
    a=rtpmap:0 PCMU/8000

{at1} <-- UDP 203.0.113.9:5060
    SIP/2.0 180 Ringing
    CSeq: 24535 INVITE

{at2} <-- UDP 203.0.113.9:5060
    SIP/2.0 200 OK
    CSeq: 24535 INVITE
    Server: Asterisk PBX 22.1

{at2} --> UDP 203.0.113.9:5060
    ACK sip:+622150012345@pbx.example SIP/2.0
    CSeq: 24535 ACK

{end} --> UDP 203.0.113.9:5060
    BYE sip:+622150012345@pbx.example SIP/2.0
    CSeq: 24536 BYE

{end} <-- UDP 203.0.113.9:5060
    SIP/2.0 200 OK
    CSeq: 24536 BYE

"""
"""A trace as ``channels.voice.siptrace`` writes it."""


def trace(heard: Heard) -> str:
    """The SIP messages of the call at their instants."""
    ends_s = heard.at("end")
    at = {"at0": 0.0, "at1": 0.31, "at2": ANSWERED_S, "end": ends_s}
    stamps = {key: (BEGAN + timedelta(seconds=s)).isoformat(timespec="microseconds") for key, s in at.items()}
    return TRACE.format(indent="    ", **{key: text.replace("+00:00", "Z") for key, text in stamps.items()})


def told(heard: Heard) -> dict[str, Any]:
    """The call's JSON object of the contract, judged by the real judge."""
    media = MediaFigures(codec="PCMU", packets=1480, lost=3, jitter_ms=2.4, rtt_ms=11.0, mos=4.35)
    outcome = conclude(heard.walk, Report(media=media), "id")
    record = Record(
        run_id="20261120T083000Z-7b5t8v",
        probe="ivr-ke-agent",
        channel="sip",
        target="sip:+622150012345@pbx.example",
        service="inbound",
        skill="tier-1",
        slot=BEGAN,
        trigger="schedule",
        started_at=BEGAN,
        ended_at=BEGAN + timedelta(seconds=heard.at("end")),
        outcome=outcome,
        message=sentence(outcome, "id"),
    )
    return record.to_json()


def call(heard: Heard, **other: Any) -> Call:
    """Everything about the call, as the page takes it."""
    json_of_it, kept_text = told(heard), (heard.folder / "observations.jsonl").read_text("ascii")
    pairs = call_page_sound.load(heard.folder / "recording.wav")
    values: dict[str, Any] = {
        "told": json_of_it,
        "stages": [
            ("ringing", 0.0, ANSWERED_S),
            ("greeting", 1.3, heard.at("key", "1")),
            ("queue", heard.at("key", "1"), heard.at("agent_start")),
            ("agent", heard.at("agent_start"), heard.at("end")),
        ],
        "kept": call_page_labels.read(kept_text, heard.at("end")),
        "ladder": call_page_ladder.read(trace(heard)),
        "audio": Audio(outline=call_page_sound.outline(pairs), address=call_page_sound.embedded(pairs)),
        "files": [
            KeptFile(kind="recording", name="recording.wav", sha256="ab" * 32, intact=True),
            KeptFile(kind="sip_trace", name="sip.txt", sha256="cd" * 32, intact=False),
        ],
        "chain": "17 · " + "0f" * 32,
        "version": "0.1.0 · 3d1f2a",
        "centre": "Pusat Layanan Nusantara",
        "zone": ZoneInfo("Asia/Jakarta"),
        "made": BEGAN + timedelta(hours=1),
    }
    return Call(**{**values, **other})
