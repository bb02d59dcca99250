"""RTP and RTCP that no sane far end sends: headers that lie, floods of sources, digits without end."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator


def rtp(
    kind: int, number: int, stamp: int, source: int, payload: bytes, *, first: int = 0x80, mark: bool = False
) -> bytes:
    """One RTP packet (RFC 3550 § 5.1); ``first`` holds version, padding, extension and CSRC count."""
    head = struct.pack(
        "!BBHII", first, kind | (0x80 if mark else 0), number & 0xFFFF, stamp & 0xFFFFFFFF, source & 0xFFFFFFFF
    )
    return head + payload


def speech(rng: random.Random, packets: int = 10) -> Iterator[bytes]:
    """Proper PCMU, to have a stream that can then be disturbed."""
    source, number = rng.getrandbits(32), rng.getrandbits(16)
    for n in range(packets):
        yield rtp(0, number + n, n * 160, source, bytes([0xFF, 0x7F]) * 80)


def garbage(rng: random.Random, packets: int = 40) -> Iterator[bytes]:
    """Malformed packets for the RTP port."""
    for _ in range(packets):
        payload = rng.randbytes(rng.choice((0, 1, 4, 160, 161, 1400, 20_000, 60_000)))
        yield rng.choice(
            (
                rng.randbytes(rng.choice((1, 2, 11, 12, 13, 40, 1500))),
                rtp(rng.randrange(128), rng.getrandbits(16), rng.getrandbits(32), rng.getrandbits(32), payload),
                rtp(0, rng.getrandbits(16), rng.getrandbits(32), 7, payload, first=rng.randrange(256)),
                rtp(0, 1, 1, 7, payload, first=0x8F),
                rtp(0, 1, 1, 7, struct.pack("!HH", 0xBEDE, rng.choice((0, 1, 0xFFFF))) + payload, first=0x90),
                rtp(0, 1, 1, 7, payload[:-1] + bytes([rng.choice((0, 1, 255))]), first=0xA0),
                rtp(101, rng.getrandbits(16), 5, 7, rng.randbytes(rng.choice((0, 1, 3, 4, 5, 400)))),
                rtp(
                    101,
                    rng.getrandbits(16),
                    rng.getrandbits(32),
                    7,
                    struct.pack("!BBH", rng.randrange(256), 0x8A, 65535),
                    mark=True,
                ),
                rtp(13, 1, 1, 7, payload[:20]),
                b"",
            )
        )


def sources(rng: random.Random, packets: int = 60) -> Iterator[bytes]:
    """Well-formed packets, each of another source, jumping in number and time."""
    for _ in range(packets):
        yield rtp(rng.choice((0, 8)), rng.getrandbits(16), rng.getrandbits(32), rng.getrandbits(32), rng.randbytes(160))


def control(rng: random.Random, packets: int = 30) -> Iterator[bytes]:
    """RTCP whose lengths, counts and types lie (RFC 3550 § 6, RFC 4585)."""
    for _ in range(packets):
        kind = rng.choice((200, 201, 202, 203, 204, 205, 206, 207, 255))
        first = rng.choice((0x80, 0x81, 0x9F, 0xA1, 0x00, 0xFF))
        length = rng.choice((0, 1, 6, 12, 255, 0xFFFF))
        body = rng.randbytes(rng.choice((0, 1, 4, 24, 28, 52, 500)))
        packet = struct.pack("!BBH", first, kind, length) + body
        yield packet * rng.choice((1, 1, 2, 20))


def stun(rng: random.Random, packets: int = 10) -> Iterator[bytes]:
    """Rubbish with STUN's magic cookie (RFC 5389), because both ports look for it."""
    for _ in range(packets):
        attribute = struct.pack(
            "!HH", rng.choice((1, 6, 8, 9, 0x20, 0x8028)), rng.choice((0, 4, 8, 0xFFFF))
        ) + rng.randbytes(8)
        yield (
            struct.pack("!HHI", rng.choice((1, 0x101, 0x111)), rng.choice((0, 12, 20, 0xFFFF)), 0x2112A442)
            + rng.randbytes(12)
            + attribute
        )
