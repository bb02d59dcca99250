"""The far ends themselves, called by SIPp alone: if these fail, no other far-end test says anything about siaga."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.farends import dialplan, sipp
from tests.farends.asterisk import Asterisk

pytestmark = [pytest.mark.farend, pytest.mark.usefixtures("sipp_here")]


def test_asterisk_loads_all_its_modules_and_endpoints(asterisk: Asterisk) -> None:
    assert "Failed to resolve dependencies" not in asterisk.console()
    assert "cabang-tls" in asterisk.manager.command("pjsip show endpoints")


def test_callers_reach_agents_in_the_queue_and_the_truth_has_every_instant(
    asterisk: Asterisk, telephone: Asterisk
) -> None:
    numbers = [dialplan.LOCAL_AGENT + "01", dialplan.SIP_AGENT + "01"]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda number: sipp.call("walk", number, asterisk.ports.sip, {"stay": "8000"}), numbers))
    for number, agents in zip(numbers, (asterisk, telephone), strict=True):
        truth, agent = asterisk.traces(number), agents.traces(number)["agen"]
        assert truth["tombol"].content == "1"
        assert asterisk.invited_at(number) < truth["jawab"].at < truth["tombol"].at < agent.at
        assert agent.at - truth["tombol"].at == pytest.approx(4.3 + 2.0, abs=1.0)


def test_no_channel_is_left_after_a_call(asterisk: Asterisk) -> None:
    sipp.call("walk", dialplan.ECHO, asterisk.ports.sip, {"stay": "500"})
    assert asterisk.wait_until_idle(2) == []


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (dialplan.BUSY, 486),
        (dialplan.CONGESTED, 503),
        (dialplan.REDIRECTED, 302),
        (dialplan.FORBIDDEN, 403),
        (dialplan.ABSENT_SUBSCRIBER, 480),
        (dialplan.BROKEN_SERVER, 500),
        (dialplan.UNKNOWN, 404),
    ],
)
def test_a_number_that_cannot_be_reached_gives_its_code(asterisk: Asterisk, number: str, code: int) -> None:
    assert _final_code(asterisk.ports.sip, number) == code


def test_sipp_answers_with_any_final_code() -> None:
    with sipp.serving("final", {"code": "603 Decline", "more": "Server: uji"}) as port:
        assert _final_code(port, "1") == 603


def _final_code(port: int, number: str) -> int:
    """Send one INVITE by hand and read answers until a final one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.0.1", 0))
        sender.settimeout(5)
        me = f"127.0.0.1:{sender.getsockname()[1]}"
        sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"
        head = [
            f"INVITE sip:{number}@127.0.0.1:{port} SIP/2.0", f"Via: SIP/2.0/UDP {me};branch=z9hG4bK{me};rport",
            f"From: <sip:a@{me}>;tag=1", f"To: <sip:{number}@127.0.0.1:{port}>", f"Call-ID: {me}-{number}",
            "CSeq: 1 INVITE", f"Contact: <sip:a@{me}>", "Max-Forwards: 70", "Content-Type: application/sdp",
            f"Content-Length: {len(sdp)}",
        ]  # fmt: skip
        sender.sendto(("\r\n".join(head) + "\r\n\r\n" + sdp).encode(), ("127.0.0.1", port))
        while True:
            answer = sender.recv(4096).decode()
            code = int(answer.split()[1])
            if code >= 200:
                tag = next(line for line in answer.split("\r\n") if line.lower().startswith("to:"))
                ack = [f"ACK sip:{number}@127.0.0.1:{port} SIP/2.0", head[1], head[2], tag, head[4], "CSeq: 1 ACK"]
                sender.sendto(("\r\n".join([*ack, "Content-Length: 0"]) + "\r\n\r\n").encode(), ("127.0.0.1", port))
                return code
