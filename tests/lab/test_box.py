"""The box as a SIP server: dialogs, retransmissions, hostile bytes, load, its switch and its end."""

from __future__ import annotations

import asyncio
import random
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from lab.faults import FAULTS
from probe.script import STEP_BY_VERB
from tests.lab.caller import Caller
from tests.lab.conftest import Running, lab, start, stop

Dial = Callable[..., Awaitable[Caller]]


@pytest.fixture
async def call(box: Running) -> AsyncIterator[Dial]:
    """Open callers, closed at the end of the test."""
    callers: list[Caller] = []

    async def new(number: str = "1500", *, answered: bool = True) -> Caller:
        caller = await Caller(box.target, number).open()
        callers.append(caller)
        if answered:
            assert "200 OK" in await caller.dial()
        return caller

    yield new
    for caller in callers:
        if caller.to_tag:
            caller.send(caller.request("BYE"))
        caller.close()


async def test_options_are_answered_with_what_is_allowed(call: Dial) -> None:
    caller = await call(answered=False)
    caller.send(caller.request("OPTIONS"))
    _, text = await caller.until(r"SIP/2\.0 200")
    assert "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE" in text


@pytest.mark.parametrize("method", ["BYE", "INFO", "UPDATE", "CANCEL"])
async def test_a_request_outside_any_dialog_is_481(call: Dial, method: str) -> None:
    caller = await call(answered=False)
    caller.to_tag, caller.branch = "nobody", "z9hG4bKnone"
    caller.send(caller.request(method))
    await caller.until(r"SIP/2\.0 481")


async def test_an_unknown_method_is_405(call: Dial) -> None:
    caller = await call(answered=False)
    caller.send(caller.request("PUBLISH"))
    await caller.until(r"SIP/2\.0 405")


async def test_a_cancelled_call_ends_with_487(box: Running, call: Dial) -> None:
    caller = await call("1500+no_answer", answered=False)
    caller.send(caller.request("INVITE", caller.sdp()))
    await caller.until(r"SIP/2\.0 180")
    caller.send(caller.request("CANCEL"))
    await caller.until(r"SIP/2\.0 200 OK")
    _, text = await caller.until(r"SIP/2\.0 487")
    caller.send(caller.request("ACK"))
    assert "CSeq: 1 INVITE" in text
    await box.happened(caller.call_id, "cancel")


async def test_a_repeated_invite_gets_the_same_answer_again(box: Running, call: Dial) -> None:
    caller = await call(answered=False)
    invite = caller.request("INVITE", caller.sdp())
    caller.send(invite)
    _, first = await caller.until(r"SIP/2\.0 200")
    caller.learn(first)
    caller.send(caller.request("ACK"))
    await box.happened(caller.call_id, "ack")
    caller.send(invite)
    _, second = await caller.until(r"SIP/2\.0 200")
    assert first == second


async def test_an_answer_is_repeated_until_the_ack(box: Running, call: Dial) -> None:
    caller = await call(answered=False)
    caller.send(caller.request("INVITE", caller.sdp()))
    at, text = await caller.until(r"SIP/2\.0 200")
    again, _ = await caller.until(r"SIP/2\.0 200")
    caller.learn(text)
    caller.send(caller.request("ACK"))
    assert again > at
    await box.happened(caller.call_id, "ack")
    caller.sip.taken()
    with pytest.raises(TimeoutError):
        await caller.until(r"SIP/2\.0 200", 1.3)


async def test_hold_by_reinvite_and_resume_by_update(call: Dial) -> None:
    caller = await call()
    text = await caller.dial_again(caller.sdp("sendonly"))
    assert "a=recvonly" in text
    with pytest.raises(TimeoutError):
        await caller.hears(3, 0.4)
    caller.send(caller.request("UPDATE", caller.sdp()))
    _, text = await caller.until(r"SIP/2\.0 200")
    assert "a=sendrecv" in text
    await caller.hears(8)


async def test_session_timers_are_agreed_with_the_caller_as_refresher(call: Dial) -> None:
    caller = await call(answered=False)
    caller.send(caller.request("INVITE", caller.sdp(), more="Supported: timer\r\nSession-Expires: 90\r\n"))
    _, text = await caller.until(r"SIP/2\.0 200")
    caller.learn(text)
    caller.send(caller.request("ACK"))
    assert "Session-Expires: 90;refresher=uac" in text


async def test_an_offer_without_pcmu_is_488(call: Dial) -> None:
    caller = await call(answered=False)
    caller.send(caller.request("INVITE", caller.sdp(formats="8 96")))
    await caller.until(r"SIP/2\.0 488")
    caller.send(caller.request("ACK"))


async def test_no_reply_is_no_byte_at_all(box: Running, call: Dial) -> None:
    caller = await call("1500+no_reply", answered=False)
    invite = caller.request("INVITE", caller.sdp())
    caller.send(invite)
    caller.send(invite)
    await box.happened(caller.call_id, "invite")
    with pytest.raises(TimeoutError):
        await caller.until("", 0.5)
    assert box.truth(caller.call_id)[0]["faults"] == ["no_reply"]


async def test_garbage_is_no_sip_and_differs(call: Dial) -> None:
    caller = await call("1500+garbage", answered=False)
    invite = caller.request("INVITE", caller.sdp())
    answers = set()
    for _ in range(4):
        caller.send(invite)
        answers.add((await caller.until(""))[1])
    assert len(answers) == 4
    assert not any(re.match(r"SIP/2\.0 [1-6]\d\d .*\r\nVia:", text) for text in answers)


async def test_hostile_bytes_do_not_end_the_box(box: Running, call: Dial) -> None:
    dice = random.Random(4475)  # noqa: S311 (the same bytes every time)
    caller = await call(answered=False)
    for _ in range(600):
        caller.branch = f"z9hG4bK{dice.random()}"
        data = bytearray(
            caller.request(dice.choice(["INVITE", "BYE", "CANCEL", "ACK", "UPDATE", "INFO"]), caller.sdp())
        )
        for _ in range(dice.randrange(1, 30)):
            place = dice.randrange(len(data))
            data[place : place + dice.randrange(3)] = dice.randbytes(dice.randrange(4))
        caller.send(bytes(data[: dice.randrange(1, len(data))] if dice.random() < 0.2 else data))
        await asyncio.sleep(0)
    healthy = await call()
    assert healthy.to_tag
    assert box.process.poll() is None
    assert '"event": "error"' not in (box.folder / "truth.jsonl").read_text(encoding="utf-8")


async def test_hostile_rtp_does_not_end_a_call(box: Running, call: Dial) -> None:
    dice = random.Random(3550)  # noqa: S311 (the same bytes every time)
    caller = await call()
    for _ in range(300):
        caller.rtp.transport.sendto(dice.randbytes(dice.randrange(60)), caller.media)
        caller.packet(dice.randbytes(dice.randrange(8)), dice.choice([0, 96, 101]))
    await caller.hears(20)
    assert '"event": "error"' not in (box.folder / "truth.jsonl").read_text(encoding="utf-8")


async def test_fifty_calls_at_once_are_paced(call: Dial, capsys: pytest.CaptureFixture[str]) -> None:
    callers = await asyncio.gather(*(call("1500") for _ in range(50)))

    async def talk() -> None:
        while True:
            for caller in callers:
                caller.packet(b"\xff" * 160)
            await asyncio.sleep(0.018)

    talking = asyncio.ensure_future(talk())
    await asyncio.gather(*(caller.hears(170) for caller in callers))
    talking.cancel()
    gaps = np.concatenate([np.diff(caller.rtp.times[5:]) for caller in callers]) * 1000
    with capsys.disabled():
        figures = ", ".join(f"p{p} {np.percentile(gaps, p):.1f} ms" for p in (1, 50, 99, 99.9))
        sys.stdout.write(f"\n50 calls, {len(gaps)} gaps between packets: {figures}, longest {gaps.max():.1f} ms\n")
    assert 10.0 < float(np.mean(gaps)) < 30.0


async def test_a_fault_is_switched_while_the_box_runs(box: Running, call: Dial) -> None:
    async def busy(state: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *lab(box.folder, "fault", "busy", state), stdout=asyncio.subprocess.PIPE
        )
        return (await process.communicate())[0].decode()

    assert "now on: busy" in await busy("on")
    refused = await call(answered=False)
    assert "486 Busy Here" in await refused.dial()
    refused.to_tag = ""
    assert "now on: nothing" in await busy("off")
    assert (await call()).to_tag


def test_an_unknown_fault_lists_the_known_ones(box: Running) -> None:
    asked = subprocess.run(lab(box.folder, "fault", "nonsense", "on"), capture_output=True, text=True, check=False)
    assert asked.returncode == 64
    assert all(name in asked.stderr for name in FAULTS)


def test_a_switch_without_a_box_says_what_to_do(tmp_path: Path) -> None:
    asked = subprocess.run(lab(tmp_path, "fault", "busy", "on"), capture_output=True, text=True, check=False)
    assert asked.returncode == 1
    assert "start one on that folder first" in asked.stderr


def test_a_folder_has_one_box(box: Running) -> None:
    second = subprocess.run(lab(box.folder, "serve", "--port", "0"), capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert "another box already serves" in second.stderr


def test_a_taken_port_is_told(box: Running, tmp_path: Path) -> None:
    second = subprocess.run(
        lab(tmp_path, "serve", "--port", str(box.port)), capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert f"127.0.0.1:{box.port}" in second.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_end_of_the_box_hangs_up_its_calls(tmp_path: Path, number: signal.Signals) -> None:
    deep = tmp_path / ("folder-" * 15) / ("of-a-long-name-" * 5)
    running = await asyncio.to_thread(start, deep)
    caller = await Caller(running.target, "1500").open()
    await caller.dial()
    running.process.send_signal(number)
    running.process.send_signal(number)
    _, text = await caller.until("BYE ")
    via, call_id = re.search(r"Via: .*", text), re.search(r"Call-ID: .*", text)
    assert via
    assert call_id
    caller.send(
        f"SIP/2.0 200 OK\r\n{via[0].strip()}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n"
        f"{call_id[0].strip()}\r\nCSeq: 1 BYE\r\n\r\n".encode()
    )
    assert await asyncio.to_thread(stop, running) == 0
    assert [line["by"] for line in running.truth(caller.call_id) if line["event"] == "bye"] == ["shutdown"]
    assert not (deep / "switch").exists()
    caller.close()


def test_the_box_serves_ipv6(tmp_path: Path) -> None:
    running = start(tmp_path, "::1")
    assert "@[::1]:" in (tmp_path / "siaga.toml").read_text(encoding="utf-8")
    assert stop(running) == 0


def test_the_written_config_has_a_valid_probe_for_every_fault(box: Running) -> None:
    config = tomllib.loads((box.folder / "siaga.toml").read_text(encoding="utf-8"))
    assert (config["timezone"], config["language"], config["prompts"]) == ("Asia/Jakarta", "id", "prompts")
    probes = {probe["name"]: probe for probe in config["probe"]}
    assert len(probes) == len(config["probe"])
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in probes)
    targets = " ".join(probe["to"] for probe in config["probe"])
    assert set(re.findall(r"1500\+(\w+)@", targets)) == set(FAULTS)
    for probe in config["probe"]:
        for step in probe["script"]:
            known = STEP_BY_VERB[next(iter(step))].model_validate(step)
            for name in re.findall(r"prompt:(\S+)", known.text):
                assert (box.folder / "prompts" / f"{name}.wav").exists()
