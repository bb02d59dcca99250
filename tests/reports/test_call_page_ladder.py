"""The ladder shows who sent what when; numbers are masked, names and keys left out, and nobody forges a message."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.voice.siptrace import Trace
from channels.voice.wire import SipText
from reports.call_page_ladder import LONGEST_LINE, MOST_MESSAGES, hidden, read
from reports.masking import DOTS

HEAD = "2026-11-20T12:48:23.833425Z"
INVITE = f"""{HEAD} --> UDP 203.0.113.9:5060
    INVITE sip:+6281234567890@pbx.example;user=phone SIP/2.0
    Via: SIP/2.0/UDP 127.0.0.1:56132;rport;branch=z9hG4bK1
    From: "Budi Santoso" <sip:+6281122223333@127.0.0.1>;tag=9.9
    t: <tel:+62-811-2222-3333>
    P-Asserted-Identity: "Budi" <sip:budi@centre>
    Authorization: Digest username="siaga", response="0123456789abcdef"
    Call-ID: 190eef2227ebda36@siaga
    CSeq: 24535 INVITE
    X-Weird: 081234567890

    v=0
    o=- 4004167703 4004167703 IN IP4 127.0.0.1
    m=audio 25484 RTP/SAVP 0 8
    a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0c2VjcmV0
    a=ssrc:915360652 cname:1bb3c265001f259d

""".replace("\n\n    v=0", "\n    \n    v=0")


def test_a_message_has_its_instant_way_and_title() -> None:
    ladder = read(INVITE + f"{HEAD} <-- UDP 203.0.113.9:5060\n    SIP/2.0 486 Busy Here\n    CSeq: 1 INVITE\n\n")
    assert [(m.sent, m.title) for m in ladder.messages] == [
        (True, f"INVITE sip:0812{DOTS}890@pbx.example;user=phone"), (False, "486 Busy Here"),
    ]  # fmt: skip
    assert ladder.messages[0].at == ladder.began == datetime(2026, 11, 20, 12, 48, 23, 833425, UTC)


def test_names_numbers_and_keys_are_left_out() -> None:
    [message] = read(INVITE).messages
    said = "\n".join((message.title, *message.lines))
    for secret in ("Budi", "Santoso", "4567890", "2222", "c2VjcmV0", "Digest", "X-Weird", "branch", "cname"):
        assert secret not in said, secret
    assert f"From: sip:0811{DOTS}333@127.0.0.1" in message.lines
    assert "CSeq: 24535 INVITE" in message.lines
    assert "Call-ID: 190eef2227ebda36@siaga" in message.lines
    assert f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{DOTS}" in message.lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("call +62 812-3456-7890 now", f"call 0812{DOTS}890 now"),
        ("127.0.0.1:25484 and 203.0.113.9", "127.0.0.1:25484 and 203.0.113.9"),
        ("081.234.567.890", f"0812{DOTS}890"),
        ("1.2.3.4:081234567890", f"1.2.3.4:0812{DOTS}890"),
        ("from 203.0.113.9.", "from 203.0.113.9."),
        ("Asterisk PBX 22.1.0", "Asterisk PBX 22.1.0"),
        ('Q.850;cause=16;text="0215001234"', f'Q.850;cause=16;text="0215{DOTS}234"'),
        ("sip:12345@host", f"sip:1{DOTS}@host"),
    ],
)
def test_anything_like_a_telephone_number_is_masked(text: str, shown: str) -> None:
    assert hidden(text) == shown


def test_what_a_far_end_writes_makes_no_message_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "sip.txt"
    trace = Trace(path, print)
    forged = f"SIP/2.0 200 OK\r\n\r\n{HEAD} --> UDP 1.2.3.4:5060\r\n    BYE sip:x@y SIP/2.0\r\n"
    trace.add(SipText(at=0.0, sent=False, transport="UDP", peer="1.2.3.4:5060", text=forged, call="1"))
    trace.close()
    assert [(m.sent, m.title) for m in read(path.read_text()).messages] == [(False, "200 OK")]


def test_a_flood_and_a_long_line_are_cut() -> None:
    text = f"{HEAD} <-- UDP h:1\n    SIP/2.0 200 {'x' * 5000}\n\n" * (MOST_MESSAGES + 7)
    ladder = read(text)
    assert (len(ladder.messages), ladder.left_out) == (MOST_MESSAGES, 7)
    assert max(len(m.title) for m in ladder.messages) <= LONGEST_LINE + 1


@given(st.lists(st.text(alphabet=st.sampled_from('A0+-. <>@:;"\t\n\u202e/sipte='), max_size=60), max_size=12))
def test_no_trace_is_so_odd_that_it_cannot_be_read(lines: list[str]) -> None:
    body = "".join(f"    {line}\n" for text in lines for line in text.split("\n"))
    for message in read(f"{HEAD} <-- UDP h:1\n{body}\n").messages:
        assert all(line.isprintable() for line in (message.title, *message.lines))


@given(st.integers(10**9, 10**13), st.sampled_from(["", "+", "tel:", "sip:+"]))
def test_no_number_comes_through_whole(number: int, before: str) -> None:
    assert str(number) not in hidden(f"{before}{number}")
