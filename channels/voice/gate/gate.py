"""The gate: SIP by UDP on loopback for one engine, SIP over IPv6 for the world, and the media of each call between."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from channels.voice.gate import translate
from channels.voice.gate.message import Message, shown
from channels.voice.gate.port import Place, Port
from channels.voice.gate.relay import LOOPBACK, Relay
from channels.voice.gate.sdp import address_in
from channels.voice.gate.translate import Ends
from channels.voice.sipmsg import redact
from channels.voice.wire import Account, SipText, Way

_MAX_KNOWN: Final = 64
"""Calls and registrations that are remembered, and addresses of far ends; an engine has four calls at a time."""


class Passage:
    """One call through the gate, until closed. ``watch`` is told what really goes over the network."""

    def __init__(self, gate: Gate, call_id: str, watch: Callable[[SipText], None]) -> None:
        self._gate = gate
        self.call_id = call_id
        self.watch = watch
        self.relay = Relay(gate.outer[0])
        self.invited = False
        self.trouble = ""
        """What keeps the call from its far end, as far as the gate knows."""

    def close(self) -> None:
        """End its media; its signalling may still need a last word. Idempotent."""
        self.relay.close()
        self._gate.leave(self)


class Gate:
    """For one account of one engine."""

    def __init__(self, local_address: str, ports: tuple[int, int] = (0, 0)) -> None:
        """``ports``: on loopback and outside; 0 for any. Raises OSError."""
        self._calls: dict[str, Passage] = {}
        self._known: deque[str] = deque(maxlen=_MAX_KNOWN)
        self._addresses: dict[str, str] = {}
        self._far: deque[str] = deque(maxlen=_MAX_KNOWN)
        self._first: Place | None = None
        self._engine: Place | None = None
        self._retired = False
        self._inner = Port(LOOPBACK, ports[0], self._from_engine)
        try:
            self._outer = Port(local_address, ports[1], self._from_far)
        except OSError:
            self._inner.close()
            raise

    @property
    def outer(self) -> Place:
        """Our socket towards the far end."""
        return self._outer.place

    def leads(self, host: str, far: Place) -> Way:
        """Calls to that host go to that place."""
        self._first = far
        self._addresses[host.strip("[]").casefold()] = far[0]
        inner, (address, port) = self._inner.place[1], self.outer
        return Way(inner_port=inner, address=address, port=port, host=host, far=far[0], far_port=far[1])

    def account(self, account: Account) -> Account:
        """The same account, reached through the gate."""
        return replace(
            account,
            transport="udp",
            local_address=LOOPBACK,
            public_address="",
            gate=f"sip:{shown(self._inner.place)};lr",
        )

    def enter(self, call_id: str, watch: Callable[[SipText], None]) -> Passage:
        """Let a call through."""
        passage = self._calls[call_id] = Passage(self, call_id, watch)
        self._known.append(call_id)
        return passage

    def leave(self, passage: Passage) -> None:
        """The call is over."""
        if self._calls.get(passage.call_id) is passage:
            del self._calls[passage.call_id]
        if self._retired:
            self.retire()

    def retire(self) -> None:
        """The engine is gone: close as soon as the calls that it left behind are ended. Idempotent."""
        self._retired = True
        if not self._calls:
            self._inner.close()
            self._outer.close()

    # --- both ways ---------------------------------------------------------------------------------------------

    def _from_engine(self, data: bytes, source: Place) -> None:
        if not data.strip() and source == self._engine and self._first is not None:
            self._outer.send(data, self._first)  # keeps a firewall open
        message = Message.read(data)
        if message is None or (self._engine not in (None, source) and message.call_id not in self._known):
            return
        # after the engine's death it is the parent that speaks for it
        self._engine = source
        if message.call_id not in self._known:
            self._known.append(message.call_id)
        place = translate.outward(message, Ends(source, self._inner.place, self.outer))
        to = self._address_of(place)
        if to is None or not self._media(message, lambda relay, sdp: relay.outward(sdp)):
            return
        if to[0] not in self._far:
            self._far.append(to[0])
        self._tell(message, to, sent=True)
        self._outer.send(message.write(), to)

    def _from_far(self, data: bytes, source: Place) -> None:
        if self._engine is None or (source[0] not in self._far and source[0] not in self._addresses.values()):
            return
        message = Message.read(data)
        if message is None:
            for passage in self._calls.values():
                passage.trouble = passage.trouble or f"what came from {shown(source)} is no SIP"
            return
        self._tell(message, source, sent=False)
        if not translate.inward(message, Ends(self._engine, self._inner.place, self.outer), source):
            return
        if self._media(message, lambda relay, sdp: relay.inward(sdp)):
            self._inner.send(message.write(), self._engine)

    def _address_of(self, place: Place | None) -> Place | None:
        """Where a message for that place goes; a name that was not looked up, or IPv4, is behind the first hop."""
        if place is None:
            return None
        address = place[0] if ":" in place[0] else self._addresses.get(place[0], "")
        return (address_in(address), place[1]) if address else self._first

    def _media(self, message: Message, lead: Callable[[Relay, str], str]) -> bool:
        """Lead its media through the relay of its call; whether the message may pass."""
        if not message.body:
            return True
        passage = self._calls.get(message.call_id)
        if not message.has_sdp and "multipart" not in message.top("content-type").lower():
            return True
        if passage is None or not message.has_sdp:
            message.drop_body()
            return True
        try:
            message.body = lead(passage.relay, message.body.decode("utf-8", "surrogateescape")).encode(
                "utf-8", "surrogateescape"
            )
        except (ValueError, OSError) as error:
            passage.trouble = f"a session description could not be led through the gate: {error}"
            return False
        return True

    def _tell(self, message: Message, peer: Place, *, sent: bool) -> None:
        registration = message.method == "REGISTER"
        text = redact(message.write().decode(errors="replace"))
        for passage in list(self._calls.values()):
            mine = passage.call_id == message.call_id
            passage.invited |= mine
            if mine or (registration and not passage.invited):
                passage.watch(_seen(passage.call_id, peer, text, sent=sent))


def _seen(call: str, peer: Place, text: str, *, sent: bool) -> SipText:
    return SipText(call=call, at=time.monotonic(), sent=sent, transport="UDP", peer=shown(peer), text=text)
