"""One call inside an engine: from Dial to Closed. Main thread only."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from channels.voice.admission import Admission
from channels.voice.flow import Flow
from channels.voice.hearing import Hears, Listener
from channels.voice.media import SoundPort
from channels.voice.mouth import Mouth
from channels.voice.pj import CallBase, pj, sentence
from channels.voice.pjaccount import PjAccount
from channels.voice.signalling import Signalling, is_sign
from channels.voice.siplog import LoggedMessage
from channels.voice.wire import Closed, Dial, Done, Event, Full, Lost, PressKeys, RegistrationFailed, Seen
from probe.observation import Answered, Ended, Media, MediaState, Observation, Placed, Signalled, Trouble
from probe.reasons import Reason

_GIVE_UP_S: Final = 1.0
"""How long a hang-up may take to be confirmed before the call counts as over."""
_PATIENCE_S: Final = 2.0
"""Three INVITEs without an answer (0, 0.5, 1.5 s) speak of a silent host; less speaks of our own haste."""
_TIMED_OUT: Final = 408
_TOO_MANY: Final = 70_010
"""PJ_ETOOMANY."""
_TOO_LONG: Final = "PJSIP_EMSGTOOLONG"
_NETWORK_ERRORS: Final = frozenset(
    120_000 + number for number in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ECONNREFUSED)
)
"""pj_status_t of what the network may do to us (PJ_ERRNO_START_SYS + errno); any other refusal to dial is our own."""


class Host(Protocol):
    """What a line needs of its engine."""

    def emit(self, event: Event) -> None: ...
    def later(self, delay_s: float, action: Callable[[], None]) -> None: ...
    def soon(self, action: Callable[[], None]) -> None: ...
    def hear(self, listener: Listener) -> None: ...
    def make_ear(self, prompts: str | None, tones: tuple[str, ...]) -> Hears: ...
    def transport_failure(self, since: float) -> str: ...
    def forget(self, line: Line) -> None: ...


class PjCall(CallBase):
    """The native call; passes its callbacks on.

    Never destroyed: the destructor hangs up whatever call has its number by then (pjproject #3856; 1 of 5 calls was
    lost that way). The few kilobytes go when the engine is recycled.
    """

    def __init__(self, account: PjAccount, line: Line) -> None:
        super().__init__(account)
        self._line: Line | None = line
        self.__disown__()

    def release(self) -> None:
        """Pass nothing on any more: the number may belong to another call."""
        self._line = None

    def onCallState(self, prm: Any) -> None:
        if self._line is not None:
            self._line.on_state()

    def onCallMediaState(self, prm: Any) -> None:
        if self._line is not None:
            self._line.on_media()

    def onStreamDestroyed(self, prm: Any) -> None:
        if self._line is not None:
            self._line.on_stream_gone()

    def onDtmfDigit(self, prm: Any) -> None:
        if self._line is not None:
            self._line.on_sign("DTMF", str(prm.digit))

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
        self._born = time.monotonic()
        self._call: PjCall | None = None
        self._listener: Listener | None = None
        self._port: SoundPort | None = None
        self._mouth: Mouth | None = None
        self._admission = Admission(account, order, self.later, self._on_admission)
        self._signalling = Signalling()
        self._flow = Flow()
        self._garbage = ""
        self._peer = ""
        self._by_us = False
        self.over = False
        self.closed = False
        """Whether Closed has been told."""
        self._last_word: Event | None = None
        account.users += 1

    # --- placing -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Dial now, or as soon as the trunk is registered."""
        if self._account.registered:
            self._place()
            return
        self._admission.ask()

    @property
    def settled(self) -> bool:
        """Whether nothing of this call can be left anywhere."""
        return self.closed and self._signalling.settled

    @property
    def waits_for_registration(self) -> bool:
        return self._admission.waits

    def _on_admission(self) -> None:
        if self._account.registered:
            self._host.soon(self._place)
        else:
            self._registration_failed()

    def _registration_failed(self) -> None:
        code = self._account.code if self._account.answered_by_far_end else 0
        phrase = self._host.transport_failure(self._born) or self._account.phrase
        self._finish(RegistrationFailed(call=self.order.call, at=time.monotonic(), code=code, phrase=phrase))

    def _place(self) -> None:
        if self.over:
            return
        self._port = SoundPort(self.order.call)
        self._listener = self._listen(self._port)
        self._host.hear(self._listener)
        self._call = PjCall(self._account, self)
        self._mouth = Mouth(self, self._call, self._port)
        param = pj.CallOpParam(True)
        param.opt.audioCount, param.opt.videoCount = 1, 0
        param.opt.customCallId = self.order.call_id
        if self.order.from_uri:
            param.txOption.localUri = self.order.from_uri
        try:
            self._call.makeCall(self.order.uri, param)
        except pj.Error as error:
            self._finish(self._not_placed(error))
            return
        self.later(self.order.unanswered_s, self._on_silent_host)
        self.later(self.order.cap_s, self.hang_up)

    def _not_placed(self, error: Any) -> Event:
        if error.status == _TOO_MANY:
            return Full(call=self.order.call)
        cause = f"the call could not be placed: {sentence(error)}"
        if error.status in _NETWORK_ERRORS:
            return self._lost(cause)
        # no memory, no port: the far end has not even been asked
        trouble = Trouble(at=time.monotonic(), reason=Reason.INTERNAL_ERROR, detail=cause)
        return Seen(call=self.order.call, observation=trouble)

    def _listen(self, port: SoundPort) -> Listener:
        order = self.order
        return Listener(
            port.heard,
            lambda: self._host.make_ear(order.prompts, order.tones),
            Path(order.evidence) / "recording.wav" if order.record != "none" else None,
            hide_agent=order.record == "until_agent",
            rewired_at=lambda: port.rewired_at,
            report=lambda seen: self._host.soon(lambda: self.see(seen)),
            finished=lambda: self._host.soon(self._heard_all),
        )

    def _on_silent_host(self) -> None:
        if not self._signalling.responses and not self.over:
            self._finish(self._lost(self._silence()))

    # --- signalling --------------------------------------------------------------------------------------------

    def on_message(self, logged: LoggedMessage) -> None:
        """A raw message with our Call-ID, before pjsip acts on it."""
        for seen in self._signalling.take(logged):
            if isinstance(seen, Placed):
                self._peer = logged.peer
                self._flow.offered(self._signalling.offer, logged.peer)
            elif isinstance(seen, Answered):
                self._flow.answered(seen.at)
            elif isinstance(seen, Signalled) and is_sign(seen):
                self.on_sign(seen.method, seen.detail)
            self.see(seen)

    def on_sign(self, method: str, detail: str) -> None:
        """Something that hints at who is there: for the ear."""
        if self._listener is not None:
            self._listener.tell(lambda ear: ear.signalled(method, detail))

    def on_garbage(self, peer: str, why: str) -> None:
        """Something came from somewhere that was no SIP."""
        if peer == self._peer:
            self._garbage = f"what came from {peer} is no SIP ({why.strip()})"

    def on_state(self) -> None:
        """The state of the call changed."""
        info = self._info()
        if info is None or info.state != pj.PJSIP_INV_STATE_DISCONNECTED or self._call is None:
            return
        self._call.release()
        self._call = None
        if not self.over:
            self._finish(self._ending(int(info.lastStatusCode), str(info.lastReason)))

    def _ending(self, code: int, reason: str) -> Event:
        now, told = time.monotonic(), self._signalling
        if told.unreadable:
            return self._lost("a 200 OK that cannot be read")
        early = self._by_us and (told.responses > 0 or now - (told.placed_at or now) < _PATIENCE_S)
        if told.answered_at is not None or early:
            cause = told.bye_cause or reason
            return Seen(call=self.order.call, observation=Ended(at=now, by_us=self._by_us, code=code, cause=cause))
        if told.final is not None:
            return Seen(call=self.order.call, observation=told.final)
        if told.placed_at is None and _TOO_LONG in reason:
            own = Trouble(at=now, reason=Reason.INTERNAL_ERROR, detail=f"nothing was sent: {reason}")
            return Seen(call=self.order.call, observation=own)
        return self._lost(self._silence() if code == _TIMED_OUT or self._by_us else f"{code} {reason}")

    def _lost(self, cause: str) -> Lost:
        since = self._signalling.placed_at or self._born
        parts = (cause, self._host.transport_failure(since - 1.0), self._garbage)
        return Lost(call=self.order.call, at=time.monotonic(), cause="; ".join(part for part in parts if part))

    def _silence(self) -> str:
        waited_s = time.monotonic() - (self._signalling.placed_at or self._born)
        return f"no response to {self._signalling.invites} INVITE in {waited_s:.1f} s"

    # --- media -------------------------------------------------------------------------------------------------

    def on_media(self) -> None:
        """Connect the sound port anew: every re-INVITE may have rebuilt the stream."""
        info = self._info()
        self._flow.connected = False
        if info is None or self._call is None or self._port is None:
            return
        self._port.rewired_at = time.monotonic()
        for index, media in enumerate(info.media):
            usable = media.status in (pj.PJSUA_CALL_MEDIA_ACTIVE, pj.PJSUA_CALL_MEDIA_REMOTE_HOLD)
            if media.type == pj.PJMEDIA_TYPE_AUDIO and usable:
                sound = self._call.getAudioMedia(index)
                sound.startTransmit(self._port)
                self._port.startTransmit(sound)
                self._port.connected = True
                self._flow.connect(index, receiving=bool(media.dir & pj.PJMEDIA_DIR_DECODING))

    def on_stream_gone(self) -> None:
        """The stream is about to be destroyed: its last figures."""
        if self._call is not None:
            self._flow.last_reading(self._call)

    def poll(self) -> None:
        """Look at the RTP counters; a few times a second."""
        if self._call is None or self.over:
            return
        for seen in self._flow.read(self._call, time.monotonic()):
            self.see(seen)
            if isinstance(seen, Media) and seen.state is MediaState.FLOWING and self._flow.stops:
                self.on_sign("rtp_gap", "")

    # --- commands ----------------------------------------------------------------------------------------------

    def press(self, order: PressKeys) -> None:
        """Send DTMF; answered by Done."""
        if self._call is None or self._mouth is None or self.over:
            self._done(order.seq, "")  # how the call ended is told by itself
            return
        self._mouth.press(
            order,
            telephone_event=self._flow.telephone_event(self._call),
            allowed=self._signalling.allowed,
            done=lambda problem: self._done(order.seq, problem),
        )

    def play(self, seq: int, name: str, pcm: bytes) -> None:
        """Play a sound; answered by Done."""
        if self._mouth is None or self.over:
            self._done(seq, "")
            return
        self._mouth.play(name, pcm, lambda problem: self._done(seq, problem))

    def listen_for_agent(self, seq: int) -> None:
        """Let the ear weigh evidence for a human."""
        if self._listener is not None:
            self._listener.tell(lambda ear: ear.listen_for_agent())
        self._done(seq, "")

    def _done(self, seq: int, problem: str) -> None:
        self._host.emit(Done(call=self.order.call, seq=seq, problem=problem))

    def we_send(self, kind: Literal["keys", "play"], span_s: float) -> None:
        """Tell the ear what it may hear of ourselves."""
        listener, now = self._listener, time.monotonic()
        if listener is not None:
            listener.tell(lambda ear: ear.we_sent(kind, listener.to_stream(now), listener.to_stream(now) + span_s))

    def later(self, delay_s: float, action: Callable[[], None]) -> None:
        """Run on the main thread after a while."""
        self._host.later(delay_s, action)

    def see(self, seen: Observation) -> None:
        """Tell the parent."""
        if not self.closed:
            self._host.emit(Seen(call=self.order.call, observation=seen))

    # --- the end -----------------------------------------------------------------------------------------------

    def hang_up(self) -> None:
        """BYE or CANCEL; the call is over when confirmed, or a second later."""
        if self.over or self._by_us:
            return
        self._by_us = True
        if not self._hang_up_native():
            self._finish(self._ending(487, "hung up before the call was up"))
        else:
            self.later(_GIVE_UP_S, self._give_up)

    def _hang_up_native(self) -> bool:
        try:
            if self._call is None or not self._call.isActive():
                return False
            self._call.hangup(pj.CallOpParam(True))
        except pj.Error:
            return False  # already gone, which is what we want
        return True

    def _give_up(self) -> None:
        if not self.over:
            self._finish(self._ending(487, "the far end did not confirm our hang-up"))

    def _finish(self, event: Event) -> None:
        """Remember how it ended; told once everything heard before has been told."""
        if self.over:
            return
        self.over = True
        self._last_word = event
        self._hang_up_native()
        if self._listener is not None:
            self._listener.finish()
        else:
            self._host.soon(self._heard_all)

    def _heard_all(self) -> None:
        if self.closed:
            return
        if self._last_word is None:
            # the listener failed and has told so; without ears the call is of no use
            self.hang_up()
            self._last_word = Seen(call=self.order.call, observation=Ended(at=time.monotonic(), by_us=True))
        self._host.emit(self._last_word)
        sound = self._listener.figures if self._listener is not None else None
        self._host.emit(Closed(call=self.order.call, media=self._flow.figures.total(), sound=sound))
        self.over = self.closed = True
        # the port must outlive its call by a moment
        self.later(2 * _GIVE_UP_S, self._release)

    def _release(self) -> None:
        if self._call is not None:
            self._call.release()
        self._call = self._port = self._listener = self._mouth = None
        self._account.users -= 1
        self._host.forget(self)

    def gaps(self) -> tuple[int, int, float]:
        """Frames, late frames and the longest gap in seconds since the last look."""
        return self._listener.take_gaps() if self._listener is not None else (0, 0, 0.0)

    def _info(self) -> Any:
        try:
            return self._call.getInfo() if self._call is not None else None
        except pj.Error:
            return None  # asked after the end: nothing to know any more
