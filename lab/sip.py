"""SIP messages (RFC 3261) and session descriptions (RFC 8866), as little as a contact centre in a box needs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import unquote

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE"
_COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length",
            "c": "content-type", "k": "supported", "x": "session-expires"}  # fmt: skip
_NEEDED = ("via", "from", "to", "call-id", "cseq")


class Malformed(ValueError):
    """Bytes that are no SIP message."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer; header names in lower case and long form, in order."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key == name]

    def first(self, name: str) -> str:
        """The first value of a header, or nothing."""
        return next(iter(self.all(name)), "")

    @property
    def method(self) -> str:
        """The method of a request; ``SIP/2.0`` for an answer."""
        return self.start.split(" ")[0]

    @property
    def cseq(self) -> tuple[int, str]:
        """Number and method of CSeq."""
        number, method = self.first("cseq").split()
        return int(number), method

    @property
    def key(self) -> tuple[str, ...]:
        """What retransmissions of a request have in common (RFC 3261 § 17.2.3)."""
        branch = re.search(r"branch=([^;,\s]+)", self.first("via"))
        return (branch[1] if branch else "", self.first("call-id"), self.first("cseq"), self.method)

    @property
    def user(self) -> str:
        """User part of the request's URI, percent-decoded, without parameters."""
        found = re.match(r"\S+ sips?:([^@\s]*)@", self.start)
        return unquote(found[1].split(";")[0].split(":")[0]) if found else ""


def parse(data: bytes) -> Message:
    """The message in a datagram. Raises Malformed."""
    head, _, body = data.partition(b"\r\n\r\n")
    lines = re.sub(r"\r\n[ \t]+", " ", head.decode("utf-8", "replace").lstrip("\r\n")).split("\r\n")
    if not re.fullmatch(r"[A-Z]+ \S+ SIP/2\.0|SIP/2\.0 [1-6]\d\d( .*)?", lines[0]):
        raise Malformed("no SIP start line")
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise Malformed("header without a colon")
        name = name.strip().lower()
        headers.append((_COMPACT.get(name, name), value.strip()))
    message = Message(lines[0], tuple(headers), body)
    if missing := [name for name in _NEEDED if not message.first(name)]:
        raise Malformed(f"without {', '.join(missing)}")
    if not re.fullmatch(r"\d{1,10}\s+[A-Z]+", message.first("cseq")):
        raise Malformed("CSeq is not a number and a method")
    length = message.first("content-length")
    if length and (not length.isascii() or not length.isdigit() or int(length) > len(body)):
        raise Malformed("Content-Length does not fit")
    return message if not length else Message(message.start, message.headers, body[: int(length)])


def render(start: str, headers: Iterable[tuple[str, str]], body: bytes = b"") -> bytes:
    """A message as bytes, Content-Length added."""
    lines = [start, *(f"{name}: {value}" for name, value in headers), f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def answer(
    request: Message,
    status: str,
    source: tuple[str, int],
    tag: str,
    more: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> bytes:
    """An answer (``status`` is "486 Busy Here") to a request, with rport filled in (RFC 3581)."""
    vias = request.all("via")
    vias[0] = re.sub(r";rport(?=[;,\s]|$)", f";rport={source[1]};received={source[0]}", vias[0], count=1)
    to = request.first("to")
    if tag and tag_of(to) == "":
        to += f";tag={tag}"
    headers = [("Via", via) for via in vias] + [("Record-Route", route) for route in request.all("record-route")]
    headers += [
        ("From", request.first("from")),
        ("To", to),
        ("Call-ID", request.first("call-id")),
        ("CSeq", request.first("cseq")),
    ]
    headers += [*more, ("Server", "siaga lab")]
    if body:
        headers.append(("Content-Type", "application/sdp"))
    return render(f"SIP/2.0 {status}", headers, body)


def tag_of(address: str) -> str:
    """The tag of a From or To header, or nothing."""
    found = re.search(r";\s*tag=([^;\s]+)", address.rpartition(">")[2] or address)
    return found[1] if found else ""


def uri_of(address: str) -> str:
    """The URI in a Contact, From or To header."""
    found = re.search(r"<([^>]+)>", address)
    return found[1] if found else address.split(";", maxsplit=1)[0].strip()


@dataclass(frozen=True, slots=True)
class Offer:
    """What a session description says about its audio."""

    host: str
    port: int
    pcmu: bool
    events: int | None
    direction: str


def read_sdp(body: bytes) -> Offer:
    """The first audio stream. Raises Malformed."""
    text = body.decode("utf-8", "replace")
    session, _, media = text.partition("m=audio ")
    media = media.partition("m=")[0]
    found = re.match(r"(\d{1,5})(?:/\d+)? RTP/AVPF?((?: \d+)+)", media)
    address = re.search(r"(?m)^c=IN IP[46] (\S+)", media) or re.search(r"(?m)^c=IN IP[46] (\S+)", session)
    if not found or not address or int(found[1]) > 65535:
        raise Malformed("no plain RTP audio in the session description")
    try:
        ip_address(address[1])
    except ValueError as error:
        raise Malformed("the media address is a name") from error
    events = re.search(r"a=rtpmap:(\d+) telephone-event/8000", media)
    way = re.search(r"(?m)^a=(sendrecv|sendonly|recvonly|inactive)", media) or re.search(
        r"(?m)^a=(sendrecv|sendonly|recvonly|inactive)", session
    )
    return Offer(
        address[1],
        int(found[1]),
        "0" in found[2].split(),
        int(events[1]) if events else None,
        way[1] if way else "sendrecv",
    )


def write_sdp(host: str, port: int, events: int | None, direction: str = "sendrecv", version: int = 1) -> bytes:
    """Our offer or answer: PCMU, and telephone events under the payload type given."""
    family = "IP6" if ":" in host else "IP4"
    kinds = "0" if events is None else f"0 {events}"
    lines = ["v=0", f"o=lab 1 {version} IN {family} {host}", "s=lab", f"c=IN {family} {host}", "t=0 0",
             f"m=audio {port} RTP/AVP {kinds}", "a=rtpmap:0 PCMU/8000"]  # fmt: skip
    if events is not None:
        lines += [f"a=rtpmap:{events} telephone-event/8000", f"a=fmtp:{events} 0-16"]
    return "\r\n".join([*lines, "a=ptime:20", f"a={direction}", ""]).encode()
