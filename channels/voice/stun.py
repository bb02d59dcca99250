"""Our public address, asked of a STUN server (RFC 5389, a binding request without credentials)."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import socket
import struct
from typing import Final

TIMEOUT_S: Final = 3.0
_REPEAT_S: Final = 0.5
_COOKIE: Final = 0x2112A442
_BINDING: Final = 0x0001
_SUCCESS: Final = 0x0101
_MAPPED: Final = 0x0001
_XOR_MAPPED: Final = 0x0020
_DEFAULT_PORT: Final = 3478


class NoStun(Exception):
    """The server gave no address; the text says why."""


async def public_address(server: str) -> str:
    """Our address as ``host[:port]`` sees it. Raises NoStun after TIMEOUT_S."""
    host, _, port = server.partition(":")
    loop = asyncio.get_running_loop()
    transaction = secrets.token_bytes(12)
    request = struct.pack("!HHI", _BINDING, 0, _COOKIE) + transaction
    try:
        async with asyncio.timeout(TIMEOUT_S):
            found = await loop.getaddrinfo(host, int(port or _DEFAULT_PORT), type=socket.SOCK_DGRAM)
            with socket.socket(found[0][0], socket.SOCK_DGRAM) as asking:
                asking.setblocking(False)
                asking.connect(found[0][4])
                return await _ask(asking, request, transaction)
    except TimeoutError as error:
        raise NoStun(f"the STUN server {server} did not answer in {TIMEOUT_S:.0f} s") from error
    except (OSError, ValueError) as error:
        raise NoStun(f"the STUN server {server}: {error}") from error


async def _ask(asking: socket.socket, request: bytes, transaction: bytes) -> str:
    loop = asyncio.get_running_loop()
    while True:
        await loop.sock_sendall(asking, request)
        try:
            async with asyncio.timeout(_REPEAT_S):
                answer = await loop.sock_recv(asking, 2048)
        except TimeoutError:
            continue
        if address := mapped_address(answer, transaction):
            return address


def mapped_address(answer: bytes, transaction: bytes) -> str:
    """The address in a binding response; empty when it is none of ours or makes no sense."""
    if len(answer) < 20 or answer[8:20] != transaction or int.from_bytes(answer[:2], "big") != _SUCCESS:
        return ""
    mask = _COOKIE.to_bytes(4, "big") + transaction
    position, plain = 20, ""
    while position + 4 <= len(answer):
        kind, length = struct.unpack("!HH", answer[position : position + 4])
        value = answer[position + 4 : position + 4 + length]
        packed = value[4:]
        if kind == _XOR_MAPPED and len(packed) in (4, 16):
            return str(ipaddress.ip_address(bytes(a ^ b for a, b in zip(packed, mask, strict=False))))
        if kind == _MAPPED and len(packed) in (4, 16):
            plain = str(ipaddress.ip_address(packed))
        position += 4 + (length + 3) // 4 * 4
    return plain
