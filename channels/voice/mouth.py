"""What we send into a call: keys and sounds. Main thread of the engine only."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any, Final, Literal, Protocol

from channels.voice import dtmf
from channels.voice.media import Outgoing, SoundPort
from channels.voice.pj import pj, sentence
from channels.voice.wire import PressKeys
from probe.observation import KeysPressed, Noted, Observation, Played

_LOOK_S: Final = 0.01

Done = Callable[[str], None]
"""Called once, with what went wrong or nothing."""


class Speaks(Protocol):
    """What a mouth needs of its call."""

    @property
    def over(self) -> bool: ...
    def see(self, seen: Observation) -> None: ...
    def later(self, delay_s: float, action: Callable[[], None]) -> None: ...
    def we_send(self, kind: Literal["keys", "play"], span_s: float) -> None: ...


class Mouth:
    """Speaks for one call."""

    def __init__(self, line: Speaks, call: Any, port: SoundPort) -> None:
        self._line = line
        self._call = call
        self._port = port

    def press(self, order: PressKeys, *, telephone_event: bool, allowed: Collection[str], done: Done) -> None:
        """Send digits one after the other; KeysPressed at the end of the last."""
        mode = dtmf.choose(order.mode, telephone_event, allowed)
        if order.mode not in ("auto", mode):
            what = f"the far end takes no {order.mode} digits; sent as {mode}"
            self._line.see(Noted(at=time.monotonic(), what=what))
        self._line.we_send("keys", len(order.digits) * (dtmf.TONE_S + dtmf.GAP_S) - dtmf.GAP_S)
        if mode == "inband":
            sound = Outgoing(dtmf.tones(order.digits))
            self._send(sound, lambda: self._pressed(order, mode, (sound.ended or 0.0) - dtmf.GAP_S, done), done)
        else:
            self._press_next(order, 0, mode, done)

    def _press_next(self, order: PressKeys, place: int, mode: dtmf.ActualMode, done: Done) -> None:
        if self._line.over:
            done("")  # how it ended is told by itself
            return
        param = pj.CallSendDtmfParam()
        param.digits, param.duration = order.digits[place], round(dtmf.TONE_S * 1000)
        param.method = pj.PJSUA_DTMF_METHOD_SIP_INFO if mode == "info" else pj.PJSUA_DTMF_METHOD_RFC2833
        try:
            self._call.sendDtmf(param)
        except pj.Error as error:
            done(f"digit not sent: {sentence(error)}")
            return
        if place + 1 < len(order.digits):
            self._line.later(dtmf.TONE_S + dtmf.GAP_S, lambda: self._press_next(order, place + 1, mode, done))
        else:
            self._line.later(dtmf.TONE_S, lambda: self._pressed(order, mode, time.monotonic(), done))

    def _pressed(self, order: PressKeys, mode: str, at: float, done: Done) -> None:
        self._line.see(KeysPressed(at=at, digits=order.digits, mode=mode))
        done("")

    def play(self, name: str, pcm: bytes, done: Done) -> None:
        """Play PCM of 8 kHz; Played when the last frame has gone out."""
        self._line.we_send("play", len(pcm) / 16000)
        sound = Outgoing(pcm)

        def played() -> None:
            now = time.monotonic()
            self._line.see(Played(at=sound.ended or now, name=name, began=sound.began or now))
            done("")

        self._send(sound, played, done)

    def _send(self, sound: Outgoing, then: Callable[[], None], done: Done) -> None:
        self._port.send(sound)

        def look() -> None:
            if sound.finished.is_set():
                then()
            elif self._line.over:
                done("")  # how it ended is told by itself
            else:
                self._line.later(_LOOK_S, look)

        look()
