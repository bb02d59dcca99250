"""A trunk is asked whether it is there, and nothing is believed but an answer to that very question."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from channels.voice import options
from channels.voice.options import NoAnswerError, ask, codecs_of
from channels.voice.trunk import Trunk
from channels.voice.wire import Transport
from tests.farends import ports
from tests.farends.asterisk import Asterisk

SDP = "v=0\r\nm=audio 4000 RTP/AVP 0 8 9 96 101\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n"


def reply(request: bytes, status: str, body: str = "", call_id: str = "") -> bytes:
    kept = [
        line
        for line in request.decode().split("\r\n")
        if line.startswith(("Via:", "From:", "To:", "Call-ID:", "CSeq:"))
    ]
    kept = [f"Call-ID: {call_id}" if call_id and line.startswith("Call-ID:") else line for line in kept]
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


@asynccontextmanager
async def stream(serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[int]:
    """A far end for one connection, which is over when the block is."""
    over = asyncio.Event()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.transport.abort()
            over.set()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    await over.wait()
    server.close()
    await server.wait_closed()
    await asyncio.sleep(0)


def trunk(port: int, transport: Transport = "udp") -> Trunk:
    return Trunk(name="t", registrar=f"sip:127.0.0.1:{port}", transport=transport)


async def test_an_answer_tells_its_code_and_the_codecs_in_their_order() -> None:
    with udp("200 OK") as port:
        answer = await ask(trunk(port))
    assert answer.code == 200
    assert answer.codecs == ("PCMU", "PCMA", "G722", "opus")


@pytest.mark.parametrize(
    "status", ["401 Unauthorized", "403 Forbidden", "404 Not Found", "405 Not Allowed", "503 Busy"]
)
async def test_a_refusal_is_an_answer_too(status: str) -> None:
    with udp(status) as port:
        assert (await ask(trunk(port))).code == int(status[:3])


async def test_a_lost_request_is_sent_again() -> None:
    with udp("200 OK", ignore=2) as port:
        assert (await ask(trunk(port))).code == 200


async def test_noise_and_provisional_answers_are_no_answer() -> None:
    with udp(b"\x00\xff garbage", b"SIP/2.0 200 OK\r\n\r\n", "100 Trying", "404 Not Found") as port:
        assert (await ask(trunk(port))).code == 404


async def test_an_answer_to_somebody_else_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "TIMEOUT_S", 0.3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        line.setblocking(False)

        async def serve() -> None:
            request, source = await asyncio.get_running_loop().sock_recvfrom(line, 65536)
            line.sendto(reply(request, "200 OK", call_id="other@host"), source)

        serving = asyncio.ensure_future(serve())
        with pytest.raises(NoAnswerError, match="no answer"):
            await ask(trunk(line.getsockname()[1]))
        await serving


async def test_silence_is_told_as_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "TIMEOUT_S", 0.3)
    with udp() as port, pytest.raises(NoAnswerError, match=rf"no answer from 127\.0\.0\.1:{port} within 0.3 s"):
        await ask(trunk(port))


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_a_dead_port_is_told_at_once(transport: Transport) -> None:
    with pytest.raises(NoAnswerError, match="refused"):
        await ask(trunk(ports.free(), transport))


async def test_a_name_that_does_not_exist_is_told() -> None:
    with pytest.raises(NoAnswerError, match=r"."):
        await ask(Trunk(name="t", proxy="sip:tidak-ada.invalid"))


async def test_the_proxy_is_asked_about_the_registrar() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        line.setblocking(False)
        proxied = Trunk(name="t", registrar="sip:carrier.invalid", proxy=f"sip:127.0.0.1:{line.getsockname()[1]}")
        asking = asyncio.ensure_future(ask(proxied))
        request, source = await asyncio.get_running_loop().sock_recvfrom(line, 65536)
        line.sendto(reply(request, "200 OK"), source)
        assert (await asking).code == 200
    assert request.startswith(b"OPTIONS sip:carrier.invalid SIP/2.0\r\n")


async def test_over_tcp_an_answer_may_come_in_pieces_and_after_another() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        whole = reply(request, "100 Trying") + reply(request, "200 OK", "other", "x@y") + reply(request, "202 OK", SDP)
        for start in range(0, len(whole), 100):
            writer.write(whole[start : start + 100])
            await writer.drain()
        await reader.read()

    async with stream(serve) as port:
        answer = await ask(trunk(port, "tcp"))
    assert (answer.code, answer.codecs) == (202, ("PCMU", "PCMA", "G722", "opus"))


async def test_a_stream_without_end_is_cut() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"x" * (options.MAX_BYTES + 1))
        await reader.read()

    async with stream(serve) as port:
        with pytest.raises(NoAnswerError, match="more than 65535 bytes"):
            await ask(trunk(port, "tcp"))


async def test_a_tls_trunk_that_speaks_no_tls_is_told_as_such() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"SIP/2.0 200 OK\r\n\r\n")

    async with stream(serve) as port:
        with pytest.raises(NoAnswerError):
            await ask(trunk(port, "tls"))


async def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(NoAnswerError, match=r"TLS: .*/ca\.pem: No"):
        await ask(replace(trunk(server.getsockname()[1], "tls"), tls_ca=str(tmp_path / "ca.pem")))


@pytest.mark.parametrize("sdp", ["", "m=audio", "m=audio 1 RTP/AVP x y", "a=rtpmap:0", "m=video 1 RTP/AVP 0"])
def test_codecs_of_a_strange_sdp_are_none(sdp: str) -> None:
    assert codecs_of(sdp) == ()


@pytest.mark.farend
@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_asterisk_answers_over_each_transport(asterisk: Asterisk, centre_ca: Path, transport: Transport) -> None:
    port = asterisk.ports.tls if transport == "tls" else asterisk.ports.sip
    assert (await ask(replace(trunk(port, transport), tls_ca=str(centre_ca)))).code >= 200


@pytest.mark.farend
@pytest.mark.parametrize("port", ["tls_wrong_name", "tls_expired", "tls_unknown"])
async def test_a_certificate_that_is_not_the_trunks_is_no_answer(
    asterisk: Asterisk, centre_ca: Path, port: str
) -> None:
    with pytest.raises(NoAnswerError, match=r"TLS: .*(mismatch|expired|unable to get)"):
        await ask(replace(trunk(getattr(asterisk.ports, port), "tls"), tls_ca=str(centre_ca)))
