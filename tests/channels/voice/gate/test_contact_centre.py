"""A real contact centre that listens on [::1] only for these calls: menu, keys, queue, agent, trunk, and a crash."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from channels.sip import SipChannel
from channels.voice.pool import Pool
from channels.voice.trunk import Trunk
from channels.voice.wire import Srtp
from probe.observation import Answered, Media
from probe.session import End, Press
from tests.channels.voice.calling import call
from tests.farends.asterisk import PASSWORD, Asterisk
from tests.farends.dialplan import BOTH_WAYS, ECHO, ENDLESS, SIP_AGENT

CALLER = """
import asyncio, sys
from pathlib import Path
from channels.sip import SipChannel
from channels.voice.trunk import Trunk
from probe.session import Target

async def main():
    home, password, number, folder = sys.argv[1:]
    trunk = Trunk(name="enam", registrar=home, username="cabang-enam", password=password, register=True)
    session = await SipChannel({"enam": trunk}).open(
        Target(run_id="run", to=number, trunk="enam", evidence=Path(folder))
    )
    async for seen in session.observations():
        print(type(seen).__name__, flush=True)

asyncio.run(main())
"""
SIAGA = Path(sys.executable).with_name("siaga")


def uri(asterisk: Asterisk, number: str) -> str:
    return f"sip:{number}@[::1]:{asterisk.ports.sip}"


def loudest(path: Path) -> tuple[int, int]:
    """The peaks of what we sent and of what we heard, in 16-bit samples."""
    with wave.open(str(path)) as recording:
        samples = np.frombuffer(recording.readframes(recording.getnframes()), "<i2").reshape(-1, 2)
    sent, heard = np.abs(samples.astype(int)).max(axis=0)
    return int(sent), int(heard)


def through(asterisk: Asterisk, *, register: bool) -> Trunk:
    home = f"[::1]:{asterisk.ports.sip}"
    return Trunk(name="enam", registrar=home, username="cabang-enam", password=PASSWORD, register=register)


def test_a_human_agent_is_reached_over_ipv6_and_both_sides_are_recorded(asterisk: Asterisk, tmp_path: Path) -> None:
    number = f"{SIP_AGENT}61"
    who = ["--from", "sip:enam@[::1]", "--press", "1", "--until", "agent", "--within", "60s", "--json"]
    done = subprocess.run(
        [SIAGA, "call", uri(asterisk, number), *who],
        capture_output=True, text=True, timeout=90, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads(done.stdout)
    assert record["verdict"] == "pass"
    assert record["agent"]["confidence"] >= 0.8
    assert asterisk.traces(number)["tombol"].content == "1"
    evidence = {item["kind"]: Path(item["path"]) for item in record["evidence"]}
    assert f"--> UDP [::1]:{asterisk.ports.sip}" in (tmp_path / evidence["sip_trace"]).read_text()
    assert loudest(tmp_path / evidence["recording"])[1] > 1000


@pytest.mark.parametrize("srtp", ["off", "required"])
async def test_what_we_send_over_ipv6_comes_back_from_an_echo_and_both_are_recorded(
    asterisk: Asterisk, tmp_path: Path, srtp: Srtp
) -> None:
    own = Pool("siaga/test")
    user = "cabang-enam" if srtp == "off" else "cabang-enam-srtp"
    sip = SipChannel({"enam": replace(through(asterisk, register=False), username=user, srtp=srtp)}, own)
    async with call(sip, f"{ECHO}64", tmp_path / "run", trunk="enam") as made:
        await made.until(Media)
        await made.session.act(Press("5", mode="inband"))
        await asyncio.sleep(0.5)  # the echo of its end is on the way
    await own.close()
    sent, heard = loudest(tmp_path / "run" / "recording.wav")
    assert sent > 1000
    assert heard > 1000


async def test_a_trunk_registers_with_digest_over_ipv6_and_keys_arrive(asterisk: Asterisk, tmp_path: Path) -> None:
    own = Pool("siaga/test")
    sip = SipChannel({"enam": through(asterisk, register=True)}, own)
    number = f"{BOTH_WAYS}62"
    async with call(sip, number, tmp_path / "run", trunk="enam") as made:
        await made.until(Answered)
        await made.until(Media)
        [contact] = [line for line in contacts(asterisk) if "cabang-enam" in line]
        assert "@[::1]:" in contact
        await made.session.act(Press("1234567890*#"))
        traced = await asyncio.to_thread(asterisk.wait_for_trace, number, "angka", 10.0)
        assert traced.content == "1234567890*"
        await made.session.act(End())
    await own.close()
    assert contacts(asterisk) == []
    trace = (tmp_path / "run" / "sip.txt").read_text()
    assert "REGISTER sip:[::1]" in trace
    assert PASSWORD not in trace


@pytest.mark.parametrize("register", [False, True])
async def test_a_killed_engine_leaves_nothing_at_the_contact_centre(
    asterisk: Asterisk, tmp_path: Path, register: bool
) -> None:
    own = Pool("siaga/test")
    sip = SipChannel({"enam": through(asterisk, register=register)}, own)
    async with call(sip, f"{ENDLESS}63", tmp_path / "run", trunk="enam") as made:
        await made.until(Media)
        assert await asyncio.to_thread(asterisk.channels)
        os.kill(next(e for e in own.engines if e.seats).pid, signal.SIGKILL)
        assert await asyncio.to_thread(asterisk.wait_until_idle, 2.0) == []
    await own.close()
    assert contacts(asterisk) == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_a_killed_parent_leaves_nothing_at_the_contact_centre(
    asterisk: Asterisk, tmp_path: Path, how: signal.Signals
) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CALLER, f"[::1]:{asterisk.ports.sip}", PASSWORD, f"{ENDLESS}65", str(tmp_path),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert parent.stdout is not None
    async with asyncio.timeout(15):
        while (line := await parent.stdout.readline()) != b"Media\n":
            assert line, "the caller ended before it heard anything"
    assert await asyncio.to_thread(asterisk.channels)
    assert len(contacts(asterisk)) == 1
    parent.send_signal(how)
    await parent.wait()
    assert await asyncio.to_thread(asterisk.wait_until_idle, 2.0) == []
    assert contacts(asterisk) == []


def contacts(asterisk: Asterisk) -> list[str]:
    lines = asterisk.manager.command("pjsip show contacts").splitlines()
    return [line for line in lines if "cabang-enam/" in line]
