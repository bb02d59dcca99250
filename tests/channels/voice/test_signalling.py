"""What raw messages say of a call."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.voice.signalling import Signalling, is_sign
from channels.voice.siplog import LoggedMessage
from probe.observation import Answered, Observation, Placed, Progress, Refused, Signalled

SDP = "Content-Type: application/sdp\r\n\r\nv=0\r\nc=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 0\r\n"


def feed(signalling: Signalling, text: str, *, sent: bool = False, at: float = 1.0) -> list[Observation]:
    return signalling.take(LoggedMessage(at, sent, "UDP", "192.0.2.9:5060", text))


def invite(cseq: int = 1) -> str:
    return f"INVITE sip:1500@x SIP/2.0\r\nCSeq: {cseq} INVITE\r\nContent-Type: application/sdp\r\n\r\nour offer"


def answer(status: str, more: str = "\r\n", cseq: str = "1 INVITE") -> str:
    return f"SIP/2.0 {status}\r\nCSeq: {cseq}\r\n{more}"


@pytest.fixture
def placed() -> Signalling:
    made = Signalling()
    assert feed(made, invite(), sent=True) == [Placed(at=1.0)]
    return made


def test_t0_is_the_first_invite_and_not_its_repetition(placed: Signalling) -> None:
    assert feed(placed, invite(), sent=True, at=1.5) == []
    assert (placed.placed_at, placed.invites, placed.offer) == (1.0, 2, "our offer")


def test_provisional_answers_are_progress_with_early_media_where_there_is_some(placed: Signalling) -> None:
    assert feed(placed, answer("180 Ringing")) == [Progress(at=1.0, code=180, phrase="Ringing")]
    assert feed(placed, answer("183 Progress", SDP)) == [
        Progress(at=1.0, code=183, phrase="Progress", early_media=True)
    ]


def test_a_flood_of_provisional_answers_is_cut(placed: Signalling) -> None:
    assert sum(len(feed(placed, answer("180 Ringing"))) for _ in range(1000)) == 50


ACK = "ACK sip:1500@x SIP/2.0\r\nCSeq: 1 ACK\r\n\r\n"


def test_the_answer_counts_once_and_from_its_arrival(placed: Signalling) -> None:
    assert feed(placed, answer("200 OK", f"Allow: INVITE, info\r\n{SDP}"), at=2.0) == []
    assert feed(placed, ACK, sent=True, at=2.001) == [Answered(at=2.0)]
    assert feed(placed, answer("200 OK"), at=2.5) == []
    assert feed(placed, ACK, sent=True, at=2.501) == []
    assert placed.allowed == {"INVITE", "INFO"}


@pytest.mark.parametrize(
    ("header", "seconds"), [("30", 30.0), ("18 (busy);duration=2", 18.0), ("soon", None), ("", None), ("9" * 40, None)]
)
def test_a_refusal_tells_when_to_come_back(placed: Signalling, header: str, seconds: float | None) -> None:
    assert feed(placed, answer("503 Service Unavailable", f"Retry-After: {header}\r\n\r\n")) == []
    assert placed.final == Refused(at=1.0, code=503, phrase="Service Unavailable", retry_after_s=seconds)


def test_an_answer_that_pjsip_does_not_acknowledge_is_none(placed: Signalling) -> None:
    feed(placed, answer("200 OK"), at=2.0)
    assert placed.unreadable
    assert placed.answered_at is None


def test_a_challenge_that_is_answered_is_no_refusal(placed: Signalling) -> None:
    feed(placed, answer("401 Unauthorized"))
    feed(placed, invite(2), sent=True)
    assert placed.final is None


@pytest.mark.parametrize(
    ("request_text", "method", "detail", "sign"),
    [
        (f"INVITE sip:us SIP/2.0\r\nCSeq: 1 INVITE\r\n{SDP}", "INVITE", "session refresh", False),
        (
            f"INVITE sip:us SIP/2.0\r\nCSeq: 1 INVITE\r\n{SDP.replace('4000', '5000')}",
            "INVITE",
            "media moved to 192.0.2.9:5000",
            True,
        ),
        (f"INVITE sip:us SIP/2.0\r\nCSeq: 1 INVITE\r\n{SDP}a=sendonly\r\n", "INVITE", "sendonly", True),
        ("UPDATE sip:us SIP/2.0\r\nCSeq: 1 UPDATE\r\n\r\n", "UPDATE", "session refresh", False),
        (
            'UPDATE sip:us SIP/2.0\r\nCSeq: 1 UPDATE\r\nP-Asserted-Identity: "A" <sip:7001@pbx>\r\n\r\n',
            "UPDATE",
            "identity sip:7001@pbx",
            True,
        ),
        (
            "REFER sip:us SIP/2.0\r\nCSeq: 1 REFER\r\nRefer-To: <sip:00@evil>\r\n\r\n",
            "REFER",
            "transfer refused, to sip:00@evil",
            False,
        ),
    ],
)
def test_requests_inside_the_call_are_told_with_what_changed(
    placed: Signalling, request_text: str, method: str, detail: str, sign: bool
) -> None:
    feed(placed, answer("200 OK", SDP))
    feed(placed, ACK, sent=True)
    [seen] = feed(placed, request_text)
    assert seen == Signalled(at=1.0, method=method, detail=detail)
    assert isinstance(seen, Signalled)
    assert is_sign(seen) is sign
    assert feed(placed, request_text) == []


def test_the_reason_of_a_bye_is_kept(placed: Signalling) -> None:
    feed(placed, "BYE sip:us SIP/2.0\r\nCSeq: 1 BYE\r\nReason: Q.850;cause=16\r\n\r\n")
    assert placed.bye_cause == "Q.850;cause=16"


@given(
    text=st.lists(
        st.sampled_from(
            [
                *SDP.split("\r\n"),
                "INVITE a SIP/2.0",
                "SIP/2.0 183 x",
                "CSeq: x INVITE",
                "CSeq: 1 INVITE",
                "m=audio",
                "c=IN ",
                "Retry-After: ٣",
                "",
            ]
        )
    ).map("\r\n".join),
    sent=st.booleans(),
)
def test_nothing_that_comes_raises(text: str, sent: bool) -> None:
    signalling = Signalling()
    feed(signalling, text, sent=sent)
    feed(signalling, text, sent=not sent)
