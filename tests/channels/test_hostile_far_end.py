from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from channels.voice import sipmsg
from channels.voice.dialogs import Dialog
from channels.voice.proto import ProtocolError, Unpacker
from channels.voice.rescue import rescue
from channels.voice.signalling import Signalling
from channels.voice.siplog import LoggedMessage
from channels.voice.siptrace import Trace
from channels.voice.uri import parse_uri
from channels.voice.wire import EVENTS, Account, Seen, SipText
from probe.observation import Answered, Placed, Trouble
from probe.reasons import Reason, Verdict
from prove.hostile_driver import SCRIPT, Call, Driver
from tests.farends.hostile import TORTURE_FOLDER, HostileFarEnd
from tests.farends.hostile_mutator import DATAGRAM_BYTES, dice, mutate, mutate_sdp
from tests.farends.hostile_sip import Scene, read
from tests.farends.hostile_torture import TORTURES

ANSWERS = 300
KEPT = sorted(path.stem for path in TORTURE_FOLDER.glob("*.sip"))
ACCOUNT = Account(key="k", id_uri="sip:siaga@127.0.0.1", rtp_port=20000, rtp_ports=20)
INVITE = (
    "INVITE sip:1500@127.0.0.1:5070 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5080;rport;branch=z9hG4bKPj1\r\n"
    "From: sip:siaga@127.0.0.1;tag=ours\r\nTo: sip:1500@127.0.0.1\r\nCall-ID: abc@siaga\r\nCSeq: 7 INVITE\r\n"
    "Contact: <sip:siaga@127.0.0.1:5080;ob>\r\nContent-Type: application/sdp\r\nContent-Length: 0\r\n\r\n"
)


@dataclass
class Bench:
    far_end: HostileFarEnd
    driver: Driver


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with HostileFarEnd() as far_end:
        driver = Driver(far_end, tmp_path, at_once=4)
        await driver.start()
        try:
            yield Bench(far_end, driver)
        finally:
            await driver.close()


async def test_no_lost_engine_reaches_a_verdict_about_the_target(bench: Bench) -> None:
    await bench.driver.run(ANSWERS, limit_s=18, first_seed=4475)
    await bench.driver.check("sip:healthy-1@127.0.0.1:" + str(bench.far_end.port), None, SCRIPT)
    tally = bench.driver.tally
    assert bench.far_end.counts.answers >= ANSWERS
    assert [call.name for call in tally.wrongly_blamed] == []
    assert [(call.name, call.error) for call in tally.hung] == []
    # it answers and sends no sound, which is what each seat must find out
    assert set(tally.healthy) == {"fail media no_rtp"}


@pytest.mark.parametrize("message", KEPT)
async def test_a_message_that_ends_an_engine_is_no_fault_of_the_target(bench: Bench, message: str) -> None:
    call = await bench.driver.replay(message)
    assert call.outcome is not None, call.error
    assert (call.outcome.verdict, call.outcome.reason) == (Verdict.INCONCLUSIVE, Reason.ENGINE_CRASHED)
    assert call.lost_its_engine
    after = await bench.driver.play("healthy", 1)
    assert after.walk is not None
    assert after.walk.seen(Answered)


async def test_an_engine_that_hangs_over_a_deadline_is_no_fault_of_the_target(bench: Bench) -> None:
    call = Call("frozen")
    calling = asyncio.create_task(bench.driver.call(call, bench.far_end.uri("healthy", 1)))
    async with asyncio.timeout(10):
        await bench.far_end.called.wait()
    assert call.engine is not None
    os.kill(call.engine.pid, signal.SIGSTOP)
    await calling
    assert call.outcome is not None, call.error
    assert (call.outcome.verdict, call.outcome.reason) == (Verdict.INCONCLUSIVE, Reason.ENGINE_CRASHED)


async def test_far_ends_that_confirm_no_hang_up_leave_room_for_the_next_call(bench: Bench) -> None:
    for seed in range(6):
        call = await bench.driver.play("deaf", seed)
        assert call.walk is not None
        assert call.walk.seen(Answered)
        assert not call.walk.seen(Trouble)


async def test_malformed_calls_to_us_end_no_engine(bench: Bench) -> None:
    for seed in range(8):
        await bench.driver.play("strangers", seed)
    assert [loss.signature for loss in bench.driver.tally.losses] == []


async def test_malformed_answers_to_our_registration_are_our_own_trouble(bench: Bench) -> None:
    calls = await asyncio.gather(*(bench.driver.register("mutated", seed) for seed in range(4)))
    assert [(call.name, call.error) for call in bench.driver.tally.hung] == []
    for call in calls:
        assert call.outcome is not None
        # registered in the end, it meets a far end without sound; else it says nothing about the target
        assert call.outcome.verdict is Verdict.INCONCLUSIVE or call.outcome.reason is Reason.NO_RTP


def hostile_texts(count: int, seed: int) -> list[str]:
    """Messages as pjsip's log hands them to us: invalid UTF-8 comes as surrogates."""
    rng = dice(seed)
    request = read(INVITE.encode())
    assert request is not None
    found = []
    for n in range(count):
        scene = Scene(request, "127.0.0.1", 5070, 4000, "udp", rng, tag="theirs")
        draft = (
            scene.accept(rng.choice((183, 200, 302, 401, 486))) if n % 2 else scene.ask(rng.choice(("BYE", "INVITE")))
        )
        if rng.random() < 0.4:
            draft.carry(mutate_sdp(scene.sdp(), rng))
        rng.choice(list(TORTURES.values()))(draft, rng)
        data = draft.render() if rng.random() < 0.4 else mutate(draft.render(), rng)
        found.append(data.decode("utf-8", "surrogateescape"))
    return found


def test_nothing_a_far_end_writes_raises_in_the_parent(tmp_path: Path) -> None:
    trace = Trace(tmp_path / "sip.txt", print)
    for text in hostile_texts(3000, seed=3261):
        said = SipText(call="c", at=1.0, sent=False, transport="UDP", peer="127.0.0.1:5070", text=sipmsg.redact(text))
        assert EVENTS.decode(EVENTS.encode(said)[4:]) == said
        dialog, signalling = Dialog("abc@siaga", ACCOUNT), Signalling()
        dialog.take(SipText(call="c", at=0.0, sent=True, transport="UDP", peer="127.0.0.1:5070", text=INVITE))
        assert signalling.take(LoggedMessage(0.0, True, "UDP", "127.0.0.1:5070", INVITE)) == [Placed(at=0.0)]
        dialog.take(said)
        for seen in signalling.take(LoggedMessage(1.0, False, "UDP", "127.0.0.1:5070", text)):
            EVENTS.encode(Seen(call="c", observation=seen))
        assert dialog.bye().startswith("BYE ")
        assert dialog.cancel().startswith("CANCEL ")
        assert isinstance(dialog.next_hop, str)
        sipmsg.call_id_in(text)
        trace.add(said)
    trace.close()
    assert (tmp_path / "sip.txt").read_text("utf-8")


@pytest.mark.parametrize(
    "contact", ["", ",", "<>", "<", "*", "sip:", "<nobodyKnows:this>", "<sip:[::1@x>", "<sip:a@x..y>"]
)
async def test_a_contact_that_leads_nowhere_does_not_keep_a_dead_engines_call_up(contact: str) -> None:
    """The BYE goes to where the answers came from."""
    arrived: asyncio.Queue[bytes] = asyncio.Queue()

    class FarEnd(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002
            arrived.put_nowait(data)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(FarEnd, local_addr=("127.0.0.1", 0))
    peer = f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"
    dialog = Dialog("abc@siaga", ACCOUNT)
    answer = INVITE.replace("INVITE sip:1500@127.0.0.1:5070 SIP/2.0", "SIP/2.0 200 OK")
    answer = answer.replace("To: sip:1500@127.0.0.1", "To: sip:1500@127.0.0.1;tag=theirs")
    answer = answer.replace("Contact: <sip:siaga@127.0.0.1:5080;ob>", f"Contact: {contact}")
    for sent, text in ((True, INVITE), (False, answer)):
        dialog.take(SipText(call="c", at=0.0, sent=sent, transport="UDP", peer=peer, text=text))
    rescuing = asyncio.create_task(rescue(dialog))
    try:
        assert (await asyncio.wait_for(arrived.get(), 2)).startswith(b"BYE ")
    finally:
        rescuing.cancel()
        await asyncio.gather(rescuing, return_exceptions=True)
        transport.close()


@pytest.mark.parametrize(
    "rubbish", ["<", '"\\', ";", "; ", "<a>;", ";tag", "inline:", "Authorization: x\r\n ", "\r\n", ",", "a=", "\r\n "]
)
def test_no_message_takes_the_parent_long_to_read(rubbish: str) -> None:
    """A regular expression that goes back and forth over 64 KiB would stop every other call's clock."""
    began = time.process_time()
    for name in ("Contact", "To", "Authorization", "Call-ID", "Allow", "Via"):
        text = f"SIP/2.0 200 OK\r\nCSeq: 7 INVITE\r\n{name}: {rubbish * (DATAGRAM_BYTES // len(rubbish))}\r\n\r\n"
        said = SipText(call="c", at=1.0, sent=False, transport="UDP", peer="127.0.0.1:5070", text=sipmsg.redact(text))
        Dialog("", ACCOUNT).take(said)
        Signalling().take(LoggedMessage(1.0, False, "UDP", "127.0.0.1:5070", text))
        sipmsg.call_id_in(text)
        sipmsg.first_address(text)
        sipmsg.tag_of(text)
    assert time.process_time() - began < 2.0


def test_a_mad_engine_is_a_protocol_error_and_nothing_else() -> None:
    rng = dice(1)
    good = EVENTS.encode(SipText(call="c", at=1.0, sent=True, transport="UDP", peer="p", text="INVITE \x00 \udcff"))
    for _ in range(2000):
        unpacker = Unpacker()
        try:
            for body in unpacker.feed(mutate(good, rng)):
                EVENTS.decode(body)
        except ProtocolError:
            continue


def test_a_uri_is_read_or_refused() -> None:
    rng = dice(2)
    for _ in range(2000):
        text = mutate(b"sip:1500@127.0.0.1:5070;transport=tcp", rng).decode("utf-8", "surrogateescape")
        try:
            assert 0 < parse_uri(text).port < 65536
        except ValueError:
            continue
