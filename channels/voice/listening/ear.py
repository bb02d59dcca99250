"""The ear of one call: 8 kHz samples in, observations out. No sockets, no clock, no threads.

All times are *stream seconds*: samples fed divided by 8000. Whoever feeds maps them to the monotonic clock.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from channels.voice.listening.agent import AgentWatch, is_cadence
from channels.voice.listening.bank import PromptBank
from channels.voice.listening.cadences import Tones
from channels.voice.listening.echo import EchoWatch
from channels.voice.listening.evidence import Heard, Signal
from channels.voice.listening.features import (
    BLOCK,
    HOP,
    RATE_HZ,
    Block,
    Features,
    LineNoise,
    Samples,
    background_dbm0,
)
from channels.voice.listening.line import Line
from channels.voice.listening.loudness import Loudness
from channels.voice.listening.memory import CallMemory
from channels.voice.listening.pieces import SpeechPieces
from channels.voice.listening.prompts import PromptMatcher
from channels.voice.listening.speech import SpeechGate
from channels.voice.listening.tones import ToneDetector
from channels.voice.listening.vad import Vad
from probe.observation import Observation, Prompt, PromptPhase, Tone, ToneKind
from probe.outcome import SoundFigures

_SHORT_BURST_S = 0.2
"""A pure tone this long is no vowel: the VAD is not asked."""


class Ear:
    """Listens to one call. Feed it from one thread. Several ears share the bank and the VAD's network."""

    def __init__(self, bank: PromptBank | None = None, tones: Tones | None = None) -> None:
        self._features, self._noise, self._vad = Features(), LineNoise(), Vad()
        self._prompts = PromptMatcher(bank or PromptBank(), joins=True)
        self._tones, self._gate = ToneDetector(tones), SpeechGate()
        self._line, self._pieces, self._agent = Line(), SpeechPieces(), AgentWatch()
        self._memory, self._echo, self._loudness = CallMemory(), EchoWatch(), Loudness()
        self._sent: Samples = np.zeros(0, dtype=np.int16)
        self._waiting: Samples = np.zeros(0, dtype=np.int16)
        self._fed = 0
        self._prompt_onset_s: float | None = None
        self._prompt_ended_s: float | None = None
        self._cadence_s: float | None = None
        self._ringback_s: float | None = None
        self._fax_s: float | None = None

    @property
    def now_s(self) -> float:
        """Stream seconds fed so far."""
        return self._fed / RATE_HZ

    def feed(self, samples: Samples, sent: Samples | None = None) -> list[Observation]:
        """Listen to the next samples (int16, 8 kHz, any number) and return what became known, in order.

        ``sent`` is what we ourselves sent meanwhile: it may come back as an echo, which is nobody speaking.

        Work is done in blocks of 80 ms, so that the result does not depend on how the stream is cut.
        """
        self._fed += len(samples)
        self._waiting = np.concatenate((self._waiting, samples))
        self._sent = np.concatenate((self._sent, np.zeros_like(samples) if sent is None else sent))
        found: list[Observation] = []
        while len(self._waiting) >= BLOCK:
            found += self._hear(self._waiting[:BLOCK], self._sent[:BLOCK])
            self._waiting, self._sent = self._waiting[BLOCK:], self._sent[BLOCK:]
        return found

    def flush(self) -> list[Observation]:
        """Listen to the last samples that make no whole block; call it once, at the end."""
        whole = len(self._waiting) // HOP * HOP
        rest, sent = self._waiting[:whole], self._sent[:whole]
        self._waiting, self._sent = self._waiting[:0], self._sent[:0]
        return self._hear(rest, sent) if len(rest) else []

    def figures(self) -> SoundFigures:
        """How loud the far end was so far, and what came back of our own sound."""
        loud, echo = self._loudness, self._echo
        return SoundFigures(
            level_dbm0=loud.dbm0, clipped=loud.clipped, echo_delay_ms=echo.delay_ms, echo_loss_db=echo.loss_db
        )

    def listen_for_agent(self) -> None:
        """From now on a person may come; speech before is the menu's."""
        self._agent.arm(self.now_s)
        self._memory.arm(self._pieces.unknown)

    def we_sent(self, kind: Literal["keys", "play"], start_s: float, end_s: float) -> None:
        """Our own keys or sound, in stream seconds; ``end_s`` may lie in the future."""
        if kind == "play":
            self._agent.we_played(start_s, end_s)

    def signalled(self, method: str, detail: str = "") -> None:
        """Something outside the audio: ``re-INVITE`` (``detail`` with "address" or "media" when the far media moved),
        ``UPDATE``, ``rtp_gap`` or ``DTMF`` (a key pressed by the agent). Other methods are no signs.
        """
        sign = _sign_of(method, detail)
        if sign is not None:
            self._agent.signalled(Signal(sign, self.now_s))

    def _hear(self, samples: Samples, sent: Samples) -> list[Observation]:
        block = self._features.feed(samples)
        border, floor = self._noise.feed(block.levels), self._noise.floor_dbm0
        prompts = self._prompts.feed(block, border, floor)
        self._echo.feed(block.first, block.samples, sent.astype(np.float32))
        explained = sorted([*self._prompts.explained, *self._echo.stretches], key=lambda stretch: stretch.onset)
        self._loudness.feed(block, border)
        for prompt in prompts:
            if prompt.phase is PromptPhase.ENDED and prompt.until is not None:
                self._line.prompt_over_s = prompt.until
        tone = self._tones.burst_s >= _SHORT_BURST_S
        behind = background_dbm0(self._gate.talker_dbm0(block.end_s), self._line.music_dbm0)
        sound = max(border, behind)
        self._gate.feed(block, self._vad.feed(block.samples), sound, floor, tone)
        recent = self._gate.recent
        last = recent[-1] if recent else None
        spoken_s = None if last is None else (block.end_s if last.until_s is None else last.until_s)
        tones = self._tones.feed(block, border, self._line.quiet_since_s, spoken_s)
        silent = self._line.silent
        sounds = self._line.feed(block, sound, last, self._tones, tones[-1].onset if tones else None)
        if self._line.silent and not silent:
            self._vad.reset()
        pieces = self._pieces.feed(block.end_s, recent, explained)
        again = self._memory.feed(block, border, floor, self._pieces.unknown)
        agents = self._agent.feed(self._heard(block, prompts, tones))
        return [*prompts, *tones, *sounds, *pieces, *again, *agents]

    def _heard(self, block: Block, prompts: list[Prompt], tones: list[Tone]) -> Heard:
        for prompt in prompts:
            if prompt.phase in (PromptPhase.CANDIDATE, PromptPhase.CONFIRMED):
                self._prompt_onset_s = prompt.onset
            elif prompt.phase is PromptPhase.ENDED:
                self._prompt_ended_s = prompt.at
            elif self._prompt_onset_s == prompt.onset:
                self._prompt_onset_s = None
        for tone in tones:
            if is_cadence(tone.kind):
                self._cadence_s = tone.onset
        if self._cadence_s is not None and tones and tones[-1].kind is ToneKind.RINGBACK:
            self._ringback_s = tones[-1].onset
        beeps = [t.onset for t in tones if t.kind is ToneKind.BEEP]
        self._fax_s = next((t.onset for t in tones if t.kind is ToneKind.FAX), self._fax_s)
        line = self._line
        return Heard(
            now_s=block.end_s,
            unknown=self._pieces.unknown,
            speech_since_s=None if self._gate.now is None else self._gate.now.onset_s,
            prompt_onset_s=self._prompt_onset_s,
            prompt_ended_s=self._prompt_ended_s,
            music_since_s=line.music_since_s,
            music_ended_s=line.music_ended_s,
            sound_since_s=line.sound_since_s,
            tune_since_s=line.tune_since_s,
            others=line.others,
            repeats=self._memory.repeats,
            doubtful=self._memory.doubtful,
            burst_s=self._tones.burst_s,
            cadence_s=self._cadence_s,
            ringback_s=self._ringback_s,
            beep_s=beeps[-1] if beeps else None,
            fax_s=self._fax_s,
        )


def _sign_of(method: str, detail: str) -> str | None:
    name = method.strip().lower().replace("-", "").replace("_", "")
    if name in ("reinvite", "invite"):
        return "re_invite_new_media" if any(w in detail.lower() for w in ("address", "media")) else "re_invite"
    return {"update": "update", "rtpgap": "rtp_gap", "dtmf": "key_pressed", "info": "key_pressed"}.get(name)
