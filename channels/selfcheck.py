"""Is our own side sound? Only then may a silent far end be blamed.

Checks what lies between us and the first hop: name resolution, a route, and a socket of our own that carries a packet.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass
from typing import Final

TIMEOUT_S: Final = 4.0
_OURS: Final = frozenset({socket.EAI_AGAIN, socket.EAI_SYSTEM, socket.EAI_MEMORY})
"""Resolver errors that speak of our resolver, not of the name."""


@dataclass(frozen=True, slots=True)
class Route:
    """How a host is reached. ``problem`` is empty when it can be; ``ours`` tells whose the problem is."""

    address: str = ""
    local_address: str = ""
    problem: str = ""
    ours: bool = False


async def route_to(host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC) -> Route:
    """Resolve a host and find the local address that its packets leave from; bounded by TIMEOUT_S, never raises."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(TIMEOUT_S):
            found = await loop.getaddrinfo(host.strip("[]"), port, family=family, type=socket.SOCK_DGRAM)
    except TimeoutError:
        return Route(problem=f"DNS: no answer for {host} in {TIMEOUT_S:.0f} s", ours=True)
    except socket.gaierror as error:
        return Route(problem=f"DNS: {host}: {error.strerror}", ours=error.errno in _OURS)
    except (OSError, UnicodeError) as error:
        return Route(problem=f"DNS: {host}: {error}", ours=False)
    problem = Route(problem=f"DNS: {host} has no address", ours=False)
    # pjsip takes IPv4 where there is a choice, and so do we
    for kind, _, _, _, address in sorted(found, key=lambda item: item[0] != socket.AF_INET):
        problem = _local_address(kind, address)
        if not problem.problem:
            return problem
    return problem


def _local_address(kind: int, address: tuple[object, ...]) -> Route:
    try:
        # a kernel without IPv6 refuses the socket itself
        with socket.socket(kind, socket.SOCK_DGRAM) as probe:
            probe.connect(address)
            return Route(address=str(address[0]), local_address=str(probe.getsockname()[0]))
    except OSError as error:
        return Route(problem=f"no route to {address[0]}: {error.strerror}", ours=True)


async def our_side_works(host: str, port: int) -> tuple[bool, str]:
    """Whether our resolver, our route and our sockets work towards a host that did not answer; and a sentence."""
    route = await route_to(host, port)
    if route.problem:
        return not route.ours, route.problem
    if not await _own_socket_works(route.local_address):
        return False, f"a packet from {route.local_address} to itself did not arrive"
    return True, f"our side works: {route.address} is routed from {route.local_address}"


async def _own_socket_works(local_address: str) -> bool:
    loop = asyncio.get_running_loop()
    kind = socket.AF_INET6 if ":" in local_address else socket.AF_INET
    with contextlib.suppress(OSError, TimeoutError), socket.socket(kind, socket.SOCK_DGRAM) as probe:
        probe.setblocking(False)
        probe.bind((local_address, 0))
        probe.sendto(b"siaga", probe.getsockname())
        async with asyncio.timeout(1.0):
            return await loop.sock_recv(probe, 16) == b"siaga"
    return False
