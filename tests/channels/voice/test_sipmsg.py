"""Raw SIP: read without ever raising, redacted before anything is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.voice.sipmsg import address_of, call_id_in, is_private, parse, redact, split_list, tag_of

MESSAGE = (
    "SIP/2.0 200 OK\r\nv: SIP/2.0/UDP a\r\nSubject: one\r\n two\r\ni: abc@x\r\nCSeq: 4 INVITE\r\n"
    "c: application/sdp\r\n\r\nv=0\r\n"
)


def test_short_forms_and_folded_lines_are_understood() -> None:
    message = parse(MESSAGE)
    assert message is not None
    assert (message.code, message.phrase, message.method) == (200, "OK", "INVITE")
    assert (message.first("subject"), message.call_id, message.has_sdp) == ("one two", "abc@x", True)
    assert message.first("via") == "SIP/2.0/UDP a"
    assert call_id_in(MESSAGE) == "abc@x"


@pytest.mark.parametrize(
    "text", ["", "\r\n", "HTTP/1.1 200 OK\r\n\r\n", "SIP/2.0 999 X", "SIP/2.0 20 X", "INVITE x", "\x00\xff"]
)
def test_what_is_no_sip_is_none(text: str) -> None:
    assert parse(text) is None


@given(
    text=st.one_of(
        st.text(), st.text().map(lambda t: MESSAGE.replace("abc@x", t)), st.binary().map(lambda b: b.decode("latin-1"))
    )
)
def test_reading_and_redacting_never_raise(text: str) -> None:
    redact(text)
    call_id_in(text)
    if message := parse(text):
        message.cseq, message.every("contact"), tag_of(text), address_of(text), split_list(text)


@pytest.mark.parametrize(
    "header",
    [
        'Authorization: Digest username="siaga", realm="r", nonce="n", uri="sip:r", response="0123abcd"',
        'Proxy-Authorization : Digest username="siaga",\r\n\tresponse="0123abcd"',
        'AUTHORIZATION:Digest response="0123abcd", username="siaga"',
        "authorization: Basic c2lhZ2E6MDEyM2FiY2Q=",
    ],
)
def test_credentials_never_reach_the_trace(header: str) -> None:
    kept = redact(f"BYE sip:x SIP/2.0\r\nVia: a\r\n{header}\r\nCSeq: 1 BYE\r\n\r\n")
    assert "0123abcd" not in kept
    assert "siaga" not in kept
    assert "c2lhZ2E" not in kept
    assert "[redacted]" in kept
    assert kept.endswith("\nCSeq: 1 BYE\r\n\r\n")


def test_keys_of_encrypted_media_never_reach_the_trace() -> None:
    line = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:32"
    assert redact(line) == "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:[redacted]|2^20|1:32"


def test_commas_in_names_and_addresses_cut_nothing() -> None:
    assert split_list('"Doe, J" <sip:a@b;x=1,2>, <sip:c@d>') == ['"Doe, J" <sip:a@b;x=1,2>', "<sip:c@d>"]


@pytest.mark.parametrize(
    ("value", "tag"), [("<sip:a@b;tag=no>;tag=yes", "yes"), ("sip:a@b;tag=t", "t"), ("<sip:a@b>", "")]
)
def test_the_tag_is_that_of_the_header(value: str, tag: str) -> None:
    assert tag_of(value) == tag


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("10.1.2.3", True),
        ("192.168.0.1", True),
        ("100.64.0.1", True),
        ("[fd00::1]", True),
        ("8.8.8.8", False),
        ("pbx", False),
    ],
)
def test_private_addresses_are_known(host: str, private: bool) -> None:
    assert is_private(host) is private
