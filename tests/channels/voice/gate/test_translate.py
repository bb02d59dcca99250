"""SIP messages on their way through the gate."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.voice.gate.message import Message, place_in
from channels.voice.gate.translate import Ends, inward, outward

ENDS = Ends(engine=("127.0.0.1", 5062), inner=("127.0.0.1", 40000), outer=("2001:db8::1", 41000))
FAR = ("2001:db8::9", 5060)
INVITE = (
    "INVITE sip:1500@[2001:db8::9] SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 127.0.0.1:5062;rport;branch=z9hG4bKabc\r\n"
    "Route: <sip:127.0.0.1:40000;lr>\r\n"
    "From: <sip:siaga@[2001:db8::1]>;tag=us\r\n"
    "To: <sip:1500@[2001:db8::9]>\r\n"
    "Contact: <sip:siaga@127.0.0.1:5062;ob>\r\n"
    "Call-ID: 1@siaga\r\n"
    "CSeq: 7 INVITE\r\n"
    "Content-Length: 0\r\n\r\n"
)
OK = (
    "SIP/2.0 200 OK\r\n"
    "Via: SIP/2.0/UDP [2001:DB8:0::1]:41000;received=2001:db8::1;rport=41000;branch=z9hG4bKabc\r\n"
    "Record-Route: <sip:[2001:db8::a];lr>, <sip:[2001:db8::b];lr>\r\n"
    "From: <sip:siaga@[2001:db8::1]>;tag=us\r\nTo: <sip:1500@[2001:db8::9]>;tag=far\r\n"
    "Contact: <sip:far@[2001:db8::9]:5070>\r\nCall-ID: 1@siaga\r\nCSeq: 7 INVITE\r\nContent-Length: 0\r\n\r\n"
)
BYE = (
    "BYE sip:siaga@[2001:db8::1]:41000;ob SIP/2.0\r\n"
    "v: SIP/2.0/UDP [2001:db8::9]:5070;branch=z9hG4bKfar;rport, SIP/2.0/UDP [2001:db8::c];branch=z9hG4bKdeep\r\n"
    "f: <sip:1500@[2001:db8::9]>;tag=far\r\nt: <sip:siaga@[2001:db8::1]>;tag=us\r\n"
    "i: 1@siaga\r\nCSeq: 1 BYE\r\nl: 0\r\n\r\n"
)


def read(text: str) -> Message:
    message = Message.read(text.encode())
    assert message is not None
    return message


def written(message: Message) -> str:
    return message.write().decode()


def test_a_request_leaves_as_from_one_caller_with_an_ipv6_address() -> None:
    message = read(INVITE)
    assert outward(message, ENDS) == FAR
    text = written(message)
    assert "127.0.0.1" not in text
    assert "Route:" not in text
    assert text.startswith("INVITE sip:1500@[2001:db8::9] SIP/2.0\r\n")
    assert "\r\nVia: SIP/2.0/UDP [2001:db8::1]:41000;rport;branch=z9hG4bKabc\r\n" in text
    assert "\r\nContact: <sip:siaga@[2001:db8::1]:41000;ob>\r\n" in text


def test_a_proxy_of_the_trunk_keeps_its_route_and_is_the_next_hop() -> None:
    message = read(INVITE.replace(";lr>\r\n", ";lr>, <sip:[2001:db8::5]:5080;lr>\r\n", 1))
    assert outward(message, ENDS) == ("2001:db8::5", 5080)
    assert "\r\nRoute: <sip:[2001:db8::5]:5080;lr>\r\n" in written(message)


def test_an_answer_comes_back_as_to_what_the_engine_sent_and_keeps_the_gate_in_the_route_set() -> None:
    message = read(OK)
    assert inward(message, ENDS, FAR)
    text = written(message)
    # without the far end's view of us: it would make the engine rewrite its Contact
    assert "\r\nVia: SIP/2.0/UDP 127.0.0.1:5062;rport=5062;branch=z9hG4bKabc\r\n" in text
    routes = [line for line in text.split("\r\n") if line.startswith("Record-Route")]
    assert [place_in(route) for route in routes] == [("2001:db8::a", 5060), ("2001:db8::b", 5060), ENDS.inner]
    assert "Contact: <sip:far@[2001:db8::9]:5070>" in text


def test_an_answer_to_somebody_else_is_dropped() -> None:
    assert not inward(read(OK.replace(":41000;received", ":41001;received")), ENDS, FAR)


def test_the_contact_that_a_registrar_holds_is_the_one_the_engine_knows() -> None:
    listed = '<sip:siaga@[2001:db8::1]:41000;ob>;expires=60, "other, one" <sip:siaga@[2001:db8::1]:5060>;expires=9'
    message = read(OK.replace("7 INVITE", "7 REGISTER").replace("<sip:far@[2001:db8::9]:5070>", listed))
    assert inward(message, ENDS, FAR)
    text = written(message)
    assert '<sip:siaga@127.0.0.1:5062;ob>;expires=60, "other, one" <sip:siaga@[2001:db8::1]:5060>;expires=9' in text


def test_a_request_of_the_far_end_is_answered_to_where_it_came_from() -> None:
    message = read(BYE)
    assert inward(message, ENDS, ("2001:db8::9", 6000))
    text = written(message)
    assert text.startswith("BYE sip:siaga@127.0.0.1:5062;ob SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:40000;rport;branch=")
    vias = "".join(f"{line}\r\n" for line in text.split("\r\n") if line.lower().startswith(("v:", "via:")))
    answer = read(f"SIP/2.0 200 OK\r\n{vias}Call-ID: 1@siaga\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n")
    assert outward(answer, ENDS) == ("2001:db8::9", 6000)
    told = written(answer)
    assert "127.0.0.1" not in told
    assert told.index("z9hG4bKfar") < told.index("z9hG4bKdeep")


@pytest.mark.parametrize(
    ("via", "place"),
    [
        ("[2001:db8::9]:5070;branch=z9hG4bKa", ("2001:db8::7", 5070)),
        ("[2001:db8::9];branch=z9hG4bKa", ("2001:db8::7", 5060)),
        ("far.example:5071;branch=z9hG4bKa;received=2001:db8::666", ("2001:db8::7", 5071)),
        ("far.example;RPORT=1;branch=z9hG4bKa", ("2001:db8::7", 6000)),
    ],
)
def test_the_answer_goes_to_the_source_whatever_the_via_claims(via: str, place: tuple[str, int]) -> None:
    message = read(
        f"OPTIONS sip:[2001:db8::1]:41000 SIP/2.0\r\nVia: SIP/2.0/UDP {via}\r\ni: 2\r\nCSeq: 1 OPTIONS\r\n\r\n"
    )
    assert inward(message, ENDS, ("2001:db8::7", 6000))
    message.first, message.code = "SIP/2.0 200 OK", 200
    assert outward(message, ENDS) == place


def test_a_repeated_request_has_the_same_branch_for_the_engine_and_another_one_another() -> None:
    def branch(text: str) -> str:
        message = read(text)
        assert inward(message, ENDS, FAR)
        return message.top("via").partition("branch=")[2]

    assert branch(BYE) == branch(BYE) != branch(BYE.replace("z9hG4bKfar", "z9hG4bKnew"))


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\r\n\r\n",
        b"\x00\xff" * 100,
        b"HTTP/1.1 200 OK\r\n\r\n",
        INVITE.replace("Call-ID: 1@siaga\r\n", "").encode(),
        INVITE.replace("CSeq: 7 INVITE", "CSeq: many INVITE").encode(),
        INVITE.replace("Content-Length: 0", "Content-Length: 70").encode(),
        INVITE.replace("Content-Length: 0", "Content-Length: -1").encode(),
        INVITE.replace("Content-Length: 0", "Content-Length: ٣").encode(),
        INVITE.replace("\r\n\r\n", "\r\n" + "X: 1\r\n" * 200 + "\r\n").encode(),
        INVITE.removesuffix("\r\n").encode(),
    ],
)
def test_what_is_no_whole_message_is_dropped(broken: bytes) -> None:
    assert Message.read(broken) is None


@pytest.mark.parametrize("via", ["", "SIP/2.0/UDP", "SIP/2.0/UDP [::zz]:1", "SIP/2.0/UDP h:99999", "rubbish", ",,,"])
def test_a_message_with_an_unusable_via_is_dropped(via: str) -> None:
    message = read(BYE.replace(BYE[BYE.index("v:") : BYE.index("f:")], f"v: {via}\r\n"))
    assert not inward(message, ENDS, FAR)
    assert outward(message, ENDS) is None


def test_what_was_not_changed_stays_byte_for_byte() -> None:
    odd = INVITE.replace("From:", "X-Odd:  \u00e9 \x01 \r\nFrom:").encode().replace(b"\xc3\xa9", b"\xe9")
    message = Message.read(odd)
    assert message is not None
    assert b"X-Odd: \xe9 \x01\r\n" in message.write()


@given(
    st.lists(st.sampled_from([*INVITE.split("\r\n"), *OK.split("\r\n"), *BYE.split("\r\n"), ""]), max_size=20),
    st.text(),
)
def test_no_mixture_of_headers_can_raise(lines: list[str], garbage: str) -> None:
    for text in (
        "\r\n".join([*lines, "", ""]),
        "\r\n".join([INVITE.split("\r\n", maxsplit=1)[0], garbage, *lines, "", ""]),
    ):
        for way in (lambda m: outward(m, ENDS), lambda m: inward(m, ENDS, FAR)):
            message = Message.read(text.encode("utf-8", "surrogatepass"))
            if message is not None:
                way(message)
                message.write()


@given(st.binary(max_size=400))
def test_no_bytes_can_raise(data: bytes) -> None:
    for raw in (data, OK.encode()[:100] + data, BYE.encode().replace(b"z9hG4bKfar", data)):
        message = Message.read(raw)
        if message is not None:
            outward(message, ENDS)
            inward(message, ENDS, FAR)
            message.write()
