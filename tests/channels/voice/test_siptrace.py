"""The trace of a call: readable, timed, bounded, and on the disk at once."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from channels.voice import siptrace
from channels.voice.siptrace import Trace
from channels.voice.wire import SipText


def message(text: str, *, sent: bool = True) -> SipText:
    return SipText(call="c", at=time.monotonic(), sent=sent, transport="UDP", peer="192.0.2.9:5060", text=text)


def test_each_message_has_its_instant_direction_and_peer(tmp_path: Path) -> None:
    trace = Trace(tmp_path / "sip.txt")
    trace.add(message("INVITE sip:x SIP/2.0\r\nA: b\r\n\r\n"))
    trace.add(message("SIP/2.0 200 OK\r\n\r\n", sent=False))
    trace.note(time.monotonic(), "the engine died")
    written = (tmp_path / "sip.txt").read_text()
    instant = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
    assert re.fullmatch(
        rf"{instant} --> UDP 192\.0\.2\.9:5060\nINVITE sip:x SIP/2\.0\nA: b\n\n"
        rf"{instant} <-- UDP 192\.0\.2\.9:5060\nSIP/2\.0 200 OK\n\n{instant} --- the engine died\n\n",
        written,
    )
    trace.close()
    trace.close()
    trace.add(message("late"))


def test_bytes_that_are_no_text_are_shown_and_harm_nothing(tmp_path: Path) -> None:
    trace = Trace(tmp_path / "sip.txt")
    trace.add(message("X: \udcff\x00\r\n\r\n"))
    trace.close()
    assert "X: \\udcff" in (tmp_path / "sip.txt").read_text()


def test_a_flood_does_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(siptrace, "_MAX_BYTES", 2000)
    trace = Trace(tmp_path / "sip.txt")
    for _ in range(100):
        trace.add(message("x" * 300))
    trace.close()
    assert (tmp_path / "sip.txt").stat().st_size < 3000
    assert "the trace ends here" in (tmp_path / "sip.txt").read_text()
