"""Our own side: only when it works may a silent far end be blamed."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import Any

import pytest

from channels import selfcheck


async def test_the_local_address_is_the_one_that_leads_there() -> None:
    assert await selfcheck.route_to("127.0.0.1", 5060) == selfcheck.Route("127.0.0.1", "127.0.0.1")


async def test_ipv6_is_routed_where_there_is_some() -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6; enable it in the kernel")
    route = await selfcheck.route_to("[::1]", 5060)
    assert route.local_address == "::1"


async def test_our_side_works_towards_ourselves() -> None:
    works, sentence = await selfcheck.our_side_works("127.0.0.1", 5060)
    assert works
    assert "127.0.0.1" in sentence


@pytest.mark.parametrize(
    ("code", "ours"), [(socket.EAI_AGAIN, True), (socket.EAI_NONAME, False), (socket.EAI_SYSTEM, True)]
)
async def test_a_resolver_that_fails_is_ours_and_a_name_that_is_unknown_is_theirs(
    code: int, ours: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_args: object, **_more: object) -> Any:
        raise socket.gaierror(code, "said the resolver")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fail)
    route = await selfcheck.route_to("pbx.example", 5060)
    assert route.ours is ours
    assert route.problem == "DNS: pbx.example: said the resolver"
    works, _ = await selfcheck.our_side_works("pbx.example", 5060)
    assert works is not ours


async def test_a_resolver_that_never_answers_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait(*_args: object, **_more: object) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(selfcheck, "TIMEOUT_S", 0.05)
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", wait)
    route = await selfcheck.route_to("pbx.example", 5060)
    assert route.ours
    assert "no answer" in route.problem


async def test_no_route_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    route = await selfcheck.route_to("127.0.0.1", 5060)
    assert route.ours
    assert route.problem == "no route to 127.0.0.1: Network is unreachable"


async def test_a_kernel_without_ipv6_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    async def only_aaaa(*_args: object, **_more: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET6, socket.SOCK_DGRAM, 17, "", ("2001:db8::1", 5060, 0, 0))]

    def refuse(*_: object) -> None:
        raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", only_aaaa)
    monkeypatch.setattr(socket, "socket", refuse)
    route = await selfcheck.route_to("pbx.example", 5060)
    assert route.ours
    assert route.problem == "no route to 2001:db8::1: Address family not supported by protocol"


@pytest.mark.parametrize("host", ["a" * 300, "x..y", "\u0000", ""])
async def test_a_name_that_is_none_is_a_problem_and_never_an_exception(host: str) -> None:
    route = await selfcheck.route_to(host, 5060)
    assert route.problem or route.local_address
