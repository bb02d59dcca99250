"""One call at the box: the answering side of a dialog (RFC 3261 § 12 to 15) and its media."""

from __future__ import annotations

import asyncio
import random
import re
from typing import TYPE_CHECKING

from lab import sip
from lab.dtmf import key_of_info
from lab.faults import Wish
from lab.rtp import Stream
from lab.sip import Malformed, Message

if TYPE_CHECKING:
    from lab.box import Box

T1_S, T2_S = 0.5, 4.0
"""Retransmission timers of RFC 3261 § 17.1.1.1."""
_GIVE_UP_S = 64 * T1_S
_LONGEST_CALL_S = 1800.0
_TURNED = {"sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive", "sendrecv": "sendrecv"}


def new_tag() -> str:
    """A tag or branch nobody has used."""
    return f"{random.getrandbits(64):016x}"


class Call:
    """A call from its INVITE to its end. ``ivr.converse`` plays the centre on it."""

    def __init__(self, box: Box, invite: Message, source: tuple[str, int], wish: Wish) -> None:
        self.box, self.source, self.wish, self.faults = box, source, wish, wish.faults
        self.id, self.tag, self.remote_tag = invite.first("call-id"), new_tag(), sip.tag_of(invite.first("from"))
        self.keys: asyncio.Queue[str] = asyncio.Queue()
        self.stream = Stream(box.ticker, self.on_key)
        self.answered = self.over = False
        self.barge_in = True
        self._invite, self._transaction = invite, invite
        self._acked = asyncio.Event()
        self._port, self._version = 0, 1
        self._events: int | None = 101
        self._expiry = asyncio.get_running_loop().call_later(_LONGEST_CALL_S, self.hang_up, "cap")

    def log(self, event: str, at: float | None = None, **more: object) -> None:
        """A line of truth about this call, with the number of the last RTP packet sent."""
        self.box.truth.log(event, self.id, self.wish.number, at, seq=self.stream.seq, **more)

    # signalling -------------------------------------------------------------------------------------------

    async def prepare(self) -> None:
        """Open the media and read the offer. Raises Malformed when it cannot be accepted."""
        if self._invite.body:
            self._take_offer(self._invite.body)
        self._port = await self.stream.open(self.box.host)

    def _take_offer(self, body: bytes) -> str:
        offer = sip.read_sdp(body)
        if not offer.pcmu:
            raise Malformed("no PCMU in the offer")
        if (":" in offer.host) != (":" in self.box.address):
            raise Malformed("the caller's media are of another address family")
        if offer.port:
            self.stream.target = (offer.host, offer.port)
        if offer.events is not None:
            self.stream.keypad.payload_type = offer.events
        self._events = offer.events
        self.stream.held = offer.direction in ("sendonly", "inactive") or offer.host == "0.0.0.0"  # noqa: S104 (the old way to hold)
        return _TURNED[offer.direction]

    def _sdp(self, direction: str = "sendrecv") -> bytes:
        return sip.write_sdp(self.box.address, self._port, self._events, direction, self._version)

    def provisional(self, status: str, with_media: bool = False) -> None:
        """180 or 183; media flows from here on when it carries a description."""
        self._reply(self._invite, status, body=self._sdp() if with_media else b"")

    def answer(self) -> None:
        """200 OK, repeated until the ACK."""
        self.answered = True
        self._final(self._invite, "200 OK", self._timer(self._invite), self._sdp())

    def refuse(self, status: str, more: tuple[tuple[str, str], ...] = ()) -> None:
        """A final answer other than success; the call is over."""
        self._final(self._invite, status, more)
        self.finish("refused", status=status)

    def _reply(self, request: Message, status: str, more: tuple[tuple[str, str], ...] = (), body: bytes = b"") -> bytes:
        contact = ("Contact", f"<{self.box.uri}>")
        more = more if any(name == "Contact" for name, _ in more) else (contact, *more)
        data = sip.answer(request, status, self.source, self.tag, (*more, ("Allow", sip.ALLOW)), body)
        self.box.reply(request, data, self.source)
        return data

    def _final(self, request: Message, status: str, more: tuple[tuple[str, str], ...] = (), body: bytes = b"") -> None:
        self._transaction, self._acked = request, asyncio.Event()
        data = self._reply(request, status, more, body)
        self.box.spawn(self._until_acked(data, self._acked, success=status.startswith("2")))

    async def _until_acked(self, data: bytes, acked: asyncio.Event, *, success: bool) -> None:
        if not await self.box.repeat(data, self.source, acked, _GIVE_UP_S) and success and not self.over:
            self.log("never_acked")
            self.hang_up("centre")
        if self.over:
            self.box.forget(self)

    def _timer(self, request: Message) -> tuple[tuple[str, str], ...]:
        """Session timers (RFC 4028): the caller refreshes; without a refresh the box hangs up."""
        seconds = re.match(r"\d{1,6}", request.first("session-expires"))
        if not seconds or "timer" not in request.first("supported"):
            return ()
        self._expiry.cancel()
        self._expiry = asyncio.get_running_loop().call_later(int(seconds[0]), self.hang_up, "session timer")
        return ("Session-Expires", f"{seconds[0]};refresher=uac"), ("Require", "timer")

    def acked(self, request: Message) -> None:
        """The ACK for our final answer; it may hold the answer to our own offer."""
        if request.cseq[0] == self._transaction.cseq[0] and not self._acked.is_set():
            self._acked.set()
            self.log("ack")
            if request.body:
                self._take_offer(request.body)

    def within(self, request: Message) -> None:
        """A request inside the dialog, other than ACK."""
        if request.method == "BYE":
            self._reply(request, "200 OK")
            self.finish("bye", by="caller")
        elif request.method == "INFO":
            self._reply(request, "200 OK")
            if "dtmf" in request.first("content-type").lower() and (key := key_of_info(request.body)):
                self.on_key(key, "info")
        elif request.method == "UPDATE":
            body = self._sdp(self._take_offer(request.body)) if request.body else b""
            self._reply(request, "200 OK", self._timer(request), body)
            self.log("update", media=bool(body))
        else:
            self.log("reinvite")
            self._version += 1
            direction = self._take_offer(request.body) if request.body else "sendrecv"
            self._final(request, "200 OK", self._timer(request), self._sdp(direction))

    def cancel(self) -> None:
        """The caller gave up before the answer."""
        if not self.answered and not self.over:
            self._final(self._invite, "487 Request Terminated")
            self.finish("cancel", by="caller")

    def hang_up(self, by: str = "centre") -> None:
        """BYE, repeated until it is answered; before the answer a refusal."""
        if self.over:
            return
        if not self.answered:
            self.refuse("480 Temporarily Unavailable")
            return
        ours, theirs = self._invite.first("to"), self._invite.first("from")
        branch = f"z9hG4bK{new_tag()}"
        headers = [("Via", f"SIP/2.0/UDP {self.box.hostport};branch={branch};rport"), ("Max-Forwards", "70"),
                   *(("Route", route) for route in self._invite.all("record-route")),
                   ("From", ours if sip.tag_of(ours) else f"{ours};tag={self.tag}"), ("To", theirs),
                   ("Call-ID", self.id), ("CSeq", "1 BYE")]  # fmt: skip
        target = sip.uri_of(self._invite.first("contact")) or sip.uri_of(theirs)
        data = sip.render(f"BYE {target} SIP/2.0", headers)
        self.box.request(data, self.source, branch)
        self.finish("bye", by=by)

    def finish(self, event: str, **more: str) -> None:
        """Nothing is sent or played after this."""
        if self.over:
            return
        self.over = True
        self.log(event, None, **more)
        self._expiry.cancel()
        self.stream.close()
        self.box.ended(self)
        if self._acked.is_set():
            self.box.forget(self)

    # what the caller does and hears -----------------------------------------------------------------------

    def on_key(self, key: str, mode: str) -> None:
        """A key of the caller; up to the queue it breaks off the prompt."""
        self.log("key", digit=key, mode=mode)
        self.keys.put_nowait(key)
        if self.barge_in:
            self.stream.stop()

    async def say(self, name: str, events: tuple[str, str] = ("prompt_start", "prompt_end")) -> bool:
        """Play a clip; False when the caller broke it off."""
        whole = await self.stream.play(self.box.clips[name], lambda at: self.log(events[0], at, name=name))
        self.log(events[1], name=name, whole=whole)
        return whole

    async def key_within(self, seconds: float) -> str:
        """The next key, or nothing."""
        try:
            return await asyncio.wait_for(self.keys.get(), seconds)
        except TimeoutError:
            return ""
