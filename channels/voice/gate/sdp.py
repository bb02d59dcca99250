"""Session descriptions (RFC 8866) between IPv4 and IPv6: one audio stream led over other ports, all others refused."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_CONNECTION: Final = re.compile(r"c=IN IP[46] (?P<address>[0-9A-Fa-f:.]{2,45})(?:/\d+)*")
_MEDIA: Final = re.compile(r"m=(?P<kind>[a-z]+) (?P<port>\d{1,5})(?:/\d+)?(?P<rest> \S.*)")
_RTCP: Final = re.compile(r"a=rtcp:(?P<port>\d{1,5})(?: .*)?")
_ORIGIN: Final = ("user", "session", "version", "net", "family", "address")
_OURS_TO_SAY: Final = ("a=rtcp:", "a=candidate", "a=ice-", "a=remote-candidates")
"""They name addresses; without ICE the far end uses the ones we wrote."""
_MAX_LINES: Final = 400


@dataclass(frozen=True, slots=True)
class Stream:
    """Where one side wants its audio. ``address`` is empty while it holds (RFC 3264 § 8.4: the address of nobody)."""

    address: str
    rtp: int
    rtcp: int

    @property
    def ports(self) -> tuple[int, int]:
        return self.rtp, self.rtcp


def address_in(text: str) -> str:
    """An address in its shortest form; nothing for what is none."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


def stream_in(body: str) -> Stream | None:
    """The first audio stream that is not refused. Raises ValueError for a description that makes no sense."""
    lines = _lines(body)
    first = _first_audio(lines)
    if first is None:
        return None
    here = [line for line, section in _with_sections(lines) if section in (-1, first)]
    written = [line for line in here if line.startswith("c=")]
    connection = _CONNECTION.fullmatch(written[-1]) if written else None
    address = address_in(connection["address"]) if connection else ""
    rtp = int(lines[first].split(" ")[1].partition("/")[0])
    named = [int(match["port"]) for line in here if (match := _RTCP.fullmatch(line))]
    rtcp = named[-1] if named else rtp + 1
    if not address or not 0 < rtp < 65536 or not 0 < rtcp < 65536:
        raise ValueError(lines[first])
    ip = ipaddress.ip_address(address)
    return Stream("" if ip.is_unspecified or ip.is_multicast else address, rtp, rtcp)


def led_over(body: str, address: str, ports: tuple[int, int] | None, *, held: bool) -> str:
    """The same description from ``address``, its audio at ``ports`` (RTP, RTCP); None where there is no audio.

    ``held`` keeps the address of nobody. Raises ValueError for a description that makes no sense.
    """
    family, nobody = ("IP6", "::") if ":" in address else ("IP4", "0.0.0.0")  # noqa: S104  # written, not bound
    place, connection = f"IN {family} {address}", f"c=IN {family} {nobody if held else address}"
    lines = _lines(body)
    first = _first_audio(lines)
    told: list[str] = []
    last: list[str] = []
    for index, (line, section) in enumerate(_with_sections(lines)):
        if section == index:
            match = _MEDIA.fullmatch(line)
            if match is None:
                raise ValueError(line)
            ours = ports if index == first else None
            told += [*last, f"m={match['kind']} {ours[0] if ours else 0}{match['rest']}", connection]
            last = [f"a=rtcp:{ours[1]} {place}"] if ours else []
        elif line.startswith("o="):
            words = line.split(" ")
            if len(words) != len(_ORIGIN):
                raise ValueError(line)
            told.append(f"{' '.join(words[:3])} {place}")
        elif line.startswith("c="):
            told += [] if section >= 0 else [connection]
        elif not line.startswith(_OURS_TO_SAY):
            told.append(line)
    return "".join(f"{line}\r\n" for line in [*told, *last])


def _lines(body: str) -> list[str]:
    return [line.rstrip("\r ") for line in body.rstrip("\r\n").split("\n")]


def _with_sections(lines: list[str]) -> Iterator[tuple[str, int]]:
    """Each line with the index of the ``m=`` it belongs to; -1 before the first."""
    section = -1
    for index, line in enumerate(lines):
        section = index if line.startswith("m=") else section
        yield line, section


def _first_audio(lines: list[str]) -> int | None:
    if len(lines) > _MAX_LINES:
        raise ValueError("too many lines")
    media = ((index, _MEDIA.fullmatch(line)) for index, line in enumerate(lines))
    return next((index for index, m in media if m is not None and m["kind"] == "audio" and int(m["port"])), None)
