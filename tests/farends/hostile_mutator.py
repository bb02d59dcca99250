"""Spoils messages with a seed: bytes, lines, headers, numbers, SDP. The same seed spoils in the same way.

Loopback addresses inside a message stay whole, so that whoever believes it still sends nothing beyond this machine.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Final

NUMBERS: Final = (
    "0", "-1", "1", "65535", "65536", "70000", "2147483647", "2147483648", "-2147483648", "4294967295", "4294967296",
    "99999999999999999999", "0x10", "1e400", "00000000000000000000001", "", "NaN",
    "\u0663".encode().decode("latin-1"), "+7",
)  # fmt: skip
RUBBISH: Final = (
    "\x00", "\xff\xfe", "\xc3\x28", "\xed\xa0\x80", "%00", "%n%s%n", "\r", "\n", "\r\n", "\r\n\r\n", "\t", '"', "<",
    ">", ";", ",", "@", ":", "\\", "[", "]", "{{", "()", "=", "A" * 300, "A" * 5000, "sip:", "\x1b[2J", "--end msg--",
    "\u202e".encode().decode("latin-1"),
)  # fmt: skip
HEADERS: Final = (
    "Require: 100rel\r\nRSeq: {n}", "RSeq: {n}", "Session-Expires: {n};refresher={r}", "Min-SE: {n}",
    "Min-Expires: {n}", "Retry-After: {n} ({r});duration={n}", "Contact: *",
    "Contact: <sip:{r}@127.0.0.1:9>;expires={n}", "Expires: {n}", "Record-Route: <sip:127.0.0.1:9;lr>",
    "Record-Route: {r}", "Route: <sip:127.0.0.1:9;{r}>", "Via: {r}", "Via: SIP/2.0/UDP 127.0.0.1:{n};branch={r}",
    "Content-Type: {r}", "Content-Type: multipart/mixed;boundary={r}", "Content-Length: {n}", "Allow: {r}",
    "Supported: {r}", "Require: {r}", "Replaces: {r};to-tag={n};from-tag=", "Reason: {r}",
    'Reason: Q.850;cause={n};text="{r}', "Refer-To: <{r}>", "Refer-To: <sip:127.0.0.1:9?Replaces=%00{r}>",
    "Event: {r};id={n}", "Subscription-State: {r};expires={n}", 'P-Asserted-Identity: "{r}" <sip:{r}@127.0.0.1>',
    "Remote-Party-ID: {r}", 'WWW-Authenticate: Digest realm="{r}", nonce="{r}", algorithm={r}, qop="{r}"',
    "Proxy-Authenticate: Digest {r}", "Authentication-Info: {r}", 'Warning: {n} {r} "{r}', "{r}: {r}", "{r}", ":{r}",
    " {r}", "t: {r}", "f: {r}", "i: {r}", "CSeq: {n} {r}",
)  # fmt: skip
_KEPT: Final = re.compile(rb"127\.0\.0\.\d+|IP4 |\[?::1\]?")
_VITAL: Final = (b"via", b"v:", b"call-id", b"i:", b"cseq", b"from", b"f:", b"to:", b"t:", b"sip/", b"content-l")

DATAGRAM_BYTES: Final = 65_000

Mutation = Callable[[bytes, random.Random], bytes]


def dice(seed: str | float) -> random.Random:
    """Chance that repeats itself: the same seed must do the same again."""
    return random.Random(seed)  # noqa: S311  # no secret


def fill(template: str, rng: random.Random) -> str:
    """A header of the table with its holes filled."""
    while "{n}" in template:
        template = template.replace("{n}", rng.choice(NUMBERS), 1)
    while "{r}" in template:
        template = template.replace("{r}", rng.choice((*RUBBISH, "x", "uac", "")).replace("{", ""), 1)
    return template


def flip(data: bytes, rng: random.Random) -> bytes:
    """Change some bytes, but none of a kept address."""
    kept = {i for match in _KEPT.finditer(data) for i in range(*match.span())}
    spoilt = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 30))):
        place = rng.randrange(len(spoilt))
        if place not in kept:
            spoilt[place] = rng.choice((rng.randrange(256), spoilt[place] ^ (1 << rng.randrange(8)), 0, 255))
    return bytes(spoilt)


def truncate(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(1, len(data))]


def insert(data: bytes, rng: random.Random) -> bytes:
    kept = [match.span() for match in _KEPT.finditer(data)]
    place = rng.randrange(len(data))
    if any(start < place < end for start, end in kept):
        return data
    return data[:place] + rng.choice(RUBBISH).encode("latin-1") + data[place:]


def _lines(data: bytes) -> list[bytes]:
    return data.split(b"\r\n")


def _place(lines: list[bytes], rng: random.Random) -> int:
    """A line; three times in four one without which the message is still recognised."""
    places = range(len(lines))
    mild = [i for i in places if not lines[i].lower().startswith(_VITAL)]
    return rng.choice(mild) if mild and rng.random() < 0.75 else rng.choice(places)


def drop_line(data: bytes, rng: random.Random) -> bytes:
    lines = _lines(data)
    del lines[_place(lines, rng)]
    return b"\r\n".join(lines) or b"\r\n"


def double_line(data: bytes, rng: random.Random) -> bytes:
    lines = _lines(data)
    place = _place(lines, rng)
    return b"\r\n".join(lines[:place] + [lines[place]] * rng.choice((2, 2, 30)) + lines[place + 1 :])


def swap_lines(data: bytes, rng: random.Random) -> bytes:
    lines = _lines(data)
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\r\n".join(lines)


def swell_line(data: bytes, rng: random.Random) -> bytes:
    lines = _lines(data)
    lines[_place(lines, rng)] += rng.choice((b"A", b";x=y", b",<sip:127.0.0.1>", b"\xff", b" ")) * rng.choice(
        (50, 700, 9000)
    )
    return b"\r\n".join(lines)


def fold_line(data: bytes, rng: random.Random) -> bytes:
    lines = _lines(data)
    place = _place(lines, rng)
    lines[place] = lines[place].replace(b" ", b"\r\n" + rng.choice((b" ", b"\t", b" \r\n ")))
    return b"\r\n".join(lines)


def add_header(data: bytes, rng: random.Random) -> bytes:
    lines = _lines(data)
    end = lines.index(b"") if b"" in lines else len(lines)
    for _ in range(rng.choice((1, 1, 3))):
        lines.insert(rng.randint(1, max(1, end)), fill(rng.choice(HEADERS), rng).encode("latin-1"))
    return b"\r\n".join(lines)


def renumber(data: bytes, rng: random.Random) -> bytes:
    """Replace a number, but none of a kept address, by one at the edge of some range."""
    kept = [match.span() for match in _KEPT.finditer(data)]
    found = [m.span() for m in re.finditer(rb"\d+", data)]
    found = [(a, b) for a, b in found if not any(start <= a < end for start, end in kept)]
    if not found:
        return data
    start, end = rng.choice(found)
    return data[:start] + rng.choice(NUMBERS).encode("latin-1") + data[end:]


def other_eol(data: bytes, rng: random.Random) -> bytes:
    return data.replace(b"\r\n", rng.choice((b"\n", b"\r", b"\n\r", b"\r\r\n")))


def empty_value(data: bytes, rng: random.Random) -> bytes:
    lines = _lines(data)
    place = _place(lines, rng)
    lines[place] = lines[place].partition(b":")[0] + rng.choice((b":", b"", b": ", b":,", b":;"))
    return b"\r\n".join(lines)


MUTATIONS: Final[tuple[Mutation, ...]] = (
    flip, flip, truncate, insert, insert, drop_line, double_line, swap_lines, swell_line, fold_line, add_header,
    add_header, renumber, renumber, other_eol, empty_value,
)  # fmt: skip


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Spoil a message one to four times."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        if len(data) > 1:
            data = rng.choice(MUTATIONS)(data, rng)[:DATAGRAM_BYTES]
    return data or b"\x00"


SDP_LINES: Final = (
    "m=audio {n} RTP/AVP 0", "m=audio 4000 RTP/AVP {n}", "m=audio 4000/{n} RTP/AVP 0 8", "m=audio 4000 RTP/SAVP 0",
    "m=audio 4000 {r} 0", "m=audio 4000 RTP/AVP", "m=video 4002 RTP/AVP 31",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "m=", "m=image 4004 udptl t38", "c=IN IP6 ::1",
    "c=IN IP4 0.0.0.0", "c=IN IP4 127.0.0.1/127/{n}", "c=IN {r} 127.0.0.1", "c=", "c=IN IP4", "o=",
    "o=- {n} {n} IN IP4 127.0.0.1", "a=rtpmap:{n} PCMU/8000", "a=rtpmap:0 PCMU/{n}", "a=rtpmap:0 {r}/8000",
    "a=rtpmap:101 telephone-event/{n}", "a=rtpmap:", "a=rtpmap:0", "a=rtpmap:0 PCMA/8000",
    "a=rtpmap:0 telephone-event/8000", "a=fmtp:{n} {r}", "a=fmtp:101 {n}-{n}", "a=fmtp:", "a=ptime:{n}",
    "a=maxptime:{n}", "a=rtcp:{n}", "a=rtcp:{n} IN IP4 127.0.0.1", "a=rtcp:", "a=rtcp-mux", "a=ssrc:{n} cname:{r}",
    "a=candidate:{r}", "a=ice-ufrag:{r}", "a=ice-pwd:{r}", "a=ice-lite", "a=fingerprint:sha-256 {r}", "a=setup:{r}",
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{r}",
    "a=crypto:{n} {r} inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^{n}|{n}:{n}", "a=crypto:",
    "a=crypto:1 AES_256_CM_HMAC_SHA1_80 inline:" + "A" * 4000, "a=inactive", "a=sendonly", "a=recvonly", "a=sendrecv",
    "a={r}", "a=", "t={n} {n}", "t=", "b=AS:{n}", "b=TIAS:{n}", "b=", "v={n}", "s=", "{r}", "i={r}", "u={r}", "k={r}",
    "z={r}", "r=", "a=rtcp-fb:* nack {r}", "a=rtcp-fb:{n} ccm fir", "a=extmap:{n} {r}", "a=mid:{r}",
    "a=group:BUNDLE {r}",
)  # fmt: skip


def _sdp_many(lines: list[str], rng: random.Random) -> list[str]:
    count = rng.choice((20, 70, 300, 10_000))
    return (
        lines
        + [
            fill(
                rng.choice(
                    ("a=x:{n}", "a=", "m=audio 4000 RTP/AVP 0", "a=rtpmap:96 x/1", "b=AS:1", "c=IN IP4 127.0.0.1")
                ),
                rng,
            )
        ]
        * count
    )


def _sdp_no_audio(lines: list[str], rng: random.Random) -> list[str]:
    return [
        line
        for line in lines
        if line[:2] not in rng.choice((("c=",), ("m=",), ("m=", "a="), ("o=",), ("t=",), ("v=",), ("s=",), ("a=",)))
    ]


def mutate_sdp(sdp: str, rng: random.Random) -> str:
    """Spoil a session description one to five times."""
    lines = sdp.split("\r\n")[:-1]
    for _ in range(rng.choice((1, 1, 2, 5))):
        kind = rng.random()
        place = rng.randrange(len(lines)) if lines else 0
        if kind < 0.35:
            lines.insert(place, fill(rng.choice(SDP_LINES), rng))
        elif kind < 0.75 and lines:
            wanted = fill(rng.choice(SDP_LINES), rng)
            same = [i for i, line in enumerate(lines) if line[:2] == wanted[:2]]
            lines[rng.choice(same) if same else place] = wanted
        elif kind < 0.85:
            lines = _sdp_no_audio(lines, rng)
        elif kind < 0.9:
            lines = _sdp_many(lines, rng)
        elif kind < 0.95:
            rng.shuffle(lines)
        else:
            spoilt = mutate("\r\n".join(lines).encode("latin-1", "replace") or b"v", rng)
            lines = spoilt.decode("latin-1").split("\r\n")
    return "\r\n".join(lines) + rng.choice(("\r\n", "", "\n"))
