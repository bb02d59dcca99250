"""Our public address from a STUN server, one of a few lines here."""

from __future__ import annotations

import asyncio
import struct

import pytest

from channels.voice import stun

COOKIE = 0x2112A442


def reply(request: bytes, address: bytes = bytes([203, 0, 113, 7]), kind: int = 0x0020) -> bytes:
    mask = COOKIE.to_bytes(4, "big")
    packed = bytes(a ^ b for a, b in zip(address, mask, strict=True)) if kind == 0x0020 else address
    value = b"\x00\x01\x12\x34" + packed
    return (
        struct.pack("!HHI", 0x0101, 4 + len(value), COOKIE)
        + request[8:20]
        + struct.pack("!HH", kind, len(value))
        + value
    )


class Server(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport
        self.asked = 0

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.asked += 1
        if self.asked > 1:
            self.transport.sendto(b"rubbish", addr)  # type: ignore[arg-type]
            self.transport.sendto(reply(data), addr)  # type: ignore[arg-type]


async def test_a_lost_request_is_repeated_and_rubbish_is_passed_over() -> None:
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
    try:
        port = transport.get_extra_info("sockname")[1]
        assert await stun.public_address(f"127.0.0.1:{port}") == "203.0.113.7"
        assert server.asked == 2
    finally:
        transport.close()


async def test_a_silent_server_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stun, "TIMEOUT_S", 0.2)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )
    try:
        port = transport.get_extra_info("sockname")[1]
        with pytest.raises(stun.NoStun, match="did not answer"):
            await stun.public_address(f"127.0.0.1:{port}")
    finally:
        transport.close()


def test_old_servers_answer_in_the_clear() -> None:
    request = bytes(8) + bytes(range(12))
    assert stun.mapped_address(reply(request, kind=0x0001), request[8:20]) == "203.0.113.7"


def test_the_answer_to_another_question_is_none() -> None:
    request = bytes(8) + bytes(range(12))
    assert stun.mapped_address(reply(request), bytes(12)) == ""
    assert stun.mapped_address(reply(request)[:24], request[8:20]) == ""
