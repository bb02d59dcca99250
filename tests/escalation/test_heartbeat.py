"""Somebody elsewhere hears from siaga while it is well, and its silence when it is not."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from structlog.testing import capture_logs

from escalation.heartbeat import Heartbeat, Pulse
from probe.setting import Secret
from tests.escalation.receiver import Receiver


async def test_it_beats_while_the_service_is_well(receiver: Receiver) -> None:
    heartbeat = Heartbeat(lambda: Pulse(url=receiver.url, every_s=0.01), lambda: True)
    keeping = asyncio.ensure_future(heartbeat.keep())
    came = await receiver.until(3)
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping
    assert came[0].line == "GET /hook/s3cret HTTP/1.1"


async def test_it_is_silent_while_the_service_is_ill_or_nobody_listens(receiver: Receiver) -> None:
    assert not await Heartbeat(lambda: Pulse(url=receiver.url, every_s=1), lambda: False).beat()
    assert not await Heartbeat(lambda: Pulse(url=None, every_s=1), lambda: True).beat()
    assert receiver.came == []


async def test_a_name_and_a_password_behind_a_reference_are_sent_and_never_told(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    address = receiver.url.replace("://", "://siaga:hunter2@")
    monkeypatch.setenv("BEAT", address)
    heartbeat = Heartbeat(lambda: Pulse(url=Secret(env="BEAT"), every_s=1), lambda: True)
    receiver.answers = ["200 OK", "401 Unauthorized"]
    with capture_logs() as logs:
        assert [await heartbeat.beat(), await heartbeat.beat()] == [True, False]
        assert not await Heartbeat(lambda: Pulse(url=address, every_s=1), lambda: True).beat()
    assert {came.headers["authorization"] for came in receiver.came} == {"Basic c2lhZ2E6aHVudGVyMg=="}
    assert "hunter2" not in str(logs)
    # the library's own lines with the address are cut off or blackened by the log of the command line
    assert "hunter2" not in str([record.getMessage() for record in caplog.records if record.name != "httpx"])
    assert len(receiver.came) == 2


async def test_a_failure_is_told_once_per_stretch_and_without_the_address(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    heartbeat = Heartbeat(lambda: Pulse(url=Secret(env="BEAT"), every_s=1), lambda: True)
    receiver.answers = ["500 Oops", "500 Oops", "200 OK\r\nX: 1", "500 Oops"]
    with capture_logs() as logs:
        monkeypatch.setenv("BEAT", receiver.url)
        assert [await heartbeat.beat() for _ in range(4)] == [False, False, True, False]
        monkeypatch.delenv("BEAT")
        assert not await heartbeat.beat()
    assert [entry["log_level"] for entry in logs] == ["warning", "info", "warning"]
    assert "s3cret" not in str(logs)
