"""The trace of a call: readable, timed, bounded, and on the disk at once."""

from __future__ import annotations

import errno
import re
import resource
import time
from pathlib import Path

import pytest

from channels.voice import siptrace
from channels.voice.siptrace import Trace
from channels.voice.wire import SipText


def message(text: str, *, sent: bool = True) -> SipText:
    return SipText(call="c", at=time.monotonic(), sent=sent, transport="UDP", peer="192.0.2.9:5060", text=text)


def test_each_message_has_its_instant_direction_and_peer(tmp_path: Path) -> None:
    trace = Trace(tmp_path / "sip.txt", print)
    trace.add(message("INVITE sip:x SIP/2.0\r\nA: b\r\n\r\n"))
    trace.add(message("SIP/2.0 200 OK\r\n\r\n", sent=False))
    trace.note(time.monotonic(), "the engine died")
    written = (tmp_path / "sip.txt").read_text()
    instant = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
    assert re.fullmatch(
        rf"{instant} --> UDP 192\.0\.2\.9:5060\n    INVITE sip:x SIP/2\.0\n    A: b\n\n"
        rf"{instant} <-- UDP 192\.0\.2\.9:5060\n    SIP/2\.0 200 OK\n\n{instant} --- the engine died\n\n",
        written,
    )
    trace.close()
    trace.close()
    trace.add(message("late"))


def test_bytes_that_are_no_text_are_shown_and_harm_nothing(tmp_path: Path) -> None:
    trace = Trace(tmp_path / "sip.txt", print)
    trace.add(message("X: \udcff\x00\r\n\r\n"))
    trace.close()
    assert "    X: \\udcff\\x00\n" in (tmp_path / "sip.txt").read_text()


def test_a_far_end_cannot_forge_an_entry(tmp_path: Path) -> None:
    forged = "2026-01-01T00:00:00.000000Z --> UDP 203.0.113.1:5060"
    trace = Trace(tmp_path / "sip.txt", print)
    trace.add(
        message(f"SIP/2.0 200 OK\r\n\r\nv=0\r\n\r\n{forged}\nBYE sip:x SIP/2.0\r{forged}\u2028{forged}", sent=False)
    )
    trace.note(time.monotonic(), f"the engine died: x\n\n{forged}")
    trace.close()
    written = (tmp_path / "sip.txt").read_text("utf-8")
    assert written.count(forged) == 4
    assert len(re.findall(r"^\S", written, re.MULTILINE)) == 2
    assert not any(line.startswith(forged) for line in written.splitlines())
    assert len(written.rstrip("\n").split("\n\n")) == 2, "an empty line is always ours"


def test_a_terminal_obeys_nothing_in_the_trace(tmp_path: Path) -> None:
    trace = Trace(tmp_path / "sip.txt", print)
    trace.add(message("SIP/2.0 200 \x1b[2J\x9b31m\x07\x7f\tWärmer \u202eOK\r\n\r\n"))
    trace.close()
    written = (tmp_path / "sip.txt").read_text("utf-8")
    assert "    SIP/2.0 200 \\x1b[2J\\x9b31m\\x07\\x7f\\x09Wärmer \\u202eOK\n" in written
    assert written.replace("\n", "").isprintable()


def test_a_flood_does_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(siptrace, "_MAX_BYTES", 2000)
    trace = Trace(tmp_path / "sip.txt", print)
    for _ in range(100):
        trace.add(message("x" * 300))
    trace.close()
    assert (tmp_path / "sip.txt").stat().st_size < 3000
    assert "the trace ends here" in (tmp_path / "sip.txt").read_text()


def test_a_full_disk_ends_the_trace_is_told_once_and_disturbs_nobody(tmp_path: Path) -> None:
    (tmp_path / "sip.txt").symlink_to("/dev/full")
    told: list[OSError] = []
    trace = Trace(tmp_path / "sip.txt", told.append)
    trace.note(time.monotonic(), "the engine died")
    trace.add(message("BYE sip:x SIP/2.0\r\n\r\n"))
    trace.close()
    assert [error.errno for error in told] == [errno.ENOSPC]


def test_a_disk_that_fills_up_keeps_what_was_written_before(tmp_path: Path) -> None:
    told: list[OSError] = []
    trace = Trace(tmp_path / "sip.txt", told.append)
    trace.note(time.monotonic(), "kept")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / "sip.txt").stat().st_size, before[1]))
    try:
        trace.add(message("INVITE sip:x SIP/2.0\r\n\r\n"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (tmp_path / "sip.txt").read_text().endswith(" --- kept\n\n")
    assert len(told) == 1
