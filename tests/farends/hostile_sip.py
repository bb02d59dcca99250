"""Just enough SIP for a far end that means harm: reads requests, drafts answers and requests that can then be spoilt.

Text is latin-1 throughout, so that any byte may stand anywhere. Imports nothing of the product.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

SHORT = {"i": "call-id", "f": "from", "t": "to", "v": "via", "m": "contact", "l": "content-length", "k": "supported"}
PHRASES = {
    100: "Trying", 180: "Ringing", 181: "Forwarded", 183: "Session Progress", 199: "Early Dialog Terminated", 200: "OK",
    202: "Accepted", 300: "Multiple Choices", 302: "Moved Temporarily", 305: "Use Proxy", 380: "Alternative Service",
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 407: "Proxy Authentication Required",
    408: "Request Timeout", 415: "Unsupported Media Type", 420: "Bad Extension", 421: "Extension Required",
    422: "Session Interval Too Small", 423: "Interval Too Brief", 481: "No Such Call", 483: "Too Many Hops",
    486: "Busy", 487: "Terminated", 488: "Not Acceptable Here", 491: "Request Pending", 493: "Undecipherable",
    494: "Agreement", 500: "Server Error", 503: "Service Unavailable", 600: "Busy Everywhere",
    603: "Decline", 606: "Not Acceptable",
}  # fmt: skip


@dataclass(frozen=True)
class Request:
    """A request or answer as it came; ``method`` is empty for an answer."""

    method: str
    uri: str
    headers: tuple[tuple[str, str], ...]
    body: str

    def first(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    def every(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    @property
    def user(self) -> str:
        """The user part of the request URI: it names the play and its seed."""
        match = re.match(r"sips?:([^@;>]+)@", self.uri)
        return match[1] if match else ""

    @property
    def media(self) -> tuple[str, int] | None:
        """Where the caller wants its RTP."""
        address = re.search(r"^c=IN IP[46] (\S+)", self.body, re.MULTILINE)
        port = re.search(r"^m=audio (\d+)", self.body, re.MULTILINE)
        return (address[1], int(port[1])) if address and port and 0 < int(port[1]) < 65536 else None


def read(data: bytes) -> Request | None:
    """A message cut into parts; None when it is none."""
    head, _, body = data.decode("latin-1").partition("\r\n\r\n")
    lines = head.split("\r\n")
    words = lines[0].split(" ")
    if len(words) < 3:
        return None
    headers = []
    for line in lines[1:]:
        name, _, value = line.partition(":")
        key = name.strip().lower()
        headers.append((SHORT.get(key, key), value.strip()))
    is_answer = words[0] == "SIP/2.0"
    return Request("" if is_answer else words[0], "" if is_answer else words[1], tuple(headers), body)


@dataclass
class Draft:
    """A message still to be spoilt. ``after`` follows the body without being counted."""

    start: str
    headers: list[tuple[str, str]]
    body: str = ""
    counted: bool = True
    eol: str = "\r\n"
    after: str = ""

    @property
    def is_answer(self) -> bool:
        return self.start.startswith("SIP/")

    def get(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def put(self, name: str, value: str) -> None:
        """Replace the first header of that name, or add it."""
        for index, (key, _) in enumerate(self.headers):
            if key.lower() == name.lower():
                self.headers[index] = (key, value)
                return
        self.headers.append((name, value))

    def add(self, name: str, value: str) -> None:
        self.headers.append((name, value))

    def drop(self, name: str) -> None:
        self.headers = [(key, value) for key, value in self.headers if key.lower() != name.lower()]

    def carry(self, body: str, kind: str = "application/sdp") -> Draft:
        """Give it a body."""
        self.body = body
        self.put("Content-Type", kind)
        return self

    def render(self) -> bytes:
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers)]
        if self.counted:
            lines.append(f"Content-Length: {len(self.body)}")
        return (self.eol.join(lines) + self.eol * 2 + self.body + self.after).encode("latin-1", "replace")


@dataclass
class Scene:
    """One call as this far end sees it: what it was asked and who it is."""

    request: Request
    host: str
    port: int
    media_port: int
    transport: str
    rng: random.Random
    tag: str = field(default="")
    _cseq: int = 100

    def __post_init__(self) -> None:
        self.tag = self.tag or f"h{self.rng.getrandbits(40):x}"

    @property
    def contact(self) -> str:
        return f"<sip:hostile@{self.host}:{self.port};transport={self.transport}>"

    def answer(self, code: int, request: Request | None = None, *, tag: str | None = None) -> Draft:
        """A proper answer without a body."""
        asked = request or self.request
        to = asked.first("to")
        if ";tag=" not in to and code > 100:
            to += f";tag={self.tag if tag is None else tag}"
        headers = [("Via", via) for via in asked.every("via")]
        headers += [("From", asked.first("from")), ("To", to), ("Call-ID", asked.first("call-id"))]
        headers += [("CSeq", asked.first("cseq")), ("Contact", self.contact)]
        return Draft(f"SIP/2.0 {code} {PHRASES.get(code, 'Whatever')}", headers)

    def accept(self, code: int = 200, request: Request | None = None, *, tag: str | None = None) -> Draft:
        """A proper answer with a proper SDP."""
        return self.answer(code, request, tag=tag).carry(self.sdp())

    def ask(self, method: str, cseq: int | None = None) -> Draft:
        """A proper request inside the dialog, towards the caller."""
        self._cseq += 1
        number = self._cseq if cseq is None else cseq
        contact = re.search(r"<([^>]*)>", self.request.first("contact"))
        branch = f"z9hG4bK{self.rng.getrandbits(48):x}"
        to = self.request.first("to")
        headers = [
            ("Via", f"SIP/2.0/{self.transport.upper()} {self.host}:{self.port};branch={branch};rport"),
            ("Max-Forwards", "70"),
            ("From", to if ";tag=" in to else f"{to};tag={self.tag}"),
            ("To", self.request.first("from")),
            ("Call-ID", self.request.first("call-id")),
            ("CSeq", f"{number} {method}"),
            ("Contact", self.contact),
        ]
        return Draft(f"{method} {contact[1] if contact else 'sip:nobody@127.0.0.1'} SIP/2.0", headers)

    def sdp(self) -> str:
        """A proper description of a session: PCMU, PCMA and digits."""
        family = "IP6" if ":" in self.host else "IP4"
        return (
            f"v=0\r\no=- {self.rng.getrandbits(31)} 1 IN {family} {self.host}\r\ns=-\r\nc=IN {family} {self.host}\r\n"
            f"t=0 0\r\nm=audio {self.media_port} RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
            "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=sendrecv\r\n"
        )
