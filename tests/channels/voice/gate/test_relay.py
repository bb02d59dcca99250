"""RTP through the gate: from whom it is taken and where it goes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from channels.voice.gate.port import Port
from channels.voice.gate.relay import Relay
from channels.voice.gate.sdp import stream_in


@contextmanager
def udp(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind((address, 0))
        made.setblocking(False)
        yield made


def sdp(place: socket.socket, address: str = "") -> str:
    host, port = address or place.getsockname()[0], place.getsockname()[1]
    where = f"IN IP{6 if ':' in host else 4} {host}"
    return f"v=0\r\no=- 1 1 {where}\r\ns=-\r\nc={where}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"


async def came(to: socket.socket) -> bytes:
    async with asyncio.timeout(2.0):
        return await asyncio.get_running_loop().sock_recv(to, 2048)


async def everything_read() -> None:
    """Whatever was sent on loopback before has been read by whoever listens on this loop."""
    read = asyncio.Event()
    last = Port("127.0.0.1", 0, lambda *_: read.set())
    with udp("127.0.0.1") as sender:
        sender.sendto(b"last", last.place)
    await read.wait()
    last.close()


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    made = Relay("::1")
    yield made
    made.close()


async def test_audio_goes_both_ways_and_only_between_the_two(relay: Relay) -> None:
    with udp("127.0.0.1") as engine, udp("::1") as far, udp("::1") as late, udp("127.0.0.1") as neighbour:
        outside = stream_in(relay.outward(sdp(engine)))
        inside = stream_in(relay.inward(sdp(far)))
        assert outside is not None
        assert inside is not None
        neighbour.sendto(b"not the engine", (inside.address, inside.rtp))
        engine.sendto(b"hello", (inside.address, inside.rtp))
        assert await came(far) == b"hello"
        late.sendto(b"symmetric", (outside.address, outside.rtp))
        assert await came(engine) == b"symmetric"
        engine.sendto(b"back", (inside.address, inside.rtp))
        assert await came(late) == b"back"
        with udp("::1") as stranger:
            stranger.sendto(b"second port", (outside.address, outside.rtp))
        far.sendto(b"where it said", (outside.address, outside.rtp))
        assert await came(engine) == b"where it said"


async def test_an_address_that_was_not_negotiated_is_not_heard(relay: Relay) -> None:
    with udp("127.0.0.1") as engine, udp("::1") as far:
        outside = stream_in(relay.outward(sdp(engine)))
        relay.inward(sdp(far, "2001:db8::5"))
        assert outside is not None
        far.sendto(b"stranger", (outside.address, outside.rtp))
        await everything_read()
        relay.inward(sdp(far))
        far.sendto(b"known", (outside.address, outside.rtp))
        assert await came(engine) == b"known"


async def test_media_that_move_are_seen_and_the_old_way_stays_open_for_a_refused_offer(relay: Relay) -> None:
    with udp("127.0.0.1") as engine, udp("::1") as first, udp("::1") as second:
        relay.outward(sdp(engine))
        before, again, after = (stream_in(relay.inward(sdp(far))) for far in (first, first, second))
        assert before is not None
        assert after is not None
        assert before == again != after
        engine.sendto(b"old", (before.address, before.rtp))
        engine.sendto(b"new", (after.address, after.rtp))
        assert (await came(first), await came(second)) == (b"old", b"new")


async def test_hold_and_resume_keep_the_ports(relay: Relay) -> None:
    with udp("127.0.0.1") as engine, udp("::1") as far:
        relay.outward(sdp(engine))
        before = stream_in(relay.inward(sdp(far)))
        held = relay.inward(sdp(far, "::"))
        assert "c=IN IP4 0.0.0.0" in held
        assert stream_in(relay.inward(sdp(far))) == before
