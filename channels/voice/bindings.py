"""The parent's copy of an engine's registrations, made from the raw messages, so that they can be taken back.

A binding outlives a killed engine until it expires, and takes one of the few places of the registrar's list meanwhile.
Pure: messages in, messages out (RFC 3261 section 10). Nothing a far end sends can raise here.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Final

from channels.voice import sipmsg
from channels.voice.sipmsg import SipMessage
from channels.voice.wire import Account, SipText

_EXPIRES: Final = re.compile(r";\s*expires\s*=\s*\"?(\d+)", re.IGNORECASE)


class Binding:
    """The registrations under one Call-ID: what a registrar holds of an account of one engine."""

    def __init__(self, account: Account, text: SipText, request: SipMessage) -> None:
        self.account = account
        self.call_id = request.call_id
        self._bound: set[str] = set()
        self._asked: set[str] = set()
        self._leaving: set[str] = set()
        self._cseq = 0
        self.sent(text, request)

    def sent(self, text: SipText, request: SipMessage) -> None:
        """The engine sent a REGISTER."""
        self.peer, self.transport = text.peer, text.transport.lower()
        self._request = request
        self._cseq = max(request.cseq[0], self._cseq)
        contacts = {sipmsg.address_of(contact): contact for contact in request.every("contact")}
        ending = {uri for uri, contact in contacts.items() if _expires(contact, request) == 0}
        self._asked, self._leaving = contacts.keys() - ending, ending

    def answered(self, answer: SipMessage) -> bool:
        """The registrar answered; whether it let us in."""
        if answer.cseq[0] != self._cseq or answer.code < 200:
            return False
        taken = answer.code < 300
        if taken:
            self._bound = (self._bound | self._asked) - self._leaving
        let_in = taken and bool(self._asked)
        self._asked, self._leaving = set(), set()
        return let_in

    @property
    def contacts(self) -> list[str]:
        """The URIs that the registrar holds or, without an answer so far, may hold."""
        return sorted(self._bound | self._asked)

    @property
    def leaving(self) -> bool:
        """Whether the engine has just asked for the end itself; once more would not make a mute registrar speak."""
        return bool(self._leaving) and not self._asked

    @property
    def sent_by(self) -> str:
        """``host:port`` of the engine's socket, as its Via says."""
        return self._request.first("via").partition(" ")[2].split(";", maxsplit=1)[0].strip()

    @property
    def next_hop(self) -> str:
        """Where the engine's own messages went; no name has to be looked up again."""
        return f"sip:{self.peer}"

    @property
    def registrar(self) -> str:
        """The Request-URI."""
        return self._request.uri

    @property
    def cseq(self) -> int:
        """The number of the last REGISTER, the engine's or ours."""
        return self._cseq

    def removal(self, authorizations: Mapping[str, str] | None = None) -> str:
        """A REGISTER with the next CSeq that takes every contact back."""
        self._cseq += 1
        last = self._request
        transport = last.first("via").partition(" ")[0] or "SIP/2.0/UDP"
        return "\r\n".join([
            f"REGISTER {last.uri} SIP/2.0",
            f"Via: {transport} {self.sent_by};rport;branch=z9hG4bK{secrets.token_hex(12)}",
            "Max-Forwards: 70",
            *(f"Route: {route}" for route in last.every("route")),
            *(authorizations or {}).values(),
            f"From: {last.first('from')}",
            f"To: {last.first('to')}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {self._cseq} REGISTER",
            *(f"Contact: <{uri}>;expires=0" for uri in self.contacts),
            "Expires: 0",
            "Content-Length: 0",
            "",
            "",
        ])  # fmt: skip


class Bindings:
    """All registrations of one engine. ``let_in`` collects the keys of accounts that a registrar took."""

    def __init__(self, let_in: set[str]) -> None:
        self._let_in = let_in
        self._accounts: dict[str, Account] = {}
        self._bindings: dict[str, Binding] = {}

    def know(self, account: Account) -> None:
        """The engine has this account from now on."""
        if account.register:
            self._accounts[account.key] = account

    def take(self, text: SipText) -> None:
        """A message of no call passed, one way or the other."""
        message = sipmsg.parse(text.text)
        if message is None or message.method != "REGISTER" or text.sent == bool(message.code):
            return
        binding = self._bindings.get(message.call_id)
        if text.sent and binding is not None:
            binding.sent(text, message)
        elif text.sent and (account := self._account_of(text, message)) is not None:
            self._bindings[message.call_id] = Binding(account, text, message)
        elif binding is not None and binding.answered(message):
            self._let_in.add(binding.account.key)

    def left(self) -> list[Binding]:
        """What the registrars hold, or may hold, of this engine."""
        return [binding for binding in self._bindings.values() if binding.contacts and not binding.leaving]

    def _account_of(self, text: SipText, request: SipMessage) -> Account | None:
        """The one it fits best; accounts that agree in all of this have the same credentials."""
        who, transport = sipmsg.address_of(request.first("to")), text.transport.lower()

        def fits(account: Account) -> tuple[bool, bool, bool]:
            here = transport.startswith(account.transport)
            return account.id_uri == who, account.registrar == request.uri, here

        return max(self._accounts.values(), key=fits, default=None)


def _expires(contact: str, request: SipMessage) -> int:
    own = _EXPIRES.search(contact.rpartition(">")[2])
    said = own[1] if own else request.first("expires")
    return int(said) if said.isdecimal() and len(said) < 11 else 1
