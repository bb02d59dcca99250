"""Trunks at work: registration with digest, its refresh and its refusals, and calls that follow it."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from channels import sip as sip_module
from channels.sip import SipChannel
from channels.voice.pool import Pool
from channels.voice.trunk import Trunk
from probe.observation import Answered, Trouble, Unreachable
from probe.reasons import Reason
from tests.channels.voice.calling import call
from tests.channels.voice.uas import Request, Uas, answering

pytestmark = pytest.mark.asyncio(loop_scope="module")
PASSWORD = "rahasia-sekali"
CHALLENGE = 'WWW-Authenticate: Digest realm="carrier", nonce="abc", algorithm=MD5, qop="auth"\r\n'


class Registrar(Uas):
    """Asks for digest credentials in REGISTER and INVITE, and checks them."""

    expires = 300
    too_brief = 0
    """Answers so many REGISTER with 423 before it accepts."""
    asks_invite = False

    def on_other(self, request: Request) -> list[str | bytes]:
        if request.method != "REGISTER":
            return super().on_other(request)
        if not knows_password(request, "REGISTER"):
            return [self.answer(request, "401 Unauthorized", more=CHALLENGE)]
        if self.too_brief:
            self.too_brief -= 1
            return [self.answer(request, "423 Interval Too Brief", more="Min-Expires: 900\r\n")]
        contact = re.sub(r">.*", ">", request.header("Contact"))
        expires = 0 if request.header("Expires") == "0" else self.expires
        return [self.answer(request, "200 OK", more=f"Contact: {contact};expires={expires}\r\n").replace(
            f"Contact: <sip:far@127.0.0.1:{self.port}>\r\n", ""
        )]  # fmt: skip


def knows_password(request: Request, method: str) -> bool:
    """Digest of RFC 2617, worked out here once more."""
    values = dict(re.findall(r'(\w+)="?([^",]*)"?', request.header("Authorization")))
    if not values:
        return False

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    secret, wanted = md5(f"siaga:carrier:{PASSWORD}"), md5(f"{method}:{values['uri']}")
    return bool(values["response"] == md5(f"{secret}:abc:{values['nc']}:{values['cnonce']}:auth:{wanted}"))


def challenging(uas: Uas, invite: Request) -> list[str | bytes]:
    if knows_password(invite, "INVITE"):
        return answering(uas, invite)
    return [uas.answer(invite, "401 Unauthorized", more=CHALLENGE)]


def carrier(uas: Uas, name: str, *, password: str = PASSWORD, proxy: str = "", register: bool = True) -> Trunk:
    return Trunk(
        name=name,
        registrar=f"sip:127.0.0.1:{uas.port}",
        proxy=proxy,
        username="siaga",
        password=password,
        register=register,
        from_="+62215550100",
    )


async def test_a_call_waits_for_the_registration_and_gives_its_credentials(pool: Pool, tmp_path: Path) -> None:
    async with Registrar(challenging) as uas:
        sip = SipChannel({"one": carrier(uas, "one")}, pool)
        async with call(sip, "02112345", tmp_path / "run", trunk="one") as made:
            await made.until(Answered)
        registers = [r for r in uas.requests if r.method == "REGISTER"]
        invites = [r for r in uas.requests if r.method == "INVITE"]
        assert uas.requests.index(registers[1]) < uas.requests.index(invites[0])
        assert registers[0].header("To") == "<sip:siaga@127.0.0.1>"
        assert invites[-1].text.startswith(f"INVITE sip:02112345@127.0.0.1:{uas.port} SIP/2.0")
        assert "sip:+62215550100@127.0.0.1" in invites[-1].header("From")
        trace = (tmp_path / "run" / "sip.txt").read_text()
        assert "REGISTER sip:" in trace
        assert "Authorization: Digest [redacted]" in trace
        response = re.search(r'response="(\w+)"', invites[-1].text)
        assert response is not None
        assert response[1] not in trace
        # the second call needs no second registration
        before = len(registers)
        async with call(sip, "02112345", tmp_path / "again", trunk="one") as made:
            await made.until(Answered)
        assert len([r for r in uas.requests if r.method == "REGISTER"]) == before


async def test_a_wrong_password_is_told_before_any_call(pool: Pool, tmp_path: Path) -> None:
    async with Registrar(challenging) as uas:
        sip = SipChannel({"two": carrier(uas, "two", password="salah")}, pool)
        async with call(sip, "02112345", tmp_path / "run", trunk="two") as made:
            ended = await made.ended()
        assert isinstance(ended, Trouble)
        assert ended.reason is Reason.TRUNK_AUTH_REJECTED
        assert not [r for r in uas.requests if r.method == "INVITE"]


async def test_an_interval_that_is_too_brief_is_made_longer(pool: Pool, tmp_path: Path) -> None:
    async with Registrar(challenging) as uas:
        uas.too_brief = 1
        sip = SipChannel({"three": carrier(uas, "three")}, pool)
        async with call(sip, "02112345", tmp_path / "run", trunk="three") as made:
            await made.until(Answered)
        asked = [r.header("Expires") for r in uas.requests if r.method == "REGISTER"]
        assert asked[-1] == "900"


async def test_a_registration_is_refreshed_before_it_ends_and_taken_back_at_the_end(tmp_path: Path) -> None:
    async with Registrar(challenging) as uas:
        uas.expires = 7
        own = Pool("siaga/test", spares=0)
        sip = SipChannel({"four": carrier(uas, "four")}, own)
        async with call(sip, "02112345", tmp_path / "run", trunk="four") as made:
            await made.until(Answered)
            first = len([r for r in uas.requests if r.method == "REGISTER"])
            await uas.wait_for("REGISTER", first + 1, timeout_s=7)
        await sip.close()
        await asyncio.sleep(0)
        assert [r for r in uas.requests if r.method == "REGISTER"][-1].header("Expires") == "0"


async def test_a_silent_registrar_is_the_trunks_silence(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sip_module, "UNANSWERED_S", 1.0)
    async with Registrar(challenging) as uas:
        trunk = carrier(uas, "five")
    # nobody listens there any more
    async with call(SipChannel({"five": trunk}, pool), "02112345", tmp_path / "run", trunk="five") as made:
        ended = await made.ended(20)
    assert isinstance(ended, Unreachable)
    assert ended.through_trunk
    assert "registration" in ended.cause


async def test_everything_goes_through_the_outbound_proxy(pool: Pool, tmp_path: Path) -> None:
    async with Uas(answering) as proxy:
        trunk = Trunk(name="six", registrar="sip:carrier.invalid", proxy=f"sip:127.0.0.1:{proxy.port}", register=True)
        async with call(SipChannel({"six": trunk}, pool), "1500", tmp_path / "run", trunk="six") as made:
            await made.until(Answered)
        register, invite = proxy.requests[0], next(r for r in proxy.requests if r.method == "INVITE")
    assert register.text.startswith("REGISTER sip:carrier.invalid SIP/2.0")
    assert invite.text.startswith("INVITE sip:1500@carrier.invalid SIP/2.0")
    assert f"127.0.0.1:{proxy.port};lr" in invite.header("Route")


async def test_the_public_address_and_the_trunks_own_ports_are_offered(pool: Pool, tmp_path: Path) -> None:
    async with Uas(answering) as uas:
        trunk = Trunk(
            name="seven", registrar=f"127.0.0.1:{uas.port}", public_address="203.0.113.7", rtp_ports=(61000, 61099)
        )
        async with call(SipChannel({"seven": trunk}, pool), "1500", tmp_path / "run", trunk="seven") as made:
            await made.until(Answered)
        invite = uas.requests[0]
    assert "c=IN IP4 203.0.113.7\r\n" in invite.text
    assert "@203.0.113.7:" in invite.header("Contact")
    port = re.search(r"m=audio (\d+)", invite.text)
    assert port is not None
    assert 61000 <= int(port[1]) <= 61099


@pytest.mark.parametrize(
    ("srtp", "check"),
    [
        ("off", lambda sdp: "RTP/AVP" in sdp and "crypto" not in sdp),
        ("optional", lambda sdp: "a=crypto:1" in sdp),
        ("required", lambda sdp: "RTP/SAVP" in sdp and "a=crypto:1" in sdp),
    ],
)
async def test_encrypted_media_is_offered_as_the_trunk_wants_it(
    srtp: str, check: Callable[[str], bool], pool: Pool, tmp_path: Path
) -> None:
    async with Uas(lambda uas, invite: [uas.answer(invite, "486 Busy")]) as uas:
        trunk = Trunk(name=f"srtp-{srtp}", registrar=f"127.0.0.1:{uas.port}", srtp=srtp)  # type: ignore[arg-type]
        async with call(SipChannel({trunk.name: trunk}, pool), "1500", tmp_path / "run", trunk=trunk.name) as made:
            await made.ended()
        assert check(uas.requests[0].text)
    trace = (tmp_path / "run" / "sip.txt").read_text()
    assert "inline:" not in trace.replace("inline:[redacted]", "")


async def test_only_the_three_codecs_are_offered(pool: Pool, tmp_path: Path) -> None:
    async with Uas(answering) as uas:
        async with call(SipChannel(pool=pool), uas.uri, tmp_path / "run") as made:
            await made.until(Answered)
        offered = re.findall(r"a=rtpmap:\d+ (\S+)", uas.requests[0].text)
    assert offered == ["PCMU/8000", "PCMA/8000", "G722/8000", "telephone-event/8000"]
