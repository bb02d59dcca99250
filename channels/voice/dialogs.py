"""The parent's copy of each dialog, made from the raw messages, so that a call can be ended when its engine has died.

Pure: messages in, messages out (RFC 3261 sections 9, 12, 15 and 17). Nothing a far end sends can raise here.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from channels.voice import sipmsg
from channels.voice.sipmsg import SipMessage
from channels.voice.wire import Account, SipText

_MAX_FORWARDS: Final = "Max-Forwards: 70"
_MAGIC: Final = "z9hG4bK"


class State(StrEnum):
    """How far a call is."""

    IDLE = "idle"
    CALLING = "calling"
    ANSWERED = "answered"
    OVER = "over"


class Dialog:
    """What is needed to end one call."""

    def __init__(self, call_id: str, account: Account) -> None:
        self.call_id = call_id
        self.account = account
        self.state = State.IDLE
        self.peer = ""
        self.transport = ""
        self._invite: SipMessage | None = None
        self._to = ""
        self._target = ""
        self._routes: list[str] = []
        self._cseq = 0

    def take(self, text: SipText) -> None:
        """A message of this call passed, one way or the other."""
        message = sipmsg.parse(text.text)
        if message is None or message.call_id != self.call_id:
            return
        if text.sent and not message.code:
            self._sent(text, message)
        elif not text.sent and message.code:
            self.answer(message)
        elif not text.sent:
            self._requested(message)

    def _sent(self, text: SipText, message: SipMessage) -> None:
        self._cseq = max(self._cseq, message.cseq[0])
        if message.method == "INVITE" and not sipmsg.tag_of(message.first("to")):
            self.state, self._invite = State.CALLING, message
            self.peer, self.transport = text.peer, text.transport.lower()
            self._target, self._to = message.uri, message.first("to")
            self._routes = message.every("route")

    def answer(self, message: SipMessage) -> None:
        """A response of the far end; to us or, after the engine's death, to the rescue."""
        if message.method == "BYE" and (message.code // 100 == 2 or message.code == 481):
            self.state = State.OVER
        if message.method not in ("INVITE", "UPDATE") or message.code < 200:
            return
        if message.code >= 300:
            ours = self._invite is not None and message.cseq == self._invite.cseq
            if ours and message.method == "INVITE" and self.state is State.CALLING:
                self.state = State.OVER
            return
        if contact := message.first("contact"):
            self._target = sipmsg.first_address(contact)
        if message.method == "INVITE" and self.state is State.CALLING:
            self.state = State.ANSWERED
            self._to = message.first("to")
            self._routes = message.every("record-route")[::-1]

    def _requested(self, message: SipMessage) -> None:
        if message.method == "BYE":
            self.state = State.OVER
        elif message.method in ("INVITE", "UPDATE") and (contact := message.first("contact")):
            self._target = sipmsg.first_address(contact)

    # --- what ends it ------------------------------------------------------------------------------------------

    @property
    def sent_by(self) -> str:
        """``host:port`` of the dead engine's socket, as its Via says."""
        via = self._invite.first("via") if self._invite else ""
        return via.partition(" ")[2].split(";", maxsplit=1)[0].strip()

    @property
    def next_hop(self) -> str:
        """The URI where a request of this dialog goes first."""
        return sipmsg.address_of(self._routes[0]) if self._routes else self._target

    def cancel(self) -> str:
        """CANCEL of the unanswered INVITE: same branch, same CSeq number. Raises LookupError when none was sent."""
        invite = self._sent_invite()
        return _request(
            f"CANCEL {invite.uri}",
            f"Via: {invite.first('via')}",
            [f"Route: {route}" for route in invite.every("route")],
            f"From: {invite.first('from')}",
            f"To: {invite.first('to')}",
            self.call_id,
            f"{invite.cseq[0]} CANCEL",
        )

    def bye(self, authorization: str = "") -> str:
        """BYE with the next CSeq. Raises LookupError when no INVITE was sent."""
        self._cseq += 1
        return self._in_dialog("BYE", self._cseq, [authorization] if authorization else [])

    def ack(self) -> str:
        """ACK of the INVITE's 200, which the engine could not send any more."""
        return self._in_dialog("ACK", self._sent_invite().cseq[0], [])

    def ack_refusal(self, to: str) -> str:
        """ACK of a final answer of 300 or more: part of the INVITE's transaction, so with its branch."""
        invite = self._sent_invite()
        routes = [f"Route: {route}" for route in invite.every("route")]
        return _request(
            f"ACK {invite.uri}",
            f"Via: {invite.first('via')}",
            routes,
            f"From: {invite.first('from')}",
            f"To: {to}",
            self.call_id,
            f"{invite.cseq[0]} ACK",
        )

    @property
    def target(self) -> str:
        """The remote target: the Request-URI of requests in the dialog."""
        return self._target

    def _in_dialog(self, method: str, cseq: int, more: Sequence[str]) -> str:
        invite = self._sent_invite()
        transport = invite.first("via").partition(" ")[0]
        via = f"Via: {transport} {self.sent_by};rport;branch={_MAGIC}{secrets.token_hex(12)}"
        return _request(
            f"{method} {self._target}",
            via,
            [*(f"Route: {route}" for route in self._routes), *more],
            f"From: {invite.first('from')}",
            f"To: {self._to}",
            self.call_id,
            f"{cseq} {method}",
        )

    def _sent_invite(self) -> SipMessage:
        if self._invite is None:
            raise LookupError("no INVITE was sent in this call")
        return self._invite


def _request(line: str, via: str, more: Sequence[str], from_: str, to: str, call_id: str, cseq: str) -> str:
    head = [f"{line} SIP/2.0", via, _MAX_FORWARDS, *more, from_, to, f"Call-ID: {call_id}", f"CSeq: {cseq}"]
    return "\r\n".join([*head, "Content-Length: 0", "", ""])
