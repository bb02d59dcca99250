"""One call inside an engine: signalling to observations, commands to pjsip. Main thread only."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

from channels.voice import dtmf, sipmsg
from channels.voice.flow import Flow
from channels.voice.hearing import Hears, Listener
from channels.voice.media import Outgoing, SoundPort
from channels.voice.pj import CallBase, pj, sentence
from channels.voice.pjaccount import PjAccount
from channels.voice.siplog import LoggedMessage
from channels.voice.wire import Closed, Dial, Done, Event, Lost, RegistrationFailed, Seen
from probe.observation import (
    Answered,
    Ended,
    KeysPressed,
    Noted,
    Observation,
    Placed,
    Played,
    Progress,
    Refused,
    Signalled,
)
from probe.session import DtmfMode

_MAX_PROGRESS: Final = 50
"""A far end that sends more provisional answers than this floods us."""
_REGISTER_WAIT_S: Final = 12.0
_GIVE_UP_S: Final = 1.0
"""How long a hang-up may take to be confirmed before the call counts as over."""


class Host(Protocol):
    """What a line needs of its engine."""

    def emit(self, event: Event) -> None: ...
    def later(self, delay_s: float, action: Callable[[], None]) -> None: ...
    def soon(self, action: Callable[[], None]) -> None: ...
    def hear(self, listener: Listener) -> None: ...
    def make_ear(self, prompts: str | None) -> Hears: ...
    def last_transport_failure(self) -> str: ...
    def forget(self, line: Line) -> None: ...


class PjCall(CallBase):
    """The native call; passes its callbacks on."""

    def __init__(self, account: PjAccount, line: Line) -> None:
        super().__init__(account)
        self._line: Line | None = line

    def release(self) -> None:
        """Break the cycle, so that the object dies on the main thread when dropped."""
        self._line = None

    def onCallState(self, prm: Any) -> None:
        if self._line is not None:
            self._line.on_state()

    def onCallMediaState(self, prm: Any) -> None:
        if self._line is not None:
            self._line.on_media()

    def onCallTransferRequest(self, prm: Any) -> None:
        # never go where the far end sends us: that is how toll fraud works
        prm.statusCode = 603

    def onCallReplaceRequest(self, prm: Any) -> None:
        prm.statusCode = 603

    def onCallRedirected(self, prm: Any) -> int:
        return int(pj.PJSIP_REDIRECT_STOP)


class Line:
    """A call from Dial to Closed."""

    def __init__(self, host: Host, account: PjAccount, order: Dial) -> None:
        self._host = host
        self._account = account
        self.order = order
        self._call: PjCall | None = None
        self._port: SoundPort | None = None
        self._listener: Listener | None = None
        self._flow = Flow()
        self._t0: float | None = None
        self._invites = 0
        self._responses = 0
        self._final: Refused | None = None
        self._answered_at: float | None = None
        self._allowed: frozenset[str] = frozenset()
        self._requests: set[tuple[str, int]] = set()
        self._bye_cause = ""
        self._garbage = ""
        self._by_us = False
        self._over = False
        self._told = False
        self._final_event: Event | None = None
        account.users += 1

    # --- placing -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Dial now, or as soon as the trunk is registered."""
        if self._account.registered:
            self._place()
            return
        self._account.on_answer.append(self._on_registration)
        self._host.later(_REGISTER_WAIT_S, self._on_registration_timeout)
        if self._account.answers and self._account.code // 100 != 2:
            self._account.setRegistration(True)

    @property
    def closed(self) -> bool:
        """Whether Closed has been told."""
        return self._told

    @property
    def waits_for_registration(self) -> bool:
        return self._on_registration in self._account.on_answer

    def _on_registration(self) -> None:
        self._account.on_answer.remove(self._on_registration)
        if self._over:
            return
        if self._account.registered:
            self._host.soon(self._place)
        else:
            self._registration_failed()

    def _on_registration_timeout(self) -> None:
        if self.waits_for_registration:
            self._account.on_answer.remove(self._on_registration)
            self._registration_failed()

    def _registration_failed(self) -> None:
        code, phrase = self._account.code, self._account.phrase
        if failure := self._host.last_transport_failure():
            phrase = failure
        self._finish(RegistrationFailed(call=self.order.call, at=time.monotonic(), code=code, phrase=phrase))

    def _place(self) -> None:
        if self._over:
            return
        self._port = SoundPort(self.order.call)
        self._listener = self._listen(self._port)
        self._host.hear(self._listener)
        self._call = PjCall(self._account, self)
        param = pj.CallOpParam(True)
        param.opt.audioCount, param.opt.videoCount = 1, 0
        param.opt.customCallId = self.order.call_id
        try:
            self._call.makeCall(self.order.uri, param)
        except pj.Error as error:
            self._finish(self._lost(f"the call could not be placed: {sentence(error)}"))
            return
        self._host.later(self.order.unanswered_s, self._on_silent_host)
        self._host.later(self.order.cap_s, self.hang_up)

    def _listen(self, port: SoundPort) -> Listener:
        recording = Path(self.order.evidence) / "recording.wav" if self.order.record != "none" else None
        return Listener(
            port.heard,
            lambda: self._host.make_ear(self.order.prompts),
            recording,
            self.order.record,
            lambda seen: self._host.soon(lambda: self._see(seen)),
            lambda: self._host.soon(self._heard_all),
        )

    def _on_silent_host(self) -> None:
        if not self._responses and not self._over:
            self._by_us = True
            self._finish(self._lost(self._silence_sentence()))

    # --- signalling --------------------------------------------------------------------------------------------

    def on_message(self, logged: LoggedMessage) -> None:
        """A raw message with our Call-ID, before pjsip acts on it."""
        message = sipmsg.parse(logged.text)
        if message is None:
            return
        if logged.sent:
            self._on_sent(logged, message)
        elif message.code:
            self._on_response(logged, message)
        else:
            self._on_request(logged, message)

    def _on_sent(self, logged: LoggedMessage, message: sipmsg.SipMessage) -> None:
        if message.method == "INVITE" and not message.code:
            self._invites += 1
            if self._t0 is None:
                self._t0 = logged.at
                self._flow.offered(message.body, logged.peer)
                self._see(Placed(at=logged.at))

    def _on_response(self, logged: LoggedMessage, message: sipmsg.SipMessage) -> None:
        if message.method != "INVITE" or self._answered_at is not None:
            return
        self._responses += 1
        if allow := message.every("allow"):
            self._allowed = frozenset(item.upper() for item in allow)
        if message.code < 200:
            if self._responses <= _MAX_PROGRESS:
                self._see(Progress(at=logged.at, code=message.code, phrase=message.phrase, early_media=message.has_sdp))
        elif message.code < 300:
            self._answered_at = logged.at
            self._flow.answered(logged.at)
            self._see(Answered(at=logged.at))
        else:
            retry = message.first("retry-after").partition(" ")[0].partition("(")[0]
            wait_s = float(retry) if retry.isdecimal() and len(retry) < 7 else None
            self._final = Refused(at=logged.at, code=message.code, phrase=message.phrase, retry_after_s=wait_s)

    def _on_request(self, logged: LoggedMessage, message: sipmsg.SipMessage) -> None:
        key = (message.method, message.cseq[0])
        if key in self._requests or len(self._requests) > _MAX_PROGRESS * 10:
            return
        self._requests.add(key)
        if message.method == "BYE":
            self._bye_cause = message.first("reason")
        elif message.method in ("INVITE", "UPDATE", "REFER"):
            detail = _signal_detail(message)
            self._see(Signalled(at=logged.at, method=message.method, detail=detail))
            if self._listener is not None:
                self._listener.tell(lambda ear: ear.signalled(message.method, detail))

    def on_garbage(self, complaint: str) -> None:
        """Something from our far end was no SIP."""
        self._garbage = complaint

    def on_state(self) -> None:
        """Pjsip says that the call's state changed."""
        info = self._info()
        if info is not None and info.state == pj.PJSIP_INV_STATE_DISCONNECTED and not self._over:
            self._finish(self._ending(info.lastStatusCode, str(info.lastReason)))

    def _ending(self, code: int, reason: str) -> Event:
        now = time.monotonic()
        if self._answered_at is not None:
            ended = Ended(at=now, by_us=self._by_us, code=code, cause=self._bye_cause or reason)
            return Seen(call=self.order.call, observation=ended)
        if self._by_us and self._responses:
            return Seen(call=self.order.call, observation=Ended(at=now, by_us=True, code=code, cause=reason))
        if self._final is not None:
            return Seen(call=self.order.call, observation=self._final)
        return self._lost(self._silence_sentence() if code == 408 or self._by_us else reason)

    def _lost(self, cause: str) -> Lost:
        parts = (cause, self._host.last_transport_failure(), self._garbage)
        return Lost(call=self.order.call, at=time.monotonic(), cause="; ".join(part for part in parts if part))

    def _silence_sentence(self) -> str:
        waited = time.monotonic() - self._t0 if self._t0 is not None else 0.0
        return f"no response to {self._invites} INVITE in {waited:.1f} s"

    # --- media -------------------------------------------------------------------------------------------------

    def on_media(self) -> None:
        """Connect the sound port anew: every re-INVITE may have rebuilt the stream."""
        info = self._info()
        if info is None or self._call is None or self._port is None:
            return
        self._flow.connected = False
        for index, media in enumerate(info.media):
            usable = media.status in (pj.PJSUA_CALL_MEDIA_ACTIVE, pj.PJSUA_CALL_MEDIA_REMOTE_HOLD)
            if media.type == pj.PJMEDIA_TYPE_AUDIO and usable:
                sound = self._call.getAudioMedia(index)
                sound.startTransmit(self._port)
                self._port.startTransmit(sound)
                self._flow.index, self._flow.connected = index, True

    def poll(self) -> None:
        """Look at the RTP counters; a few times a second."""
        if self._call is None or self._over:
            return
        for seen in self._flow.read(self._call, time.monotonic()):
            self._see(seen)

    # --- commands ----------------------------------------------------------------------------------------------

    def press(self, seq: int, digits: str, wanted: DtmfMode) -> None:
        """Send the digits one by one; KeysPressed and Done at the end of the last."""
        if self._call is None or self._over or self._port is None:
            self._host.emit(Done(call=self.order.call, seq=seq, problem="the call is not up"))
            return
        mode = dtmf.choose(wanted, self._flow.telephone_event(self._call), self._allowed)
        if wanted not in ("auto", mode):
            self._see(Noted(at=time.monotonic(), what=f"the far end takes no {wanted} digits; sent as {mode}"))
        span_s = len(digits) * (dtmf.TONE_S + dtmf.GAP_S) - dtmf.GAP_S
        self._we_send("keys", span_s)
        if mode == "inband":
            self._send(
                dtmf.tones(digits), lambda sound: self._pressed(seq, digits, mode, (sound.ended or 0.0) - dtmf.GAP_S)
            )
        else:
            self._press_next(seq, digits, 0, mode)

    def _press_next(self, seq: int, digits: str, place: int, mode: dtmf.ActualMode) -> None:
        if self._over or self._call is None:
            self._host.emit(Done(call=self.order.call, seq=seq, problem="the call ended"))
            return
        param = pj.CallSendDtmfParam()
        param.digits, param.duration = digits[place], round(dtmf.TONE_S * 1000)
        param.method = pj.PJSUA_DTMF_METHOD_SIP_INFO if mode == "info" else pj.PJSUA_DTMF_METHOD_RFC2833
        try:
            self._call.sendDtmf(param)
        except pj.Error as error:
            self._host.emit(Done(call=self.order.call, seq=seq, problem=f"digit not sent: {sentence(error)}"))
            return
        if place + 1 < len(digits):
            self._host.later(dtmf.TONE_S + dtmf.GAP_S, lambda: self._press_next(seq, digits, place + 1, mode))
        else:
            self._host.later(dtmf.TONE_S, lambda: self._pressed(seq, digits, mode, time.monotonic()))

    def _pressed(self, seq: int, digits: str, mode: str, at: float) -> None:
        self._see(KeysPressed(at=at, digits=digits, mode=mode))
        self._host.emit(Done(call=self.order.call, seq=seq))

    def play(self, seq: int, name: str, pcm: bytes) -> None:
        """Play; Played and Done when the last frame has gone out."""
        self._we_send("greeting", len(pcm) / 16000)

        def played(sound: Outgoing) -> None:
            now = time.monotonic()
            self._see(Played(at=sound.ended or now, name=name, began=sound.began or now))
            self._host.emit(Done(call=self.order.call, seq=seq))

        self._send(pcm, played)

    def _send(self, pcm: bytes, then: Callable[[Outgoing], None]) -> None:
        sound = Outgoing(pcm)
        if self._port is not None:
            self._port.send(sound)

        def look() -> None:
            if sound.finished.is_set():
                then(sound)
            elif not self._over:
                self._host.later(0.01, look)

        look()

    def _we_send(self, kind: str, span_s: float) -> None:
        listener = self._listener
        if listener is not None:
            now = time.monotonic()
            listener.tell(lambda ear: ear.we_sent(kind, listener.to_stream(now), listener.to_stream(now) + span_s))

    def listen_for_agent(self, seq: int) -> None:
        """Let the ear weigh evidence for a human."""
        if self._listener is not None:
            self._listener.tell(lambda ear: ear.listen_for_agent())
        self._host.emit(Done(call=self.order.call, seq=seq))

    # --- the end -----------------------------------------------------------------------------------------------

    def hang_up(self) -> None:
        """BYE or CANCEL; the call is over when confirmed, or a second later."""
        if self._over or self._by_us:
            return
        self._by_us = True
        if self._call is None:
            self._finish(self._ending(487, "hung up before the call was placed"))
            return
        try:
            self._call.hangup(pj.CallOpParam(True))
        except pj.Error:
            self._finish(self._ending(487, "hung up"))
            return
        self._host.later(_GIVE_UP_S, self._give_up)

    def _give_up(self) -> None:
        if not self._over:
            self._finish(self._ending(487, "the far end did not confirm our hang-up"))

    def _finish(self, event: Event) -> None:
        """Remember how it ended; told once everything heard before has been told."""
        self._over = True
        self._final_event = event
        if self._call is not None:
            self._flow.last_reading(self._call)
            try:
                if self._call.isActive():
                    self._call.hangup(pj.CallOpParam(True))
            except pj.Error:
                pass  # already gone, which is what we want
        if self._listener is not None:
            self._listener.finish()
        else:
            self._host.soon(self._heard_all)

    def _heard_all(self) -> None:
        if self._final_event is not None:
            self._host.emit(self._final_event)
        self._host.emit(Closed(call=self.order.call, media=self._flow.figures.total()))
        self._account.users -= 1
        self._told = True
        # the native objects must outlive their call by a moment
        self._host.later(_GIVE_UP_S, self._release)

    def _release(self) -> None:
        if self._call is not None:
            self._call.release()
        self._call = self._port = self._listener = None
        self._host.forget(self)

    def gaps(self) -> tuple[int, int, float]:
        """Frames, late frames and the longest gap in seconds since the last look."""
        listener = self._listener
        if listener is None:
            return 0, 0, 0.0
        found = (listener.count, listener.late, listener.worst_gap_s)
        listener.count, listener.late, listener.worst_gap_s = 0, 0, 0.0
        return found

    def _see(self, seen: Observation) -> None:
        if not self._told:
            self._host.emit(Seen(call=self.order.call, observation=seen))

    def _info(self) -> Any:
        try:
            return self._call.getInfo() if self._call is not None else None
        except pj.Error:
            return None  # asked after the end: nothing to know any more


def _signal_detail(message: sipmsg.SipMessage) -> str:
    """What changed, in a few words: identity, media direction, media address."""
    found = []
    if identity := message.first("p-asserted-identity") or message.first("remote-party-id"):
        found.append(f"identity {sipmsg.address_of(identity)}")
    for line in message.body.splitlines():
        if line.startswith("c=IN "):
            found.append(f"media {line.rpartition(' ')[2]}")
        elif line.strip() in ("a=sendonly", "a=recvonly", "a=inactive", "a=sendrecv"):
            found.append(line.strip()[2:])
    if target := message.first("refer-to"):
        found.append(f"refused transfer to {sipmsg.address_of(target)}")
    return ", ".join(found) or ("session refresh" if message.method != "REFER" else "")
