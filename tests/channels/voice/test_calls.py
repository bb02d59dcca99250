"""One call after the other through real engine processes, against a far end of a few lines."""

from __future__ import annotations

import asyncio
import socket
import time
import wave
from pathlib import Path

import pytest

from channels import sip as sip_module
from channels.sip import SipChannel
from channels.voice.pool import Pool
from channels.voice.trunk import Trunk
from probe.observation import (
    Answered,
    Ended,
    KeysPressed,
    Media,
    MediaState,
    Placed,
    Played,
    Progress,
    Refused,
    Signalled,
    Trouble,
    Unreachable,
)
from probe.session import DtmfMode, End, Play, Press, Target
from tests.channels.voice.calling import call
from tests.channels.voice.uas import Request, Uas, answering, mute, refusing, ringing

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_call_is_placed_answered_and_ended_with_recording_and_trace(sip: SipChannel, tmp_path: Path) -> None:
    async with Uas(answering) as uas, call(sip, uas.uri, tmp_path / "run") as made:
        await made.until(Answered)
        [invite] = await uas.wait_for("INVITE")
        sending = uas.send_rtp(invite, 1.0)
        flowing = await made.until(Media)
        assert flowing.state is MediaState.FLOWING
        assert flowing.codec == "PCMU"
        await sending
        await made.session.act(End())
        await uas.wait_for("BYE")
        ended = await made.ended()
        assert isinstance(ended, Ended)
        assert ended.by_us
        report = await made.close()
    placed, answered = made.of(Placed)[0], made.of(Answered)[0]
    assert placed.at < made.of(Progress)[0].at <= answered.at < ended.at
    assert invite.header("User-Agent") == "siaga/test"
    assert {e.kind for e in report.evidence} == {"recording", "sip_trace"}
    assert report.media is not None
    assert report.media.packets > 20
    with wave.open(str(tmp_path / "run" / "recording.wav")) as recording:
        assert (recording.getnchannels(), recording.getframerate(), recording.getsampwidth()) == (2, 8000, 2)
        assert recording.getnframes() > 4000
    trace = (tmp_path / "run" / "sip.txt").read_text()
    assert (
        trace.index("INVITE sip:1500") < trace.index("180 Ringing") < trace.index("ACK sip:") < trace.index("BYE sip:")
    )


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("486 Busy Here", 486),
        ("404 Not Found", 404),
        ("503 Gone", 503),
        ("302 Moved", 302),
        ("403 No", 403),
        ("488 Not Acceptable Here", 488),
        ("415 Unsupported", 415),
        ("606 Not Acceptable", 606),
    ],
)
async def test_a_final_answer_is_a_refusal_with_its_code(
    sip: SipChannel, status: str, code: int, tmp_path: Path
) -> None:
    moved = "Contact: <sip:00999@127.0.0.1:9>\r\n" if code == 302 else "Retry-After: 30 (later)\r\n"
    async with Uas(refusing(status, moved)) as uas, call(sip, uas.uri, tmp_path / "run") as made:
        ended = await made.ended()
        assert isinstance(ended, Refused)
        assert (ended.code, ended.phrase, ended.through_trunk) == (code, status[4:], False)
        assert len([r for r in uas.requests if r.method == "INVITE"]) == 1


async def test_a_refusal_by_our_trunk_says_so(pool: Pool, tmp_path: Path) -> None:
    async with Uas(refusing("403 Forbidden")) as uas:
        trunk = Trunk(name="carrier", registrar=f"127.0.0.1:{uas.port}", username="siaga", password="wrong")
        async with call(SipChannel({"carrier": trunk}, pool), "02112345", tmp_path / "run", trunk="carrier") as made:
            ended = await made.ended()
    assert isinstance(ended, Refused)
    assert (ended.code, ended.through_trunk) == (403, True)
    assert uas.requests[0].text.startswith(f"INVITE sip:02112345@127.0.0.1:{uas.port} ")


async def test_a_host_that_stays_silent_is_unreachable_while_our_side_works(
    sip: SipChannel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sip_module, "UNANSWERED_S", 1.0)
    async with Uas(mute) as uas, call(sip, uas.uri, tmp_path / "run") as made:
        ended = await made.ended()
    assert isinstance(ended, Unreachable)
    assert ended.network_ok
    assert not ended.through_trunk
    assert "no response to 2 INVITE" in ended.cause


async def test_a_long_request_goes_over_udp_to_a_far_end_that_is_deaf_on_tcp(sip: SipChannel, tmp_path: Path) -> None:
    async with Uas(answering) as uas:
        with socket.create_server(("127.0.0.1", uas.port)):
            async with call(sip, f"{uas.uri};x={'a' * 480}", tmp_path / "run") as made:
                await made.until(Answered)
    assert len(uas.requests[0].text) > 1300


async def test_a_request_that_fits_in_no_message_is_our_trouble(sip: SipChannel, tmp_path: Path) -> None:
    async with Uas(answering) as uas, call(sip, f"{uas.uri};x={'a' * 3000}", tmp_path / "run") as made:
        ended = await made.ended()
    assert isinstance(ended, Trouble)
    assert "nothing was sent" in ended.detail
    assert not uas.requests


async def test_garbage_is_no_answer(sip: SipChannel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sip_module, "UNANSWERED_S", 1.0)

    def rubbish(_uas: Uas, _invite: Request) -> list[str | bytes]:
        return [
            b"\x00\xff\xfe" * 50,
            "HTTP/1.1 200 OK\r\n\r\n",
            "SIP/2.0 200 OK\r\n\r\n",
            "SIP/2.0 999999999999 X\r\nVia: \r\n\r\n",
        ]

    async with Uas(rubbish) as uas, call(sip, uas.uri, tmp_path / "run") as made:
        ended = await made.ended()
    assert isinstance(ended, Unreachable)
    assert "is no SIP (PJSIP" in ended.cause


async def test_a_name_that_does_not_exist_is_unreachable_at_once(sip: SipChannel, tmp_path: Path) -> None:
    async with call(sip, "sip:1@nowhere.invalid", tmp_path / "run") as made:
        ended = await made.ended()
    assert isinstance(ended, Unreachable)
    assert ended.cause.startswith("DNS: nowhere.invalid")


async def test_a_closed_tcp_port_is_unreachable_and_says_why(sip: SipChannel, tmp_path: Path) -> None:
    async with call(sip, "sip:1500@127.0.0.1:9;transport=tcp", tmp_path / "run") as made:
        ended = await made.ended()
    assert isinstance(ended, Unreachable)
    assert "refused" in ended.cause.lower()


async def test_hanging_up_while_it_rings_cancels(sip: SipChannel, tmp_path: Path) -> None:
    async with Uas(ringing) as uas, call(sip, uas.uri, tmp_path / "run") as made:
        await made.until(Progress)
        await made.session.act(End())
        await made.session.act(End())
        await uas.wait_for("CANCEL")
        ended = await made.ended()
    assert isinstance(ended, Ended)
    assert ended.by_us


async def test_the_far_ends_bye_ends_the_call_with_its_reason(sip: SipChannel, tmp_path: Path) -> None:
    async with Uas(answering) as uas, call(sip, uas.uri, tmp_path / "run") as made:
        await made.until(Answered)
        await uas.wait_for("ACK")
        invite = uas.requests[0]
        uas.send([uas.request(invite, "BYE", more="Reason: Q.850;cause=16\r\n")], invite.peer)
        ended = await made.ended()
    assert isinstance(ended, Ended)
    assert not ended.by_us
    assert "cause=16" in ended.cause


@pytest.mark.parametrize(
    ("wanted", "events", "allow", "used"),
    [
        ("auto", True, "INVITE, INFO", "rfc4733"),
        ("auto", False, "INVITE, INFO", "info"),
        ("auto", False, "INVITE, ACK", "inband"),
        ("info", True, "INVITE, ACK", "info"),
        ("inband", True, "INVITE, INFO", "inband"),
        ("rfc4733", False, "INVITE, INFO", "info"),
    ],
)
async def test_keys_go_out_in_the_mode_that_the_answer_allows(
    sip: SipChannel, wanted: DtmfMode, events: bool, allow: str, used: str, tmp_path: Path
) -> None:
    def answer(uas: Uas, invite: Request) -> list[str | bytes]:
        return [uas.answer(invite, "200 OK", uas.sdp, more=f"Allow: {allow}\r\n")]

    uas = Uas(answer) if events else Uas(answer, sdp_more="", formats="0")
    async with uas, call(sip, uas.uri, tmp_path / "run") as made:
        await made.until(Answered)
        await uas.wait_for("ACK")
        began = time.monotonic()
        await made.session.act(Press("17#", wanted))
        pressed = await made.until(KeysPressed)
        assert (pressed.digits, pressed.mode) == ("17#", used)
        # two digits with their gaps, and the third
        assert 0.4 < pressed.at - began < 1.0
        await asyncio.sleep(0.1)
    infos = [r for r in uas.requests if r.method == "INFO"]
    events_sent = {p[12] for p in uas.rtp if p[1] & 0x7F == 101}
    assert [r.text.partition("Signal=")[2][0] for r in infos] == (["1", "7", "#"] if used == "info" else [])
    assert events_sent == ({1, 7, 11} if used == "rfc4733" else set())


async def test_a_sound_is_played_and_told_when_it_has_gone_out(sip: SipChannel, tmp_path: Path) -> None:
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    with wave.open(str(sounds / "halo.wav"), "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(b"\x00\x20\x00\x20" * 8000)
    folder = tmp_path / "run"
    folder.mkdir()
    async with Uas(answering) as uas:
        session = await sip.open(Target(run_id="run", to=uas.uri, evidence=folder, sounds=sounds))
        await uas.wait_for("ACK")
        await session.act(Play("halo"))
        loud = [p for p in uas.rtp if len(p) == 172 and sum(b & 0x7F < 0x40 for b in p[12:]) > 150]
        await session.close()
        seen = [o async for o in session.observations()]
    played = next(o for o in seen if isinstance(o, Played))
    assert 0.45 < played.at - played.began < 0.6
    assert 22 <= len(loud) <= 26


async def test_something_is_sent_all_the_time_and_says_nothing(sip: SipChannel, tmp_path: Path) -> None:
    async with Uas(answering) as uas, call(sip, uas.uri, tmp_path / "run"):
        await uas.wait_for("ACK")
        uas.rtp.clear()
        await asyncio.sleep(1.0)
        packets = [p for p in uas.rtp if len(p) == 172]
    assert 45 <= len(packets) <= 55
    # mu-law near zero: 0x7x and 0xfx
    assert all(byte & 0x7F >= 0x7D for p in packets for byte in p[12:])


async def test_rtp_that_never_comes_is_told_after_two_seconds(sip: SipChannel, tmp_path: Path) -> None:
    async with Uas(answering) as uas, call(sip, uas.uri, tmp_path / "run") as made:
        answered = await made.until(Answered)
        stopped = await made.until(Media)
    assert stopped.state is MediaState.STOPPED
    assert stopped.since == answered.at
    assert 1.9 < stopped.at - answered.at < 2.6
    assert not stopped.private_address


async def test_rtp_that_stops_is_told_with_the_instant_of_the_last_packet(sip: SipChannel, tmp_path: Path) -> None:
    async with Uas(answering) as uas, call(sip, uas.uri, tmp_path / "run") as made:
        await uas.wait_for("ACK")
        await uas.send_rtp(uas.requests[0], 0.6)
        last = time.monotonic()
        stopped = await made.until(Media, count=2)
    assert stopped.state is MediaState.STOPPED
    assert abs(stopped.since - last) < 0.25


async def test_a_transfer_is_refused_and_survived(sip: SipChannel, tmp_path: Path) -> None:
    async with Uas(answering) as uas, call(sip, uas.uri, tmp_path / "run") as made:
        await uas.wait_for("ACK")
        invite = uas.requests[0]
        uas.send([uas.request(invite, "REFER", more="Refer-To: <sip:00999@127.0.0.1:9>\r\n")], invite.peer)
        signalled = await made.until(Signalled)
        assert signalled.method == "REFER"
        await uas.wait_for("SIP/2.0")
        assert any(" 603 " in r.text.split("\r\n", 1)[0] for r in uas.requests if r.method == "SIP/2.0")
        assert not made.over.is_set()


async def test_hold_and_resume_are_answered_and_the_sound_goes_on(sip: SipChannel, tmp_path: Path) -> None:
    async with Uas(answering) as uas, call(sip, uas.uri, tmp_path / "run") as made:
        await uas.wait_for("ACK")
        invite = uas.requests[0]
        for count, direction in enumerate(("sendonly", "sendrecv"), start=1):
            body = uas.sdp.replace("o=- 1 1", f"o=- 1 {count + 1}") + f"a={direction}\r\n"
            uas.send([uas.request(invite, "INVITE", body)], invite.peer)
            signalled = await made.until(Signalled, count=count)
            assert signalled.method == "INVITE"
            answers = await uas.wait_for("SIP/2.0", count)
            assert " 200 " in answers[-1].text.split("\r\n", 1)[0]
            uas.send(
                [uas.request(invite, "ACK").replace(f"CSeq: {count * 2} ", f"CSeq: {count * 2 - 1} ")], invite.peer
            )
        assert made.of(Signalled)[0].detail == "sendonly"
        uas.rtp.clear()
        await asyncio.sleep(0.5)
        assert len(uas.rtp) > 15
        await made.session.act(Press("5"))
        assert made.of(KeysPressed)[0].mode == "rfc4733"


async def test_the_cap_ends_the_call_even_when_nobody_asks(sip: SipChannel, tmp_path: Path) -> None:
    async with Uas(answering) as uas, call(sip, uas.uri, tmp_path / "run", cap_s=1.0) as made:
        answered = await made.until(Answered)
        ended = await made.ended()
        await uas.wait_for("BYE")
    assert isinstance(ended, Ended)
    assert 0.7 < ended.at - answered.at < 1.6


async def test_a_far_end_that_never_confirms_our_bye_does_not_hold_us(sip: SipChannel, tmp_path: Path) -> None:
    async with Uas(answering, silent=True) as uas, call(sip, uas.uri, tmp_path / "run") as made:
        await made.until(Answered)
        began = time.monotonic()
        await made.close()
        assert time.monotonic() - began < 3.0
        assert isinstance(made.seen[-1], Ended)


async def test_a_session_that_nobody_refreshes_ends_after_ninety_seconds_where_the_far_end_agrees(
    sip: SipChannel, tmp_path: Path
) -> None:
    async with Uas(answering) as uas, call(sip, uas.uri, tmp_path / "run") as made:
        await made.until(Answered)
        [invite] = await uas.wait_for("INVITE")
    assert invite.header("Session-Expires") == "90"
    assert "timer" in invite.header("Supported")
    assert invite.header("Require") == ""


def _late(uas: Uas, invite: Request) -> list[str | bytes]:
    def answer() -> None:
        uas.send([uas.answer(invite, "200 OK", uas.sdp)], invite.peer)

    asyncio.get_running_loop().call_later(0.4, answer)
    return []


async def test_an_answer_that_comes_after_we_gave_up_is_ended_too(sip: SipChannel, tmp_path: Path) -> None:
    async with Uas(_late) as uas, call(sip, uas.uri, tmp_path / "run") as made:
        await uas.wait_for("INVITE")
        await made.session.act(End())
        await uas.wait_for("BYE")
        ended = await made.ended()
    assert isinstance(ended, Ended)
    assert ended.by_us


async def test_a_silent_host_is_told_also_when_we_give_up_before(sip: SipChannel, tmp_path: Path) -> None:
    async with Uas(mute) as uas, call(sip, uas.uri, tmp_path / "run") as made:
        await uas.wait_for("INVITE", 3)
        await asyncio.sleep(0.6)
        await made.close()
    assert isinstance(made.seen[-1], Unreachable)
    assert "no response to 3 INVITE" in made.seen[-1].cause
