"""What the gate changes in a message, both ways. To the far end we are one caller at one IPv6 address, no proxy.

To the engine the gate is the proxy of its account (RFC 3261 § 16): it takes its Route away, stays in the route set by
Record-Route, and puts a Via above the far end's. Pure; None means that a message is to be dropped.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from channels.voice import sipmsg
from channels.voice.gate.message import Message, place_in, sent_by, shown, with_place, with_sent_by
from channels.voice.gate.port import Place

_RECEIVED: Final = re.compile(r";[ \t]*received[ \t]*=[^;,]*", re.IGNORECASE)
_RPORT: Final = re.compile(r";[ \t]*rport\b(?:[ \t]*=[ \t]*\d*)?", re.IGNORECASE)
_KNOWN: Final = re.compile(r";[ \t]*(received|rport)[ \t]*=[ \t]*([0-9A-Fa-f:.]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ends:
    """``engine``: the engine's socket; ``inner`` and ``outer``: the gate's towards it and towards the far end."""

    engine: Place
    inner: Place
    outer: Place


def outward(message: Message, ends: Ends) -> Place | None:
    """Make it the far end's; returns where it goes, which may be a name."""
    message.change("contact", lambda value: with_place(value, ends.engine, ends.outer))
    if message.code:
        if sent_by(message.top("via")) != ends.inner:
            return None
        message.pop("via")
        return _reply_to(message.top("via"))
    if sent_by(message.top("via")) is None:
        return None
    message.change("via", lambda via: with_sent_by(via, ends.outer), top_only=True)
    if place_in(message.top("route")) == ends.inner:
        message.pop("route")
    return place_in(sipmsg.address_of(message.top("route")) or message.uri)


def inward(message: Message, ends: Ends, source: Place) -> bool:
    """Make it the engine's; whether it is for us at all."""
    if message.code:
        if sent_by(message.top("via")) != ends.outer:
            return False
        message.change("via", lambda via: _as_sent(via, ends.engine), top_only=True)
        message.change("contact", lambda value: with_place(value, ends.outer, ends.engine))
        if message.method == "INVITE":
            # the last of them is the first hop of whoever sent the request
            message.headers.append(("Record-Route", f"<sip:{shown(ends.inner)};lr>"))
        return True
    via = message.top("via")
    if sent_by(via) is None:
        return False
    branch = hashlib.sha256(via.encode("utf-8", "surrogateescape")).hexdigest()[:24]
    message.change("via", lambda value: _with_source(value, source), top_only=True)
    message.headers.insert(0, ("Via", f"SIP/2.0/UDP {shown(ends.inner)};rport;branch=z9hG4bK{branch}"))
    message.first = with_place(message.first, ends.outer, ends.engine)
    return True


def _as_sent(via: str, engine: Place) -> str:
    """As the engine wrote it: with the far end's view of us it would rewrite its Contact."""
    return _RPORT.sub(f";rport={engine[1]}", _RECEIVED.sub("", with_sent_by(via, engine)))


def _with_source(via: str, source: Place) -> str:
    """RFC 3261 § 18.2.1 and RFC 3581 § 4: where it came from, whatever it says itself."""
    asked = _RPORT.search(via) is not None
    bare = _RPORT.sub("", _RECEIVED.sub("", via))
    return f"{bare};received={source[0]}" + (f";rport={source[1]}" if asked else "")


def _reply_to(via: str) -> Place | None:
    said = {name.lower(): value for name, value in _KNOWN.findall(via)}
    sender = sent_by(via)
    port = said.get("rport", "")
    if "received" not in said or sender is None:
        return None
    return said["received"], int(port) if port.isdecimal() and len(port) < 6 else sender[1]
