"""Signalling over TCP and TLS: who is believed, who is not, and why not."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import pytest
import trustme

from channels.sip import SipChannel
from channels.voice.pool import Pool
from channels.voice.trunk import Trunk
from probe.observation import Answered, Trouble, Unreachable
from probe.session import End
from tests.channels.voice.calling import Call, call
from tests.channels.voice.uas import Request, Uas, answering

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class StreamUas(Uas):
    """The same far end over TCP, or TLS with a context."""

    context: ssl.SSLContext | None = None

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._writers: dict[tuple[str, int], asyncio.StreamWriter] = {}
        self.versions: list[str] = []
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.context)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for writer in self._writers.values():
            writer.close()
        await super().__aexit__(*exc)

    @property
    def port(self) -> int:
        return int(self._server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")[:2]
        self._writers[peer] = writer
        if self.context is not None:
            self.versions.append(writer.get_extra_info("ssl_object").version())
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = Request(head.decode(), peer).header("Content-Length")
                self.datagram_received(head + await reader.readexactly(int(length or 0)), peer)
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    def send(self, messages: list[str | bytes], peer: tuple[str, int]) -> None:
        for message in messages:
            self._writers[peer].write(message if isinstance(message, bytes) else message.encode())


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def serving(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def line(uas: Uas, transport: str, ca: Path | None = None) -> Trunk:
    # the library wants a name of its own for each account of an engine
    return Trunk(
        name=f"line-{uas.port}",
        registrar=f"sip:127.0.0.1:{uas.port}",
        transport=transport,  # type: ignore[arg-type]
        tls_ca=str(ca) if ca else "",
    )


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return file


async def test_a_call_over_tcp(pool: Pool, tmp_path: Path) -> None:
    async with StreamUas(answering) as uas, call(
        SipChannel(pool=pool), f"{uas.uri};transport=tcp", tmp_path / "run"
    ) as made:  # fmt: skip
        await made.until(Answered)
        await made.session.act(End())
        await uas.wait_for("BYE")
    assert "SIP/2.0/TCP" in uas.requests[0].header("Via")


async def test_a_call_over_tls_with_a_private_authority(
    pool: Pool, tmp_path: Path, authority: trustme.CA, ca_file: Path
) -> None:
    context = serving(authority.issue_cert("127.0.0.1"))
    async with StreamUas(answering, context=context) as uas:
        trunk = line(uas, "tls", ca_file)
        async with call(SipChannel({trunk.name: trunk}, pool), "1500", tmp_path / "run", trunk=trunk.name) as made:
            await made.until(Answered)
        await uas.wait_for("BYE")
    assert uas.versions == ["TLSv1.2"]


def _unknown(_ours: trustme.CA) -> trustme.LeafCert:
    return trustme.CA().issue_cert("127.0.0.1")


def _wrong_name(ours: trustme.CA) -> trustme.LeafCert:
    return ours.issue_cert("pbx.example")


def _expired(ours: trustme.CA) -> trustme.LeafCert:
    now = datetime.now(UTC)
    return ours.issue_cert("127.0.0.1", not_before=now - timedelta(days=9), not_after=now - timedelta(days=2))


@pytest.mark.parametrize(
    ("certificate", "why"),
    [(_unknown, "untrusted"), (_wrong_name, "does not match"), (_expired, "expired")],
)
async def test_a_certificate_that_does_not_hold_is_refused_with_the_reason(
    certificate: Callable[[trustme.CA], trustme.LeafCert],
    why: str,
    pool: Pool,
    tmp_path: Path,
    authority: trustme.CA,
    ca_file: Path,
) -> None:
    async with StreamUas(answering, context=serving(certificate(authority))) as uas:
        trunk = line(uas, "tls", ca_file)
        async with call(SipChannel({trunk.name: trunk}, pool), "1500", tmp_path / "run", trunk=trunk.name) as made:
            ended = await made.ended()
        assert not uas.requests
    assert isinstance(ended, Unreachable)
    assert ended.through_trunk
    assert why in ended.cause


async def test_without_an_authority_of_its_own_a_trunk_believes_those_of_the_system(
    pool: Pool, tmp_path: Path, authority: trustme.CA
) -> None:
    async with StreamUas(answering, context=serving(authority.issue_cert("127.0.0.1"))) as uas:
        trunk = line(uas, "tls")
        async with call(SipChannel({trunk.name: trunk}, pool), "1500", tmp_path / "run", trunk=trunk.name) as made:
            ended = await made.ended()
    assert isinstance(ended, Unreachable)


@pytest.mark.parametrize("transport", ["tcp", "tls"])
async def test_the_parent_ends_the_call_of_a_dead_engine_over_a_connection_of_its_own(
    transport: str, pool: Pool, tmp_path: Path, authority: trustme.CA, ca_file: Path
) -> None:
    context = serving(authority.issue_cert("127.0.0.1")) if transport == "tls" else None
    async with StreamUas(answering, context=context) as uas:
        trunk = line(uas, transport, ca_file)
        async with call(SipChannel({trunk.name: trunk}, pool), "1500", tmp_path / "run", trunk=trunk.name) as made:
            await established(made, uas)
            os.kill(next(e for e in pool.engines if e.seats).pid, signal.SIGKILL)
            assert isinstance(await made.ended(), Trouble)
            await uas.wait_for("BYE")
        assert "BYE sent for the dead engine and confirmed" in (tmp_path / "run" / "sip.txt").read_text()


async def established(made: Call, uas: Uas) -> None:
    await made.until(Answered)
    await uas.wait_for("ACK")
