"""What the tests of the gate share."""

from __future__ import annotations

import socket

import pytest


@pytest.fixture(scope="session", autouse=True)
def ipv6_here() -> None:
    """Skips where there is no ::1."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6; enable it in the kernel")
