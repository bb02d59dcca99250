"""Dialogs kept from raw messages: the bytes that end a call which its engine cannot end any more."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.voice.dialogs import Dialog, State
from channels.voice.sipmsg import parse
from channels.voice.wire import Account, SipText

ACCOUNT = Account(key="k", id_uri="sip:siaga@192.0.2.1", rtp_port=16384, rtp_ports=20)
INVITE = (
    "INVITE sip:1500@pbx.example SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.1:5062;rport;branch=z9hG4bKabc\r\n"
    "Max-Forwards: 70\r\n"
    "Route: <sip:proxy.example;lr>\r\n"
    "From: <sip:siaga@192.0.2.1>;tag=us\r\n"
    "To: <sip:1500@pbx.example>\r\n"
    "Contact: <sip:siaga@192.0.2.1:5062>\r\n"
    "Call-ID: 1@siaga\r\n"
    "CSeq: 7 INVITE\r\n"
    "Content-Length: 0\r\n\r\n"
)


def text(message: str, *, sent: bool = True) -> SipText:
    return SipText(call="c", at=1.0, sent=sent, transport="UDP", peer="192.0.2.9:5060", text=message)


def answer(status: str, more: str = "", cseq: str = "7 INVITE") -> SipText:
    return text(
        f"SIP/2.0 {status}\r\nVia: SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKabc\r\n"
        f"From: <sip:siaga@192.0.2.1>;tag=us\r\nTo: <sip:1500@pbx.example>;tag=them\r\nCall-ID: 1@siaga\r\n"
        f"CSeq: {cseq}\r\n{more}Content-Length: 0\r\n\r\n",
        sent=False,
    )


@pytest.fixture
def dialog() -> Dialog:
    made = Dialog("1@siaga", ACCOUNT)
    made.take(text(INVITE))
    return made


OK = answer(
    "200 OK",
    'Contact: "PBX, main" <sip:agent@10.0.0.5:5070;x=1>;q=1\r\n'
    "Record-Route: <sip:p2.example;lr>, <sip:p1.example;lr>\r\nRecord-Route: <sip:p0.example;lr>\r\n",
)


def test_an_unanswered_call_is_cancelled_with_the_branch_of_its_invite(dialog: Dialog) -> None:
    dialog.take(answer("180 Ringing"))
    assert dialog.state is State.CALLING
    assert dialog.cancel() == (
        "CANCEL sip:1500@pbx.example SIP/2.0\r\n"
        "Via: SIP/2.0/UDP 192.0.2.1:5062;rport;branch=z9hG4bKabc\r\n"
        "Max-Forwards: 70\r\n"
        "Route: <sip:proxy.example;lr>\r\n"
        "From: <sip:siaga@192.0.2.1>;tag=us\r\n"
        "To: <sip:1500@pbx.example>\r\n"
        "Call-ID: 1@siaga\r\n"
        "CSeq: 7 CANCEL\r\n"
        "Content-Length: 0\r\n\r\n"
    )


def test_an_answered_call_gets_a_bye_to_the_remote_target_over_the_route_set(dialog: Dialog) -> None:
    dialog.take(OK)
    assert dialog.state is State.ANSWERED
    assert dialog.next_hop == "sip:p0.example;lr"
    bye = dialog.bye()
    branch = re.search(r"branch=(z9hG4bK\w+)", bye)
    assert branch is not None
    assert branch[1] != "z9hG4bKabc"
    assert bye == (
        "BYE sip:agent@10.0.0.5:5070;x=1 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 192.0.2.1:5062;rport;branch={branch[1]}\r\n"
        "Max-Forwards: 70\r\n"
        "Route: <sip:p0.example;lr>\r\n"
        "Route: <sip:p1.example;lr>\r\n"
        "Route: <sip:p2.example;lr>\r\n"
        "From: <sip:siaga@192.0.2.1>;tag=us\r\n"
        "To: <sip:1500@pbx.example>;tag=them\r\n"
        "Call-ID: 1@siaga\r\n"
        "CSeq: 8 BYE\r\n"
        "Content-Length: 0\r\n\r\n"
    )
    assert "CSeq: 9 BYE" in dialog.bye("Authorization: Digest x")


def test_requests_sent_meanwhile_move_the_number_on(dialog: Dialog) -> None:
    dialog.take(OK)
    dialog.take(
        text(
            INVITE.replace("INVITE", "INFO")
            .replace("CSeq: 7", "CSeq: 31")
            .replace(">\r\nContact", ">;tag=them\r\nContact")
        )
    )
    assert "CSeq: 32 BYE" in dialog.bye()


def test_a_second_invite_with_credentials_is_the_one_that_is_cancelled(dialog: Dialog) -> None:
    states = []
    second = text(INVITE.replace("CSeq: 7", "CSeq: 8").replace("bKabc", "bKdef"))
    # the last one is the late repetition of the first refusal
    for message in (answer("401 Unauthorized"), second, answer("401 Unauthorized")):
        dialog.take(message)
        states.append(dialog.state)
    assert states == [State.OVER, State.CALLING, State.CALLING]
    assert "branch=z9hG4bKdef" in dialog.cancel()


@pytest.mark.parametrize(
    "last",
    [
        answer("486 Busy Here"),
        text("BYE sip:siaga@192.0.2.1 SIP/2.0\r\nCall-ID: 1@siaga\r\nCSeq: 1 BYE\r\n\r\n", sent=False),
        answer("200 OK", cseq="8 BYE"),
        answer("481 Gone", cseq="8 BYE"),
    ],
)
def test_a_call_that_is_over_needs_no_end(dialog: Dialog, last: SipText) -> None:
    dialog.take(last)
    assert dialog.state is State.OVER


def test_the_far_ends_new_contact_is_where_the_bye_goes(dialog: Dialog) -> None:
    dialog.take(OK)
    update = (
        "UPDATE sip:siaga@192.0.2.1 SIP/2.0\r\nCall-ID: 1@siaga\r\nCSeq: 1 UPDATE\r\nm: <sip:new@192.0.2.44>\r\n\r\n"
    )
    dialog.take(text(update, sent=False))
    assert dialog.bye().startswith("BYE sip:new@192.0.2.44 SIP/2.0\r\n")


def test_a_refused_reinvite_does_not_end_the_call(dialog: Dialog) -> None:
    dialog.take(OK)
    dialog.take(answer("488 Not Acceptable", cseq="8 INVITE"))
    assert dialog.state is State.ANSWERED


def test_messages_of_another_call_change_nothing(dialog: Dialog) -> None:
    dialog.take(text(OK.text.replace("1@siaga", "2@siaga"), sent=False))
    assert dialog.state is State.CALLING


def test_nothing_was_sent_so_there_is_nothing_to_end() -> None:
    dialog = Dialog("1@siaga", ACCOUNT)
    assert dialog.state is State.IDLE
    with pytest.raises(LookupError):
        dialog.cancel()


@given(
    lines=st.lists(
        st.sampled_from([*OK.text.split("\r\n"), *INVITE.split("\r\n"), "Contact:", "CSeq: x", ",<>", "\x00"])
    ),
    sent=st.booleans(),
)
def test_whatever_comes_there_is_an_end_to_send(lines: list[str], sent: bool) -> None:
    dialog = Dialog("1@siaga", ACCOUNT)
    dialog.take(text(INVITE))
    dialog.take(text("\r\n".join(lines), sent=sent))
    for message in (dialog.bye(), dialog.cancel()):
        parsed = parse(message)
        assert parsed is None or parsed.code == 0
