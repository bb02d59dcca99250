"""A SIP message that can be changed and written again, byte for byte where nothing was changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Self

from channels.voice import sipmsg
from channels.voice.gate.port import Place
from channels.voice.gate.sdp import address_in

_MAX_HEADERS: Final = 150
_LONG: Final = {"v": "via", "m": "contact", "i": "call-id", "l": "content-length", "c": "content-type"}
_LISTS: Final = frozenset({"via", "route", "record-route"})
_HOST_PORT: Final = r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,255})(?:[ \t]*:[ \t]*(?P<port>\d{1,5}))?"
_URI: Final = re.compile(rf"(?P<head>sips?:(?:[^@<>\s]{{0,400}}@)?){_HOST_PORT}", re.IGNORECASE)
_VIA: Final = re.compile(
    rf"(?P<head>SIP[ \t]*/[ \t]*2\.0[ \t]*/[ \t]*)(?P<kind>\w{{1,10}})[ \t]+{_HOST_PORT}", re.IGNORECASE
)


class Message:
    """``first`` line, ``headers`` as (name as written, value), ``body``; lists of Via and Route are taken apart."""

    def __init__(self, known: sipmsg.SipMessage, first: str, headers: list[tuple[str, str]], body: bytes) -> None:
        self.code, self.method, self.call_id = known.code, known.method, known.call_id
        self.uri, self.has_sdp = known.uri, known.has_sdp
        self.first, self.headers, self.body = first, headers, body

    @classmethod
    def read(cls, data: bytes) -> Self | None:
        """None when it is no whole SIP message."""
        head, end, body = data.partition(b"\r\n\r\n")
        text = head.decode("utf-8", "surrogateescape")
        known = sipmsg.parse(f"{text}\r\n\r\n{body.decode('utf-8', 'replace')}") if end else None
        if known is None or not known.call_id or not known.cseq[1] or len(known.headers) > _MAX_HEADERS:
            return None
        if length := known.first("content-length"):
            if not length.isdecimal() or len(length) > 6 or int(length) > len(body):
                return None
            body = body[: int(length)]
        headers: list[tuple[str, str]] = []
        for line in text.split("\r\n")[1:]:
            name, colon, value = line.partition(":")
            if line[:1] in (" ", "\t") and headers:
                headers[-1] = (headers[-1][0], f"{headers[-1][1]} {line.strip()}")
            elif colon:
                headers.append((name.strip(), value.strip()))
        apart = [(n, v) for n, value in headers for v in (sipmsg.split_list(value) if _kind(n) in _LISTS else [value])]
        return cls(known, text.partition("\r\n")[0], apart, body)

    def write(self) -> bytes:
        """The whole message, its length counted anew."""
        lines = [self.first, *(f"{n}: {v}" for n, v in self.headers if _kind(n) != "content-length")]
        head = "\r\n".join([*lines, f"Content-Length: {len(self.body)}", "", ""])
        return head.encode("utf-8", "surrogateescape") + self.body

    def top(self, kind: str) -> str:
        """The first value of a header, or nothing. ``kind`` is its long name in lower case."""
        return next((value for name, value in self.headers if _kind(name) == kind), "")

    def change(self, kind: str, how: Callable[[str], str], *, top_only: bool = False) -> None:
        """Put another value in the place of each, or of the first."""
        for index, (name, value) in enumerate(self.headers):
            if _kind(name) == kind:
                self.headers[index] = (name, how(value))
                if top_only:
                    return

    def pop(self, kind: str) -> None:
        """Take the first away."""
        index = next((i for i, (name, _) in enumerate(self.headers) if _kind(name) == kind), None)
        if index is not None:
            del self.headers[index]

    def drop_body(self) -> None:
        """As if there had been no session description."""
        self.body = b""
        self.headers = [(n, v) for n, v in self.headers if _kind(n) != "content-type"]


def _kind(name: str) -> str:
    lower = name.lower()
    return _LONG.get(lower, lower)


def shown(place: Place) -> str:
    """``host:port`` as in a URI."""
    return f"[{place[0]}]:{place[1]}" if ":" in place[0] else f"{place[0]}:{place[1]}"


def place_in(uri: str, default_port: int = 5060) -> Place | None:
    """Where the first URI of a text leads; addresses in their shortest form."""
    match = _URI.search(uri)
    return _place(match, default_port) if match else None


def sent_by(via: str) -> Place | None:
    """Who a Via says it is."""
    match = _VIA.match(via)
    return _place(match, 5060) if match else None


def with_place(text: str, old: Place, new: Place) -> str:
    """Every URI that leads to ``old`` leads to ``new``."""

    def other(match: re.Match[str]) -> str:
        return f"{match['head']}{shown(new)}" if _place(match, 5060) == old else match[0]

    return _URI.sub(other, text)


def with_sent_by(via: str, new: Place) -> str:
    """A Via of somebody else."""
    return _VIA.sub(lambda match: f"{match['head']}{match['kind']} {shown(new)}", via, count=1)


def _place(match: re.Match[str], default_port: int) -> Place | None:
    port = int(match["port"] or default_port)
    host = match["host"].strip("[]")
    return (address_in(host) or host.casefold(), port) if 0 < port < 65536 else None
