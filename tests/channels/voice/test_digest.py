"""Digest credentials, against the worked examples of RFC 2617 section 3.5 and RFC 7616 section 3.9.1."""

from __future__ import annotations

import pytest

from channels.voice import digest
from channels.voice.sipmsg import parse

NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_the_rfc(algorithm: str, response: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda _bytes: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
    challenge = parse(
        f'SIP/2.0 401 U\r\nWWW-Authenticate: Digest realm="http-auth@example.org", qop="auth, auth-int", '
        f'algorithm={algorithm}, nonce="{NONCE}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"\r\n\r\n'
    )
    assert challenge is not None
    header = digest.authorization(challenge, "GET", "/dir/index.html", "Mufasa", "Circle of Life")
    assert header.startswith("Authorization: Digest ")
    assert f'response="{response}"' in header
    assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in header


def test_a_proxy_gets_its_own_header_and_old_servers_no_qop() -> None:
    challenge = parse('SIP/2.0 407 P\r\nProxy-Authenticate: Digest realm="r", nonce="n"\r\n\r\n')
    assert challenge is not None
    header = digest.authorization(challenge, "BYE", "sip:x@y", "u", "p")
    assert header.startswith("Proxy-Authorization: Digest ")
    assert "qop" not in header


@pytest.mark.parametrize(
    "asked", ['Basic realm="r"', 'Digest realm="r", nonce="n", algorithm=X', 'Digest realm="r"', ""]
)
def test_what_cannot_be_answered_is_not(asked: str) -> None:
    challenge = parse(f"SIP/2.0 401 U\r\nWWW-Authenticate: {asked}\r\n\r\n")
    assert challenge is not None
    assert digest.authorization(challenge, "BYE", "sip:x@y", "u", "p") == ""
