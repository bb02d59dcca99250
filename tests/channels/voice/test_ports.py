"""Slices of RTP ports: one owner each, and a rest after a crash."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from channels.voice.ports import QUARANTINE_S, NoPortsLeft, PortRange


def test_slices_are_even_inside_the_range_and_never_shared(tmp_path: Path) -> None:
    ports = PortRange(62001, 62100, tmp_path)
    taken = [ports.take() for _ in range(4)]
    assert sorted(s.first for s in taken) == [62002, 62022, 62042, 62062]
    assert {s.count for s in taken} == {20}
    with pytest.raises(NoPortsLeft, match="rtp_ports"):
        ports.take()
    for each in taken:
        each.release(clean=True)


def test_another_process_does_not_get_what_is_in_use(tmp_path: Path) -> None:
    held = PortRange(62000, 62039, tmp_path).take()
    other = PortRange(62000, 62039, tmp_path).take()
    assert held.first != other.first
    held.release(clean=True)
    other.release(clean=True)


def test_a_slice_given_back_in_order_can_be_taken_again(tmp_path: Path) -> None:
    ports = PortRange(62000, 62019, tmp_path)
    for _ in range(3):
        taken = ports.take()
        taken.release(clean=True)
        taken.release(clean=True)


def test_a_slice_rests_ten_minutes_after_a_crash(tmp_path: Path) -> None:
    ports = PortRange(62000, 62019, tmp_path)
    ports.take().release(clean=False)
    with pytest.raises(NoPortsLeft):
        ports.take()
    [file] = tmp_path.iterdir()
    long_ago = time.time() - QUARANTINE_S - 1
    os.utime(file, (long_ago, long_ago))
    ports.take().release(clean=True)


def test_a_slice_whose_owner_vanished_rests_too(tmp_path: Path) -> None:
    ports = PortRange(62000, 62019, tmp_path)
    # the kernel lets go of the lock; nobody marked the slice clean
    os.close(ports.take().lock_fd)
    with pytest.raises(NoPortsLeft):
        ports.take()


def test_a_port_that_another_program_holds_spoils_its_slice(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with pytest.raises(NoPortsLeft):
            PortRange(port // 2 * 2, port // 2 * 2 + 3, tmp_path).take()


@pytest.mark.parametrize(("first", "last"), [(80, 200), (65530, 65536), (62001, 62002), (62000, 61000)])
def test_a_range_that_cannot_hold_a_call_is_refused(first: int, last: int) -> None:
    with pytest.raises(ValueError, match="rtp_ports"):
        PortRange(first, last)


def test_ports_are_not_shared_through_a_folder_others_may_write_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(NoPortsLeft, match="others may write"):
        PortRange(62000, 62039, tmp_path).take()
