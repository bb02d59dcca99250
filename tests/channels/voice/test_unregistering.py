"""Who dies must not stay in the registrar's list: it has few places, and a full one shuts out the living."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from channels.sip import SipChannel
from channels.voice.pool import Pool
from channels.voice.trunk import Trunk
from channels.voice.wire import Transport
from probe.observation import Answered, Trouble
from probe.reasons import Reason
from tests.channels.voice.calling import call
from tests.channels.voice.test_trunks import Registrar, carrier, challenging
from tests.channels.voice.uas import Request
from tests.farends.asterisk import PASSWORD, Asterisk
from tests.farends.dialplan import ENDLESS

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALLER = """
import ast, asyncio, sys
from pathlib import Path
from channels.sip import SipChannel
from channels.voice.trunk import Trunk
from probe.session import Target

async def main():
    trunk = Trunk(name="t", register=True, **ast.literal_eval(sys.argv[1]))
    session = await SipChannel({"t": trunk}).open(
        Target(run_id="run", to=sys.argv[2], trunk="t", evidence=Path(sys.argv[3]))
    )
    async for seen in session.observations():
        print(type(seen).__name__, flush=True)

asyncio.run(main())
"""


def settings(asterisk: Asterisk, ca: Path, transport: Transport) -> dict[str, str]:
    port = asterisk.ports.tls if transport == "tls" else asterisk.ports.sip
    return {
        "registrar": f"sip:127.0.0.1:{port}",
        "username": user_of(transport),
        "password": PASSWORD,
        "transport": transport,
        "tls_ca": str(ca),
        # then the Contact is the listening port, and outlives the connection over TCP and TLS too
        "public_address": "" if transport == "udp" else "127.0.0.1",
    }


def user_of(transport: Transport) -> str:
    """Over TCP and TLS Asterisk forgets a rewritten Contact with its connection; a plain one it keeps."""
    return "cabang" if transport == "udp" else "cabang-tetap"


def bindings(asterisk: Asterisk, user: str) -> list[str]:
    lines = asterisk.manager.command("pjsip show contacts").splitlines()
    return [line.strip() for line in lines if f" {user}/" in line]


async def until_none(asterisk: Asterisk, user: str, within_s: float) -> list[str]:
    """The bindings that are left when there is none, or after the time."""
    deadline = time.monotonic() + within_s
    while (left := await asyncio.to_thread(bindings, asterisk, user)) and time.monotonic() < deadline:  # noqa: ASYNC110  # another process's list
        await asyncio.sleep(0.05)
    return left


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_asterisk_has_no_binding_of_a_killed_engine(
    transport: Transport, asterisk: Asterisk, centre_ca: Path, tmp_path: Path
) -> None:
    own = Pool("siaga/test", spares=0)
    sip = SipChannel({"t": Trunk(name="t", register=True, **settings(asterisk, centre_ca, transport))}, own)  # type: ignore[arg-type]
    assert await until_none(asterisk, user_of(transport), 0.0) == []
    async with call(sip, ENDLESS, tmp_path / "run", trunk="t") as made:
        await made.until(Answered)
        assert len(await asyncio.to_thread(bindings, asterisk, user_of(transport))) == 1
        os.kill(own.engines[0].pid, signal.SIGKILL)
        assert await until_none(asterisk, user_of(transport), 2.0) == []
    await own.close()
    assert await asyncio.to_thread(asterisk.wait_until_idle, 2.0) == []


@pytest.mark.parametrize("transport", ["udp", "tls"])
async def test_asterisk_has_no_binding_of_a_killed_parent(
    transport: Transport, asterisk: Asterisk, centre_ca: Path, tmp_path: Path
) -> None:
    async with parent_of(settings(asterisk, centre_ca, transport), ENDLESS, tmp_path) as parent:
        await until_said(parent, "Answered")
        assert len(await asyncio.to_thread(bindings, asterisk, user_of(transport))) == 1
    assert await until_none(asterisk, user_of(transport), 2.0) == []
    assert await asyncio.to_thread(asterisk.wait_until_idle, 2.0) == []


@asynccontextmanager
async def parent_of(trunk: dict[str, str], number: str, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CALLER, repr(trunk), number, str(folder), stdout=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until_said(parent: asyncio.subprocess.Process, word: str) -> None:
    assert parent.stdout is not None
    async with asyncio.timeout(10):
        while (line := await parent.stdout.readline()).strip() != word.encode():
            assert line, f"the caller ended before it said {word}"


@dataclass
class FarAway(Registrar):
    """Answers REGISTER after a while, as over a long line; ``bound`` are the contacts it holds."""

    delay_s: float = 0.0

    def __post_init__(self) -> None:
        self.bound: set[str] = set()
        self.full = 0
        """Refuses so many registrations, as one whose list of contacts is full."""

    def on_other(self, request: Request) -> list[str | bytes]:
        if request.method != "REGISTER":
            return super().on_other(request)
        answers = super().on_other(request)
        if self.full and b"200 OK" in str(answers[0]).encode() and request.header("Expires") != "0":
            self.full -= 1
            answers = [self.answer(request, "403 Forbidden")]
        elif "200 OK" in str(answers[0]):
            contact = request.header("Contact").partition(">")[0]
            (self.bound.discard if request.header("Expires") == "0" else self.bound.add)(contact)
        asyncio.get_running_loop().call_later(self.delay_s, self.send, answers, request.peer)
        return []


def registers(uas: FarAway) -> list[Request]:
    return [r for r in uas.requests if r.method == "REGISTER"]


async def test_a_dead_engines_binding_is_taken_back_with_its_call_id_and_the_next_number(tmp_path: Path) -> None:
    async with FarAway(challenging) as uas:
        own = Pool("siaga/test", spares=0)
        sip = SipChannel({"t": carrier(uas, "t")}, own)
        async with call(sip, "02112345", tmp_path / "run", trunk="t") as made:
            await made.until(Answered)
            engines = registers(uas)
            assert uas.bound
            os.kill(own.engines[0].pid, signal.SIGKILL)
            await uas.wait_for("BYE")
            await uas.wait_for("REGISTER", len(engines) + 2)
        await own.close()
        ours = registers(uas)[len(engines) :]
    assert not uas.bound
    assert {r.header("Call-ID") for r in ours} == {engines[-1].header("Call-ID")}
    numbers = [int(r.header("CSeq").split()[0]) for r in [engines[-1], *ours]]
    assert numbers == sorted(set(numbers))
    assert {r.peer for r in ours} == {engines[-1].peer}, "registrars behind NAT know a binding by its address"
    assert "[redacted]" not in "".join(r.text for r in ours)


async def test_an_idle_engines_binding_is_taken_back_before_the_pool_is_closed(tmp_path: Path) -> None:
    async with FarAway(challenging, delay_s=0.2) as uas:
        own = Pool("siaga/test", spares=0)
        sip = SipChannel({"t": carrier(uas, "t")}, own)
        async with call(sip, "02112345", tmp_path / "run", trunk="t") as made:
            await made.until(Answered)
        assert uas.bound
        [engine] = own.engines
        os.kill(engine.pid, signal.SIGKILL)
        await asyncio.wait_for(engine.died.wait(), 5)
        await own.close()
        assert not uas.bound


async def test_a_mute_registrar_holds_nobody_up(tmp_path: Path) -> None:
    async with FarAway(challenging) as uas:
        own = Pool("siaga/test", spares=0)
        sip = SipChannel({"t": carrier(uas, "t")}, own)
        async with call(sip, "02112345", tmp_path / "run", trunk="t") as made:
            await made.until(Answered)
            uas.delay_s = 60.0
            os.kill(own.engines[0].pid, signal.SIGKILL)
            await made.ended()
            # at the same time, and from the same port: the one without an answer must not keep the other from going out
            await uas.wait_for("BYE", timeout_s=1.0)
            assert "BYE sent for the dead engine and confirmed" in await until_told(tmp_path / "run" / "sip.txt")
        async with asyncio.timeout(4):
            await own.close()


async def until_told(trace: Path) -> str:
    async with asyncio.timeout(1):
        while "for the dead engine" not in (text := await asyncio.to_thread(trace.read_text)):  # noqa: ASYNC110  # a file
            await asyncio.sleep(0.02)
    return text


@pytest.mark.parametrize("moment", ["registered", "registering"])
async def test_the_engines_of_a_killed_parent_wait_for_a_registrar_far_away(moment: str, tmp_path: Path) -> None:
    """It asks for the password once more, which takes two round trips; a registration may be under way as well."""
    async with FarAway(challenging, delay_s=0.3) as uas:
        trunk = {"registrar": f"sip:127.0.0.1:{uas.port}", "username": "siaga", "password": "rahasia-sekali"}
        async with parent_of(trunk, "02112345", tmp_path) as parent:
            if moment == "registered":
                await until_said(parent, "Answered")
            else:
                await uas.wait_for("REGISTER", 2)
            killed_at = time.monotonic()
        assert uas.bound
        await asyncio.sleep(killed_at + 2.0 - time.monotonic())
        assert not uas.bound


async def test_a_full_list_is_asked_again_when_it_knew_us_before(tmp_path: Path) -> None:
    own = Pool("siaga/test", spares=0)
    async with FarAway(challenging) as uas:
        sip = SipChannel({"t": carrier(uas, "t")}, own)
        async with call(sip, "02112345", tmp_path / "first", trunk="t") as made:
            await made.until(Answered)
        os.kill(own.engines[0].pid, signal.SIGKILL)
        await asyncio.wait_for(own.engines[0].died.wait(), 5)
        uas.full = 1
        async with call(sip, "02112345", tmp_path / "second", trunk="t") as made:
            await made.until(Answered, timeout_s=8)
        assert uas.full == 0
    await own.close()


async def test_a_refusal_by_one_that_never_knew_us_is_believed_at_once(tmp_path: Path) -> None:
    """A password that is refused again and again gets an account locked."""
    own = Pool("siaga/test", spares=0)
    async with FarAway(challenging) as uas:
        uas.full = 100
        sip = SipChannel({"t": carrier(uas, "t")}, own)
        async with call(sip, "02112345", tmp_path / "run", trunk="t") as made:
            ended = await made.ended()
        assert isinstance(ended, Trouble)
        assert ended.reason is Reason.TRUNK_AUTH_REJECTED
        assert uas.full == 99
    await own.close()
