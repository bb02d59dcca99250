"""Calls to far ends that have only IPv6: against a far end of a few lines."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from pathlib import Path

import pytest

from channels import selfcheck
from channels import sip as sip_module
from channels.sip import SipChannel
from channels.voice.pool import Pool
from probe.observation import Answered, Ended, Media, Progress, Refused, Signalled, Trouble, Unreachable
from probe.reasons import Reason
from probe.session import End
from tests.channels.voice.calling import call
from tests.channels.voice.uas import Reply, Request, Uas, answering, mute, refusing, ringing

pytestmark = pytest.mark.asyncio(loop_scope="module")


def there(uas: Uas) -> str:
    return f"sip:1500@[::1]:{uas.port}"


async def test_a_call_to_an_ipv6_host_is_answered_hears_and_is_heard(sip: SipChannel, tmp_path: Path) -> None:
    async with Uas(answering, host="::1") as uas, call(sip, there(uas), tmp_path / "run") as made:
        await made.until(Answered)
        [invite] = await uas.wait_for("INVITE")
        await uas.send_rtp(invite, 1.0)
        await made.until(Media)
        await made.session.act(End())
        await uas.wait_for("BYE")
        assert isinstance(await made.ended(), Ended)
        report = await made.close()
    assert report.media is not None
    assert report.media.packets > 20
    assert len(uas.rtp) > 20
    assert not [request for request in uas.requests if "127.0.0.1" in request.text]
    assert (await uas.wait_for("ACK"))[0].text.startswith(f"ACK sip:far@[::1]:{uas.port} ")
    trace = (tmp_path / "run" / "sip.txt").read_text()
    assert f"--> UDP [::1]:{uas.port}" in trace
    assert "127.0.0.1" not in trace


async def test_a_name_with_only_an_ipv6_address_is_called_by_its_name(
    sip: SipChannel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def only_ipv6(_host: str, _port: int) -> selfcheck.Route:
        return selfcheck.Route("::1", "::1")

    monkeypatch.setattr(selfcheck, "route_to", only_ipv6)
    async with (
        Uas(answering, host="::1") as uas,
        call(sip, f"sip:1500@Pbx.example:{uas.port}", tmp_path / "run") as made,
    ):
        await made.until(Answered)
        [invite] = await uas.wait_for("INVITE")
        await made.session.act(End())
        await uas.wait_for("BYE")
    assert invite.text.startswith(f"INVITE sip:1500@Pbx.example:{uas.port} ")


@pytest.mark.parametrize(("old", "new", "told"), [
    (r"m=audio \d+", "m=audio 9", "media moved to 127.0.0.1:"),
    (r"(?s)$", "a=sendonly\r\n", "sendonly"),
    (r"c=IN IP6 ::1", "c=IN IP6 ::", "media moved to 0.0.0.0:"),
])  # fmt: skip
async def test_media_that_move_and_hold_over_ipv6_are_seen(
    sip: SipChannel, tmp_path: Path, old: str, new: str, told: str
) -> None:
    async with Uas(answering, host="::1") as uas, call(sip, there(uas), tmp_path / "run") as made:
        await made.until(Answered)
        [invite] = await uas.wait_for("INVITE")
        offer = uas.request(invite, "INVITE", re.sub(old, new, uas.sdp, count=1))
        uas.send([offer.replace("127.0.0.1", "[::1]")], invite.peer)
        assert told in (await made.until(Signalled)).detail
        [answer] = await uas.wait_for("SIP/2.0")
        assert answer.text.startswith("SIP/2.0 200 OK")
        assert "IN IP6" in answer.text
        assert "127.0.0.1" not in answer.text


@pytest.mark.parametrize("status", ["486 Busy Here", "404 Not Found", "302 Moved"])
async def test_a_refusal_over_ipv6_is_a_refusal(sip: SipChannel, status: str, tmp_path: Path) -> None:
    async with Uas(refusing(status), host="::1") as uas, call(sip, there(uas), tmp_path / "run") as made:
        ended = await made.ended()
        assert isinstance(ended, Refused)
        assert (ended.code, ended.phrase) == (int(status[:3]), status[4:])
        await uas.wait_for("ACK")


async def test_a_silent_ipv6_host_is_unreachable_while_our_side_works(
    sip: SipChannel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sip_module, "UNANSWERED_S", 1.0)
    async with Uas(mute, host="::1") as uas, call(sip, there(uas), tmp_path / "run") as made:
        ended = await made.ended()
    assert isinstance(ended, Unreachable)
    assert ended.network_ok
    assert "no response to 2 INVITE" in ended.cause


async def test_garbage_over_ipv6_is_no_answer_and_named(
    sip: SipChannel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sip_module, "UNANSWERED_S", 1.0)

    def rubbish(_uas: Uas, _invite: Request) -> list[str | bytes]:
        return [b"\x00\xff\xfe" * 50, "HTTP/1.1 200 OK\r\n\r\n", b"\r\n" * 4000, b"x" * 20000]

    async with Uas(rubbish, host="::1") as uas, call(sip, there(uas), tmp_path / "run") as made:
        ended = await made.ended()
    assert isinstance(ended, Unreachable)
    assert "is no SIP" in ended.cause


async def test_an_ipv6_address_without_a_route_is_our_network(sip: SipChannel, tmp_path: Path) -> None:
    # link-local without a scope: no machine knows the way
    async with call(sip, "sip:1500@[fe80::7]", tmp_path / "run") as made:
        ended = await made.ended()
    assert isinstance(ended, Unreachable)
    assert not ended.network_ok


async def test_over_tcp_an_ipv6_host_is_our_limit_and_not_its_fault(sip: SipChannel, tmp_path: Path) -> None:
    async with call(sip, "sip:1500@[::1];transport=tcp", tmp_path / "run") as made:
        ended = await made.ended()
    assert isinstance(ended, Trouble)
    assert ended.reason is Reason.NETWORK
    assert "IPv6" in ended.detail


@pytest.mark.parametrize(("far_end", "sign", "farewell"), [(answering, Answered, "BYE"), (ringing, Progress, "CANCEL")])
async def test_the_call_of_a_killed_engine_is_ended_over_ipv6(
    pool: Pool, tmp_path: Path, far_end: Reply, sign: type[Answered | Progress], farewell: str
) -> None:
    async with Uas(far_end, host="::1") as uas, call(SipChannel(pool=pool), there(uas), tmp_path / "run") as made:
        await made.until(sign)
        engine = next(e for e in pool.engines if e.seats)
        killed_at = time.monotonic()
        os.kill(engine.pid, signal.SIGKILL)
        assert isinstance(await made.ended(), Trouble)
        [last] = await uas.wait_for(farewell)
        assert time.monotonic() - killed_at < 1.0
        assert last.header("Call-ID") == uas.requests[0].header("Call-ID")
        await made.close()
    assert f"{farewell} sent for the dead engine and confirmed" in (tmp_path / "run" / "sip.txt").read_text()


async def test_nothing_of_the_gate_is_left_when_its_engine_has_gone(tmp_path: Path) -> None:
    own = Pool("siaga/test")
    async with Uas(answering, host="::1") as uas, call(SipChannel(pool=own), there(uas), tmp_path / "run") as made:
        await made.until(Answered)
        [invite] = await uas.wait_for("INVITE")
        media = int(invite.text.partition("m=audio ")[2].split(" ")[0])
        signalling = int(invite.header("Contact").partition("]:")[2].partition(";")[0])
        assert not is_free(media)
        await made.close()
        assert is_free(media)
        assert not is_free(signalling)
        await own.close()
        assert is_free(signalling)


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("::1", port))
        except OSError:
            return False
    return True
