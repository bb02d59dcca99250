"""A trunk, ready to use: the settings with the password resolved, and its rewriting of numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from channels.voice.wire import Srtp, Transport

_E164: Final = re.compile(r"\+[1-9]\d{6,14}")
_NUMBER_IN_URI: Final = re.compile(r"sips?:(?P<user>[^@;?]+)@", re.IGNORECASE)
_ONE_DIGIT: Final = ("1", "7")
_TWO_DIGITS: Final = frozenset(
    ["20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98"]
)
"""Country codes of one and two digits (ITU-T E.164 assigned codes); all others have three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """One way to the telephone network. ``dial`` rewrites E.164: ``{e164}``, ``{country}``, ``{national}``."""

    name: str
    registrar: str = ""
    proxy: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    transport: Transport = "udp"
    srtp: Srtp = "off"
    register: bool = False
    from_: str = ""
    channels: int = 1
    dial: str = "{e164}"
    public_address: str = ""
    rtp_ports: tuple[int, int] | None = None
    self_check: str = ""
    tls_ca: str = ""

    @property
    def host(self) -> str:
        """Where its calls are addressed to: ``host`` or ``host:port``."""
        return host_of(self.registrar or self.proxy)


def host_of(address: str) -> str:
    """``host[:port]`` of ``sip:host:port;transport=tls`` or of a bare host."""
    rest = re.sub(r"^sips?:", "", address.strip(), flags=re.IGNORECASE)
    return rest.partition("@")[2].split(";")[0] if "@" in rest else rest.split(";", maxsplit=1)[0]


def is_e164(number: str) -> bool:
    """``+`` and 7 to 15 digits."""
    return _E164.fullmatch(number) is not None


def country_of(number: str) -> str:
    """The country code of an E.164 number."""
    digits = number.removeprefix("+")
    if digits[:1] in _ONE_DIGIT:
        return digits[:1]
    return digits[:2] if digits[:2] in _TWO_DIGITS else digits[:3]


def rewrite(number: str, dial: str) -> str:
    """What to dial for an E.164 number; anything else (an extension) is dialled as it stands."""
    if not is_e164(number):
        return number
    country = country_of(number)
    return (
        dial.replace("{e164}", number)
        .replace("{country}", country)
        .replace("{national}", number.removeprefix("+").removeprefix(country))
    )


def request_uri(to: str, trunk: Trunk) -> str:
    """The SIP URI to dial through a trunk for a number, an extension or a whole URI.

    A number inside a URI's user part is rewritten too; its host is kept.
    """
    if match := _NUMBER_IN_URI.match(to):
        return to[: match.start("user")] + rewrite(match["user"], trunk.dial) + to[match.end("user") :]
    return f"sip:{rewrite(to, trunk.dial)}@{trunk.host}"
