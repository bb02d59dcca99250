"""One OPTIONS request (RFC 3261 § 11) to a trunk: whether it answers, and which codecs it offers. Needs no engine."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import socket
import ssl
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Final

from channels.voice.sipmsg import SipMessage, parse
from channels.voice.trunk import Trunk

TIMEOUT_S: Final = 5.0
RETRANSMIT_S: Final = (0.5, 1.0, 2.0)
"""Over UDP, seconds from one request to the next (RFC 3261 § 17.1.2.2: T1, doubled); the next would come too late."""
MAX_BYTES: Final = 65535
"""More than any answer to OPTIONS needs."""
_STATIC: Final = {"0": "PCMU", "3": "GSM", "8": "PCMA", "9": "G722", "18": "G729"}
"""Payload types that need no rtpmap (RFC 3551 § 6)."""
_RTPMAP: Final = re.compile(r"a=rtpmap:(\d+) ([A-Za-z0-9.-]+)/")


class NoAnswerError(Exception):
    """Nothing sensible came back; the sentence says what happened instead."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a trunk said. ``codecs`` is empty where it tells none."""

    code: int
    codecs: tuple[str, ...]


async def ask(trunk: Trunk) -> Answer:
    """Send the request without a password and wait at most TIMEOUT_S for a final answer, whichever it is.

    401, 403, 404 and 405 show as well as 200 that the way is open. Raises NoAnswerError.
    """
    try:
        hop = trunk.first_hop
    except ValueError as error:
        raise NoAnswerError(str(error)) from error
    try:
        async with asyncio.timeout(TIMEOUT_S):
            message = await (_over_udp(trunk) if trunk.transport == "udp" else _over_stream(trunk))
    except TimeoutError:
        raise NoAnswerError(f"no answer from {hop.host}:{hop.port} within {TIMEOUT_S:g} s") from None
    except ssl.SSLCertVerificationError as error:
        raise NoAnswerError(f"TLS: {error.verify_message}") from error
    except (OSError, UnicodeError) as error:
        raise NoAnswerError(_cause(error)) from error
    return Answer(message.code, codecs_of(message.body))


def _cause(error: OSError | UnicodeError) -> str:
    """In the words of the system: those of asyncio leave the cause of a failed connection out."""
    if isinstance(error, ConnectionError | TimeoutError) and error.errno:
        return os.strerror(error.errno)
    return getattr(error, "strerror", "") or str(error)


def codecs_of(sdp: str) -> tuple[str, ...]:
    """Names of the audio codecs in an SDP, in its order, each once; telephone events are none."""
    names = dict(_RTPMAP.findall(sdp))
    offered = [p for line in sdp.splitlines() if line.startswith("m=audio ") for p in line.split()[3:]]
    found = [names.get(payload, _STATIC.get(payload, "")) for payload in offered]
    return tuple(dict.fromkeys(name for name in found if name and name != "telephone-event"))


async def _address(trunk: Trunk, kind: socket.SocketKind) -> tuple[int, tuple[object, ...]]:
    """Family and address of the first hop, as ``selfcheck.route_to`` and the engine choose it: IPv4 before IPv6."""
    hop = trunk.first_hop
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(hop.host.strip("[]"), hop.port, type=kind)
    family, _, _, _, address = min(found, key=lambda item: item[0] != socket.AF_INET)
    return family, address


async def _over_udp(trunk: Trunk) -> SipMessage:
    family, address = await _address(trunk, socket.SOCK_DGRAM)
    loop = asyncio.get_running_loop()
    with socket.socket(family, socket.SOCK_DGRAM) as line:
        line.setblocking(False)
        line.connect(address)  # so that only the trunk is heard, and a closed port is told by ICMP
        request = _Request(trunk, line.getsockname())
        for pause_s in (*RETRANSMIT_S, None):  # None: until the caller's patience ends
            await loop.sock_sendall(line, request.raw)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    while True:
                        if message := request.answered(await loop.sock_recv(line, MAX_BYTES)):
                            return message
    raise TimeoutError


async def _over_stream(trunk: Trunk) -> SipMessage:
    family, address = await _address(trunk, socket.SOCK_STREAM)
    context = _context(trunk) if trunk.transport == "tls" else None
    async with AsyncExitStack() as held:
        reader, writer = await asyncio.open_connection(
            str(address[0]),
            trunk.first_hop.port,
            family=family,
            ssl=context,
            server_hostname=trunk.first_hop.host.strip("[]") if context else None,
        )
        held.push_async_callback(_abort, writer)
        request = _Request(trunk, writer.get_extra_info("sockname"))
        writer.write(request.raw)
        await writer.drain()
        received = b""
        while data := await reader.read(MAX_BYTES):
            received += data
            while (whole := _first(received)) is not None:
                if message := request.answered(received[:whole]):
                    return message
                received = received[whole:]
            if len(received) > MAX_BYTES:
                raise NoAnswerError(f"more than {MAX_BYTES} bytes came, and no answer in them")
    raise NoAnswerError("the far end closed the connection without an answer")


async def _abort(writer: asyncio.StreamWriter) -> None:
    """Without a farewell: a far end that reads nothing must not hold us."""
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()


def _context(trunk: Trunk) -> ssl.SSLContext:
    """Certificates and names are verified, as in calls. Raises NoAnswerError for an authority that cannot be read."""
    try:
        context = ssl.create_default_context(cafile=trunk.tls_ca or None)
    except OSError as error:
        raise NoAnswerError(f"TLS: {trunk.tls_ca}: {error.strerror or error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _first(received: bytes) -> int | None:
    """The length of the first message, when all of it is there."""
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return None
    message = parse(head.decode("utf-8", "replace"))
    length = message.first("content-length") if message else ""
    size = int(length) if length.isdecimal() and len(length) <= 9 else 0
    return len(head) + len(end) + size if len(body) >= size else None


class _Request:
    """An OPTIONS request, and how its answer is known."""

    def __init__(self, trunk: Trunk, local: tuple[object, ...]) -> None:
        host = f"[{local[0]}]:{local[1]}" if ":" in str(local[0]) else f"{local[0]}:{local[1]}"
        uri = trunk.home.with_user("").text
        self._call_id = f"{secrets.token_hex(8)}@siaga"
        lines = (
            f"OPTIONS {uri} SIP/2.0",
            f"Via: SIP/2.0/{trunk.transport.upper()} {host};rport;branch=z9hG4bK{secrets.token_hex(8)}",
            "Max-Forwards: 70",
            f"From: <sip:siaga@{host}>;tag={secrets.token_hex(4)}",
            f"To: <{uri}>",
            f"Call-ID: {self._call_id}",
            "CSeq: 1 OPTIONS",
            f"Contact: <sip:siaga@{host};transport={trunk.transport}>",
            "Accept: application/sdp",
            "User-Agent: siaga",
            "Content-Length: 0",
        )
        self.raw: Final = "\r\n".join((*lines, "", "")).encode()

    def answered(self, received: bytes) -> SipMessage | None:
        """The final answer to this very request, or None for anything else."""
        message = parse(received.decode("utf-8", "replace"))
        ours = message is not None and message.call_id == self._call_id and message.cseq == (1, "OPTIONS")
        return message if ours and message is not None and message.code >= 200 else None
