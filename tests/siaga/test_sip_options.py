"""The doctor asks a trunk whether it is there, and believes nothing but an answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from channels.voice.trunk import Trunk
from siaga.cli import sip_options
from siaga.cli.sip_options import NoAnswerError, ask, codecs_of

SDP = "v=0\r\nm=audio 4000 RTP/AVP 0 8 9 96 101\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n"


def reply(request: bytes, status: str, body: str = "") -> bytes:
    kept = [
        line
        for line in request.decode().split("\r\n")
        if line.startswith(("Via:", "From:", "To:", "Call-ID:", "CSeq:"))
    ]
    return "\r\n".join([f"SIP/2.0 {status}", *kept, f"Content-Length: {len(body)}", "", body]).encode()


@contextmanager
def udp(*answers: bytes | str, ignore: int = 0) -> Iterator[int]:
    """A far end that answers once, after ignoring so many requests; text is a status, bytes go out as they are."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        line.settimeout(10)

        def serve() -> None:
            for _ in range(ignore):
                line.recvfrom(65536)
            request, source = line.recvfrom(65536)
            for answer in answers:
                line.sendto(answer if isinstance(answer, bytes) else reply(request, answer, SDP), source)

        thread = threading.Thread(target=serve)
        thread.start()
        yield line.getsockname()[1]
        thread.join()


def trunk(port: int, transport: str = "udp") -> Trunk:
    return Trunk(name="t", registrar=f"sip:127.0.0.1:{port}", transport=transport)  # type: ignore[arg-type]


def test_an_answer_tells_its_code_and_the_codecs_in_their_order() -> None:
    with udp("200 OK") as port:
        answer = ask(trunk(port))
    assert answer.code == 200
    assert answer.codecs == ("PCMU", "PCMA", "G722", "opus")


def test_a_refusal_is_an_answer_too() -> None:
    with udp("403 Forbidden") as port:
        assert ask(trunk(port)).code == 403


def test_a_lost_request_is_sent_again() -> None:
    with udp("200 OK", ignore=2) as port:
        assert ask(trunk(port)).code == 200


def test_noise_and_provisional_answers_are_no_answer() -> None:
    with udp(b"\x00\xff garbage", "100 Trying", "200 OK") as port:
        assert ask(trunk(port)).code == 200


def test_silence_is_told_as_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sip_options, "TIMEOUT_S", 0.3)
    with udp() as port, pytest.raises(NoAnswerError, match=rf"no answer from 127\.0\.0\.1:{port}"):
        ask(trunk(port))


def test_a_closed_port_is_told_at_once() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(NoAnswerError, match="refused"):
        ask(trunk(port, "tcp"))


def test_over_tcp_an_answer_may_come_in_pieces() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            line, _ = server.accept()
            with line:
                request = line.recv(65536)
                whole = reply(request, "100 Trying") + reply(request, "200 OK", SDP)
                for start in range(0, len(whole), 100):
                    line.sendall(whole[start : start + 100])

        thread = threading.Thread(target=serve)
        thread.start()
        answer = ask(trunk(server.getsockname()[1], "tcp"))
        thread.join()
    assert (answer.code, answer.codecs) == (200, ("PCMU", "PCMA", "G722", "opus"))


def test_a_tls_trunk_that_speaks_no_tls_is_told_as_such() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            line, _ = server.accept()
            with line:
                line.recv(65536)
                line.sendall(b"SIP/2.0 200 OK\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(NoAnswerError):
            ask(trunk(server.getsockname()[1], "tls"))
        thread.join()


@pytest.mark.parametrize("sdp", ["", "m=audio", "m=audio 1 RTP/AVP x y", "a=rtpmap:0", "m=video 1 RTP/AVP 0"])
def test_codecs_of_a_strange_sdp_are_none(sdp: str) -> None:
    assert codecs_of(sdp) == ()
