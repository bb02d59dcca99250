"""What an engine holds at registrars, read from its messages, and the REGISTER that takes it back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from channels.voice import digest, sipmsg
from channels.voice.bindings import Binding, Bindings
from channels.voice.rescue import LIMIT_S, take_back
from channels.voice.wire import Account, SipText

ACCOUNT = Account(
    key="t|udp|127.0.0.1",
    id_uri="sip:siaga@carrier.example",
    registrar="sip:carrier.example",
    username="siaga",
    password="rahasia",
    register=True,
    rtp_port=20000,
    rtp_ports=20,
)
CONTACT = "<sip:siaga@192.0.2.7:5080;ob>"


def request(
    cseq: int, contact: str = CONTACT, expires: str = "60", to: str = "sip:siaga@carrier.example", call_id: str = "one"
) -> str:
    return (
        "REGISTER sip:carrier.example SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5080;rport;branch=z9hG4bKPj1\r\n"
        f"Route: <sip:edge.example;lr>\r\nFrom: <{to}>;tag=ours\r\nTo: <{to}>\r\nCall-ID: {call_id}\r\n"
        f"CSeq: {cseq} REGISTER\r\nContact: {contact}\r\nExpires: {expires}\r\n"
        "Authorization: Digest [redacted]\r\nContent-Length: 0\r\n\r\n"
    )


def answer(cseq: int, status: str = "200 OK", more: str = "", call_id: str = "one") -> str:
    return f"SIP/2.0 {status}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} REGISTER\r\n{more}Content-Length: 0\r\n\r\n"


def after(*texts: str, accounts: tuple[Account, ...] = (ACCOUNT,), peer: str = "127.0.0.1:9") -> list[Binding]:
    bindings = Bindings(set())
    for account in accounts:
        bindings.know(account)
    for text in texts:
        sent = text.startswith("REGISTER")
        bindings.take(SipText(call="", at=0.0, sent=sent, transport="UDP", peer=peer, text=text))
    return bindings.left()


def test_the_removal_is_the_engines_own_next_register() -> None:
    [left] = after(request(7), answer(7))
    text = left.removal()
    made = sipmsg.parse(text)
    assert made is not None
    assert (made.method, made.uri, made.call_id, made.cseq) == (
        "REGISTER",
        "sip:carrier.example",
        "one",
        (8, "REGISTER"),
    )
    assert made.every("contact") == ["<sip:siaga@192.0.2.7:5080;ob>;expires=0"]
    assert (made.first("expires"), made.every("route")) == ("0", ["<sip:edge.example;lr>"])
    assert made.first("via").startswith("SIP/2.0/UDP 127.0.0.1:5080;rport;branch=z9hG4bK")
    assert made.first("from") == "<sip:siaga@carrier.example>;tag=ours"
    assert not made.first("authorization")
    again = sipmsg.parse(left.removal({"Authorization": "Authorization: Digest x"}))
    assert again is not None
    assert (again.cseq, again.first("authorization")) == ((9, "REGISTER"), "Digest x")


@pytest.mark.parametrize(
    ("messages", "left"),
    [
        ([request(1)], True),  # not answered: it may have arrived
        ([request(1), answer(1, "100 Trying")], True),
        ([request(1), answer(1, "401 Unauthorized")], False),
        ([request(1), answer(1, "401 Unauthorized"), request(2)], True),
        ([request(1), answer(1, "403 Forbidden")], False),
        ([request(1), answer(1)], True),
        ([request(1), answer(1), request(2), answer(2, "403 Forbidden")], True),  # refused to refresh, still bound
        ([request(1), answer(1), request(2, expires="0"), answer(2)], False),
        ([request(1), answer(1), request(2, contact=f"{CONTACT};expires=0"), answer(2)], False),
        ([request(1), answer(1), request(2, expires="0")], False),  # the engine has said it itself
        ([request(1), answer(1), request(2, expires="0"), answer(2, "401 Unauthorized")], True),  # and was not believed
        ([request(1), answer(1), request(2), answer(1, "403 Forbidden"), answer(2)], True),  # an old answer once more
        ([answer(1)], False),  # nobody asked
        ([request(1), answer(1, call_id="other")], True),
        ([request(1), answer(1), "rubbish", "SIP/2.0 200 OK\r\nCSeq: x\r\n\r\n"], True),
    ],
)
def test_what_is_left_is_what_a_registrar_may_hold(messages: list[str], left: bool) -> None:
    assert bool(after(*messages)) is left


def test_a_contact_that_was_rewritten_leaves_none_of_its_forms_behind() -> None:
    rewritten = "<sip:siaga@203.0.113.9:40000;ob>"
    [left] = after(request(1), answer(1), request(2, rewritten), answer(2))
    assert left.contacts == ["sip:siaga@192.0.2.7:5080;ob", "sip:siaga@203.0.113.9:40000;ob"]
    [left] = after(request(1), answer(1), request(2, f"{CONTACT};expires=0, {rewritten}"), answer(2))
    assert left.contacts == ["sip:siaga@203.0.113.9:40000;ob"]


def test_each_registration_gets_the_credentials_of_its_account() -> None:
    other = Account(
        key="u",
        id_uri="sip:lain@carrier.example",
        registrar="sip:carrier.example",
        register=True,
        rtp_port=1,
        rtp_ports=2,
    )
    silent = Account(key="v", id_uri="sip:lain@carrier.example", rtp_port=1, rtp_ports=2)
    lefts = after(
        request(1), request(1, to="sip:lain@carrier.example", call_id="two"), accounts=(ACCOUNT, other, silent)
    )
    assert [left.account for left in lefts] == [ACCOUNT, other]


def test_who_was_let_in_is_remembered() -> None:
    let_in: set[str] = set()
    bindings = Bindings(let_in)
    bindings.know(ACCOUNT)
    for text in (request(1), answer(1, "401 Unauthorized"), request(2)):
        bindings.take(SipText(call="", at=0.0, sent=text[0] == "R", transport="UDP", peer="127.0.0.1:9", text=text))
        assert let_in == set()
    bindings.take(SipText(call="", at=0.0, sent=False, transport="UDP", peer="127.0.0.1:9", text=answer(2)))
    assert let_in == {ACCOUNT.key}


Answers = Callable[[sipmsg.SipMessage], list[str]]


class Registrar(asyncio.DatagramProtocol):
    """Answers as told, with raw texts."""

    def __init__(self, answers: Answers) -> None:
        self.came: list[sipmsg.SipMessage] = []
        self._answers = answers

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        message = sipmsg.parse(data.decode())
        assert message is not None
        self.came.append(message)
        for text in self._answers(message):
            self.transport.sendto(text.encode(), addr)


async def taken_back(answers: Answers) -> tuple[str, list[sipmsg.SipMessage]]:
    registrar = Registrar(answers)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: registrar, local_addr=("127.0.0.1", 0))
    [left] = after(request(7), answer(7), peer=f"127.0.0.1:{transport.get_extra_info('sockname')[1]}")
    try:
        async with asyncio.timeout(LIMIT_S + 1):
            return await take_back(left), registrar.came
    finally:
        transport.close()


CHALLENGE = 'WWW-Authenticate: Digest realm="carrier", nonce="abc", algorithm=MD5, qop="auth"\r\n'
PROXY = 'Proxy-Authenticate: Digest realm="edge", nonce="def", algorithm=SHA-256, qop="auth"\r\n'


async def test_a_proxy_and_a_registrar_that_ask_for_the_password_get_it() -> None:
    def answers(message: sipmsg.SipMessage) -> list[str]:
        number = message.cseq[0]
        if not message.first("proxy-authorization"):
            return [answer(number, "407 Proxy Authentication Required", PROXY)]
        if not message.first("authorization"):
            return [answer(number, "100 Trying"), answer(number, "401 Unauthorized", CHALLENGE)]
        return [answer(number)]

    said, came = await taken_back(answers)
    assert said == "un-REGISTER sent for the dead engine and confirmed"
    assert [m.cseq[0] for m in came] == [8, 9, 10]
    assert 'username="siaga"' in came[-1].first("authorization")
    assert "algorithm=SHA-256" in came[-1].first("proxy-authorization")


async def test_a_password_that_is_refused_is_not_sent_for_ever() -> None:
    said, came = await taken_back(lambda m: [answer(m.cseq[0], "401 Unauthorized", CHALLENGE)])
    assert said == "un-REGISTER sent for the dead engine and refused: 401 Unauthorized"
    assert len(came) == 3


@pytest.mark.parametrize(
    "rubbish",
    [
        [],
        ["rubbish"],
        [answer(1)],
        [answer(8, call_id="another")],
        [answer(8, "183 Later")],
        ["SIP/2.0 200 OK\r\nCall-ID: one\r\nCSeq: 8 INVITE\r\n\r\n"],
    ],
)
async def test_what_is_no_answer_is_waited_out_and_asked_again(rubbish: list[str]) -> None:
    said, came = await taken_back(lambda _: rubbish)
    assert said == f"un-REGISTER sent for the dead engine; not confirmed in {LIMIT_S} s"
    assert rubbish or len(came) > 3


async def test_where_nobody_can_be_reached_nothing_is_raised() -> None:
    [left] = after(request(7), answer(7))
    for transport, peer in (("TCP", "127.0.0.1:1"), ("TLS", "127.0.0.1:1"), ("TCP", "nowhere"), ("UDP", "x:y")):
        left.transport, left.peer = transport.lower(), peer
        assert "could not be sent" in await take_back(left)


def test_a_challenge_without_a_username_cannot_be_answered() -> None:
    message = sipmsg.parse(answer(8, "401 Unauthorized", CHALLENGE))
    assert message is not None
    assert digest.authorization(message, "REGISTER", "sip:carrier.example", "", "") == ""
