"""Trunks: what their settings become in an engine; and the URIs that are dialled."""

from __future__ import annotations

import pytest

from channels.voice.trunk import Trunk, account, account_key, first_hop, from_uri, target_uri
from channels.voice.uri import parse_uri

TRUNK = Trunk(name="carrier", registrar="sip:reg.example:5070", username="siaga", password="x", register=True)
TLS = Trunk(
    name="t", registrar="reg.example", proxy="sip:edge.example", transport="tls", srtp="required", tls_ca="/ca.pem"
)


@pytest.mark.parametrize(
    ("to", "trunk", "uri"),
    [
        ("sip:1500@192.0.2.7:5062", None, "sip:1500@192.0.2.7:5062"),
        ("sips:1500@pbx.example", None, "sip:1500@pbx.example;transport=tls"),
        ("sip:1500@pbx.example;transport=tcp;x=1", None, "sip:1500@pbx.example;transport=tcp;x=1"),
        ("sip:1500@[::1]:5060", None, "sip:1500@[::1]:5060"),
        ("02112345", TRUNK, "sip:02112345@reg.example:5070"),
        ("sip:02112345@REG.example.:5071", TRUNK, "sip:02112345@REG.example.:5071"),
        ("sip:02112345@other.example", TLS, "sip:02112345@other.example;transport=tls"),
        ("02112345", TLS, "sip:02112345@reg.example;transport=tls"),
    ],
)
def test_what_is_dialled(to: str, trunk: Trunk | None, uri: str) -> None:
    assert target_uri(to, trunk).text == uri


@pytest.mark.parametrize(
    "to", ["1500", "sip:", "sip:a@b:99999", "sip:a@b:0", "sip:a b@c", "sip:a@b;transport=sctp", "sip:a@b\r\nX: y"]
)
def test_what_is_no_uri_is_refused(to: str) -> None:
    with pytest.raises(ValueError, match=r"sip|transport|port"):
        target_uri(to, None)


@pytest.mark.parametrize(
    "to",
    [
        "sip:02112345@other.example",
        "sips:02112345@192.0.2.9",
        "sip:1@reg.example.evil.example",
        "sip:1@reg.example;maddr=192.0.2.9",
        "sip:1@reg.example;lr;%6DADDR=192.0.2.9",
        "sip:1@reg.example?Subject=x&Route=sip:192.0.2.9%3Blr",
    ],
)
def test_nobody_but_the_trunk_may_ask_for_its_password(to: str) -> None:
    with pytest.raises(ValueError, match=r"does not lead through trunk 'carrier', whose host is reg\.example; dial"):
        target_uri(to, TRUNK)


def test_the_first_hop_is_the_proxy_where_there_is_one() -> None:
    assert first_hop(target_uri("1", TRUNK), TRUNK).host == "reg.example"
    hop = first_hop(target_uri("1", TLS), TLS)
    assert (hop.host, hop.port, hop.transport) == ("edge.example", 5061, "tls")


def test_the_account_of_a_trunk() -> None:
    made = account(TRUNK, parse_uri("sip:reg.example:5070"), "192.0.2.1", "203.0.113.7", (16384, 20))
    assert made.id_uri == "sip:siaga@reg.example"
    assert made.registrar == "sip:reg.example:5070"
    assert (made.username, made.password, made.register) == ("siaga", "x", True)
    assert (made.public_address, made.rtp_port, made.rtp_ports) == ("203.0.113.7", 16384, 20)
    assert made.proxy == ""


def test_the_account_of_a_trunk_behind_a_proxy_over_tls() -> None:
    made = account(TLS, first_hop(target_uri("1", TLS), TLS), "192.0.2.1", "", (16384, 20))
    assert made.proxy == "sip:edge.example;transport=tls;lr"
    assert made.registrar == ""
    assert (made.transport, made.srtp, made.tls_ca) == ("tls", "required", "/ca.pem")


def test_without_a_trunk_we_are_known_by_our_address() -> None:
    assert account(None, parse_uri("sip:a@[::1]"), "::1", "", (16384, 20)).id_uri == "sip:siaga@[::1]"


def test_accounts_differ_by_trunk_transport_and_address() -> None:
    hop = parse_uri("sip:a@b")
    keys = {account_key(TRUNK, hop, "a"), account_key(None, hop, "a"), account_key(None, hop, "b")}
    assert len(keys | {account_key(None, hop.over("tcp"), "a")}) == 4


@pytest.mark.parametrize(
    ("name", "trunk", "uri"),
    [
        ("", TRUNK, ""),
        ("sip:me@here", TRUNK, "sip:me@here"),
        ("+62215550100", TRUNK, "sip:+62215550100@reg.example"),
        ("tester", None, "sip:tester@192.0.2.1"),
    ],
)
def test_who_we_say_we_are(name: str, trunk: Trunk | None, uri: str) -> None:
    assert from_uri(name, trunk, "192.0.2.1") == uri


def test_a_password_does_not_show() -> None:
    assert "'x'" not in repr(TRUNK)
