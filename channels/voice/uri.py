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
    """A URI and where it leads. ``port`` is 0 where none is written; ``rest`` are its parameters."""

    user: str
    host: str
    written_port: int
    transport: Transport
    rest: str = ""

    @property
    def port(self) -> int:
        """The port it leads to, never 0."""
        return self.written_port or (5061 if self.transport == "tls" else 5060)

    @property
    def text(self) -> str:
        """The URI as it is sent. ``sips:`` became ``sip:`` over TLS, which every far end understands."""
        user = f"{self.user}@" if self.user else ""
        port = f":{self.written_port}" if self.written_port else ""
        transport = "" if self.transport == "udp" or _TRANSPORT.search(self.rest) else f";transport={self.transport}"
        return f"sip:{user}{self.host}{port}{transport}{self.rest}"

    def with_user(self, user: str) -> SipUri:
        """The same place, another name."""
        return SipUri(user, self.host, self.written_port, self.transport, self.rest)

    def over(self, transport: Transport) -> SipUri:
        """The same over another transport."""
        return SipUri(self.user, self.host, self.written_port, transport, _TRANSPORT.sub("", self.rest))


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
    port = int(match["port"] or 0)
    if port > 65535 or (match["port"] and not port):
        raise ValueError(f"{text!r}: there is no port {match['port']}")
    return SipUri(match["user"] or "", match["host"], port, transport, match["rest"] or "")
