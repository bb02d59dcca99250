"""SIP URIs, as far as we dial them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, cast

from channels.voice.wire import Transport

_URI: Final = re.compile(
    r"(?P<scheme>sips?):(?:(?P<user>[^@\s<>\"]*)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)"
    r"(?::(?P<port>\d{1,5}))?(?P<rest>[;?][^\s<>\"]*)?",
    re.IGNORECASE,
)
_TRANSPORT: Final = re.compile(r";transport=([a-z]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SipUri:
    """A URI and where it leads. ``port`` is never 0."""

    text: str
    user: str
    host: str
    port: int
    transport: Transport


def parse_uri(text: str, transport: Transport = "udp") -> SipUri:
    """Read a URI; ``transport`` where it names none. Raises ValueError with what is allowed."""
    match = _URI.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no SIP URI; it looks like sip:1500@pbx.example or sip:1500@192.0.2.7:5060")
    if named := _TRANSPORT.search(match["rest"] or ""):
        if named[1].lower() not in ("udp", "tcp", "tls"):
            raise ValueError(f"{text!r}: transport {named[1]!r} is not known; udp, tcp and tls are")
        transport = cast(Transport, named[1].lower())
    elif match["scheme"].lower() == "sips":
        transport = "tls"
    port = int(match["port"] or (5061 if transport == "tls" else 5060))
    if not 0 < port < 65536:
        raise ValueError(f"{text!r}: there is no port {port}")
    return SipUri(text.strip(), match["user"] or "", match["host"], port, transport)
