"""``sip.txt`` as a ladder: who sent what when, with numbers masked, names left out, and nothing that nobody needs.

Everything in it came from the far end or passed through it: it is shown, never trusted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from probe.words import printable
from reports.masking import DOTS, masked

MOST_MESSAGES: Final = 200
"""A far end that floods us must not make the page heavy."""
LONGEST_LINE: Final = 160
_HEAD: Final = re.compile(
    r"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z) (?P<way>-->|<--) (?P<transport>\S+) (?P<peer>\S+)$"
)
_ADDRESS: Final = re.compile(r"<?(?P<uri>(?:sips?|tel):[^>\s]*)", re.IGNORECASE)
_USER: Final = re.compile(r"(?P<scheme>(?:sips?|tel):)(?P<user>[^@;>\s\"]+)", re.IGNORECASE)
_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_HOST: Final = rf"(?<![\d.+]){_OCTET}(?:\.{_OCTET}){{3}}(?!\.?\d)(?::\d{{1,5}}(?!\d))?"
_NUMBER: Final = re.compile(rf"(?P<host>{_HOST})|(?P<number>\+?\d(?:[\s().-]{{0,2}}\d){{5,}})")
_ADDRESSES: Final = ("From", "To", "Contact", "P-Asserted-Identity", "Diversion", "Refer-To")
_KEPT: Final = (
    "CSeq", "Call-ID", "Reason", "Warning", "Retry-After", "Session-Expires", "Require", "Server", "User-Agent",
)  # fmt: skip
_SHORT: Final = {"f": "From", "t": "To", "m": "Contact", "i": "Call-ID", "r": "Refer-To"}
_SDP: Final = re.compile(r"(?:m=|c=|a=(?:rtpmap|fmtp|sendrecv|sendonly|recvonly|inactive|crypto|ptime)\b)")
_KEYS: Final = re.compile(r"(inline:)\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One SIP message. ``title`` is its method or status, ``lines`` what else of it is shown."""

    at: datetime
    sent: bool
    peer: str
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The messages in order; ``left_out`` so many more there were. ``began``: t0, where the trace says it."""

    messages: tuple[Message, ...] = ()
    left_out: int = 0
    began: datetime | None = None


def read(text: str) -> Ladder:
    """What a trace says; what is no message of it is left out."""
    found = list(_messages(text))
    began = next((one.at for one in found if one.sent and one.title.startswith("INVITE ")), None)
    return Ladder(messages=tuple(found[:MOST_MESSAGES]), left_out=max(0, len(found) - MOST_MESSAGES), began=began)


def _messages(text: str) -> Iterator[Message]:
    head: re.Match[str] | None = None
    body: list[str] = []
    for line in [*text.split("\n"), "end"]:
        if line.startswith("    "):
            body.append(line[4:])
        elif line:  # only headings of ours begin in column 0
            if head is not None and body:
                yield _message(head, body)
            head, body = _HEAD.match(line), []


def _message(head: re.Match[str], body: list[str]) -> Message:
    return Message(
        at=datetime.fromisoformat(head["at"]).astimezone(UTC),
        sent=head["way"] == "-->",
        peer=_shown(head["peer"]),
        title=_title(body[0]),
        lines=tuple(_shown(line) for line in _chosen(body[1:])),
    )


def _title(line: str) -> str:
    """``INVITE sip:15••••@host`` or ``486 Busy Here``."""
    return _shown(hidden(re.sub(r"^SIP/2\.0 |\s+SIP/2\.0\s*$", "", line)))


def _chosen(body: list[str]) -> Iterator[str]:
    in_sdp = False
    for line in body:
        if not line.strip():
            in_sdp = True
        elif in_sdp:
            if _SDP.match(line):
                yield _KEYS.sub(rf"\1{DOTS}", line)
        else:
            name, colon, value = line.partition(":")
            name = _SHORT.get(name.strip().lower(), name.strip())
            known = next((k for k in (*_ADDRESSES, *_KEPT) if k.lower() == name.lower()), None)
            if colon and known in _ADDRESSES:
                yield f"{known}: {_address(value)}"
            elif colon and known is not None:
                yield f"{known}: {value.strip() if known in ('CSeq', 'Call-ID') else hidden(value.strip())}"


def _address(value: str) -> str:
    """The address alone: a display name is somebody's name."""
    match = _ADDRESS.search(value)
    return hidden(match["uri"]) if match else DOTS


def hidden(text: str) -> str:
    """Users of addresses and anything like a telephone number with their middle hidden."""
    known = _USER.sub(lambda m: f"{m['scheme']}{masked(m['user'])}", text)
    return _NUMBER.sub(lambda m: m["host"] or masked(re.sub(r"[\s().-]", "", m["number"])), known)


def _shown(text: str) -> str:
    plain = printable(text)
    return plain if len(plain) <= LONGEST_LINE else f"{plain[:LONGEST_LINE]}…"
