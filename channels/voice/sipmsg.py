"""Reading raw SIP messages: just enough for dialogs, traces and codes; nothing a far end writes can raise here."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Final

_SHORT_FORMS: Final = {
    "i": "call-id",
    "f": "from",
    "t": "to",
    "v": "via",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
    "k": "supported",
}
_STATUS: Final = re.compile(r"SIP/2\.0 (?P<code>[1-6]\d\d)(?: (?P<phrase>.*))?$")
_REQUEST: Final = re.compile(r"(?P<method>[A-Za-z0-9.!%*_+`'~-]{1,40}) (?P<uri>\S+) SIP/2\.0$")
_CREDENTIALS: Final = re.compile(r"(?im)^((?:proxy-)?authorization[ \t]*:[ \t]*)(\w+)?.*(?:\r?\n[ \t].*)*")
_SRTP_KEY: Final = re.compile(r"(?i)(inline:)[^\s|;]+")
_CALL_ID: Final = re.compile(r"(?im)^(?:call-id|i)[ \t]*:[ \t]*(\S+)")
_REGISTRATION: Final = re.compile(r"(?im)^cseq[ \t]*:[ \t]*\d+[ \t]+REGISTER[ \t]*\r?$")
_TAG: Final = re.compile(r";\s*tag\s*=\s*([^;,\s>]+)", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"<([^<>]*)>")


@dataclass(frozen=True, slots=True)
class SipMessage:
    """A message cut into parts. ``code`` is 0 for a request, ``method`` is that of the CSeq for an answer."""

    code: int
    phrase: str
    method: str
    uri: str
    headers: tuple[tuple[str, str], ...]
    body: str = field(repr=False)

    def first(self, name: str) -> str:
        """The first header of that (lower-case, long) name, or nothing."""
        return next((value for key, value in self.headers if key == name), "")

    def every(self, name: str) -> list[str]:
        """All values of a header, comma lists of addresses split."""
        return [part for key, value in self.headers if key == name for part in split_list(value)]

    @property
    def call_id(self) -> str:
        return self.first("call-id")

    @property
    def cseq(self) -> tuple[int, str]:
        """Number and method; (0, "") when it makes no sense."""
        number, _, method = self.first("cseq").partition(" ")
        return (int(number), method.strip()) if number.isdecimal() and len(number) <= 10 else (0, "")

    @property
    def has_sdp(self) -> bool:
        return "application/sdp" in self.first("content-type").lower() and bool(self.body.strip())


def parse(text: str) -> SipMessage | None:
    """The parts of a raw message; None when its first line is no SIP."""
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    lines = head.split("\n")
    headers = tuple(_headers(lines[1:]))
    if status := _STATUS.match(lines[0]):
        message = SipMessage(int(status["code"]), status["phrase"] or "", "", "", headers, body)
        return SipMessage(message.code, message.phrase, message.cseq[1], "", headers, body)
    if request := _REQUEST.match(lines[0]):
        return SipMessage(0, "", request["method"].upper(), request["uri"], headers, body)
    return None


def _headers(lines: list[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (" ", "\t") and found:
            name, value = found[-1]
            found[-1] = (name, f"{value} {line.strip()}")
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            found.append((_SHORT_FORMS.get(name, name), value.strip()))
    return found


def split_list(value: str) -> list[str]:
    """Cut at commas outside of quotes and angle brackets."""
    parts, depth, quoted, start = [], 0, False, 0
    for index, char in enumerate(value):
        if char == '"' and value[index - 1 : index] != "\\":
            quoted = not quoted
        elif not quoted and char in "<>":
            depth += 1 if char == "<" else -1
        elif char == "," and not quoted and depth <= 0:
            parts.append(value[start:index].strip())
            start = index + 1
    parts.append(value[start:].strip())
    return [part for part in parts if part]


def tag_of(value: str) -> str:
    """The tag parameter of a From or To header."""
    match = _TAG.search(value.rpartition(">")[2] or value)
    return match[1] if match else ""


def address_of(value: str) -> str:
    """The URI inside a name-addr."""
    match = _ADDRESS.search(value)
    return match[1].strip() if match else value.split(";", maxsplit=1)[0].strip()


def call_id_in(text: str) -> str:
    """The Call-ID, without parsing the rest."""
    match = _CALL_ID.search(text)
    return match[1] if match else ""


def is_registration(text: str) -> bool:
    """Whether it is a REGISTER or an answer to one, without parsing the rest."""
    return _REGISTRATION.search(text) is not None


def first_address(value: str) -> str:
    """The URI of the first entry of a list of addresses; empty when there is none."""
    return address_of(next(iter(split_list(value)), ""))


def redact(text: str) -> str:
    """The message without credentials and SRTP keys: what may be kept as evidence."""
    return _SRTP_KEY.sub(r"\1[redacted]", _CREDENTIALS.sub(r"\1\2 [redacted]", text))


def is_private(host: str) -> bool:
    """Whether an address literal is of RFC 1918, CGNAT, link-local or ULA range (loopback too)."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return not address.is_global
