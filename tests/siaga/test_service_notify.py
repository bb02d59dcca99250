"""What systemd is told, in its own words (sd_notify(3))."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from siaga.service_notify import MAX_STATUS, Notifier, watchdog_s
from tests.siaga.notify_socket import NotifySocket


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NotifySocket]:
    listening = NotifySocket(tmp_path)
    monkeypatch.setenv("NOTIFY_SOCKET", str(listening.path))
    yield listening
    listening.close()


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the library keeps its socket until the process ends
def test_systemd_hears_of_start_reload_and_stop_in_its_own_words(systemd: NotifySocket) -> None:
    notifier = Notifier()
    notifier.ready("3 probe")
    notifier.reloading()
    notifier.well()
    notifier.stopping("berhenti")
    told = systemd.heard()
    assert told[:3] == ["READY=1", "STATUS=3 probe", "RELOADING=1"]
    told_us = int(told[3].removeprefix("MONOTONIC_USEC="))
    assert 0 <= time.monotonic_ns() // 1000 - told_us < 60_000_000
    assert told[4:] == ["WATCHDOG=1", "STOPPING=1", "STATUS=berhenti"]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_status_is_one_short_line_of_utf_8(systemd: NotifySocket) -> None:
    Notifier().status("salah → “x”\nbaris\tdua " + "z" * 1000)
    [told] = systemd.heard()
    assert told.startswith("STATUS=salah → “x” baris dua zzz")
    assert len(told) == len("STATUS=") + MAX_STATUS


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_systemd_that_does_not_listen_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(tmp_path / "deaf"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "deaf"))
        notifier = Notifier()
        for _ in range(int(Path("/proc/sys/net/unix/max_dgram_qlen").read_text("ascii")) + 3):
            notifier.status("x")


def test_without_systemd_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notifier = Notifier()
    notifier.ready("")
    notifier.well()


def test_being_well_leaves_a_fresh_file_for_who_watches_without_systemd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"{tmp_path}:/elsewhere")
    notifier, file = Notifier(), tmp_path / "well"
    notifier.well()
    os.utime(file, (0, 0))
    notifier.well()
    assert file.stat().st_mtime > time.time() - 60


@pytest.mark.parametrize(
    ("usec", "pid", "seconds"),
    [
        ("60000000", None, 60.0),
        ("60000000", "own", 60.0),
        ("60000000", "1", None),
        ("0", None, None),
        ("", None, None),
        ("x", None, None),
    ],
)
def test_the_watchdog_is_fed_only_where_it_is_ours(
    monkeypatch: pytest.MonkeyPatch, usec: str, pid: str | None, seconds: float | None
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    if pid is None:
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
    else:
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()) if pid == "own" else pid)
    assert watchdog_s() == seconds
