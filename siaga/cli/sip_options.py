"""One OPTIONS request (RFC 3261 § 11) to a trunk: whether it answers, and which codecs it offers. Needs no engine."""

from __future__ import annotations

import re
import secrets
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from channels.voice.sipmsg import SipMessage, parse
from channels.voice.trunk import Trunk

TIMEOUT_S: Final = 4.0
RETRANSMIT_S: Final = (0.5, 1.0, 2.0)
"""Over UDP (RFC 3261 § 17.1.2.1: T1 doubled)."""
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


def ask(trunk: Trunk) -> Answer:
    """Send the request and wait at most TIMEOUT_S. Raises NoAnswerError."""
    hop = trunk.first_hop
    family = socket.SOCK_DGRAM if trunk.transport == "udp" else socket.SOCK_STREAM
    try:
        found = socket.getaddrinfo(hop.host.strip("[]"), hop.port, type=family)
        kind, _, _, _, address = min(found, key=lambda item: item[0] != socket.AF_INET)
        with _connected(trunk, kind, address) as line:
            message = _exchange(line, _request(trunk, line), datagrams=trunk.transport == "udp")
    except TimeoutError:
        raise NoAnswerError(f"no answer from {hop.host}:{hop.port} within {TIMEOUT_S:.0f} s") from None
    except ssl.SSLCertVerificationError as error:
        raise NoAnswerError(f"TLS: {error.verify_message}") from error
    except OSError as error:
        raise NoAnswerError(error.strerror or str(error)) from error
    return Answer(message.code, codecs_of(message.body))


def codecs_of(sdp: str) -> tuple[str, ...]:
    """Names of the audio codecs in an SDP, in its order, each once; telephone events are none."""
    names = dict(_RTPMAP.findall(sdp))
    offered = [p for line in sdp.splitlines() if line.startswith("m=audio ") for p in line.split()[3:]]
    found = [names.get(payload, _STATIC.get(payload, "")) for payload in offered]
    return tuple(dict.fromkeys(name for name in found if name and name != "telephone-event"))


@contextmanager
def _connected(trunk: Trunk, kind: int, address: tuple[object, ...]) -> Iterator[socket.socket]:
    datagrams = trunk.transport == "udp"
    with socket.socket(kind, socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM) as plain:
        plain.settimeout(TIMEOUT_S)
        plain.connect(address)
        if trunk.transport != "tls":
            yield plain
            return
        context = ssl.create_default_context(cafile=trunk.tls_ca or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        with context.wrap_socket(plain, server_hostname=trunk.first_hop.host.strip("[]")) as secure:
            yield secure


def _request(trunk: Trunk, line: socket.socket) -> bytes:
    local = line.getsockname()
    host = f"[{local[0]}]:{local[1]}" if ":" in local[0] else f"{local[0]}:{local[1]}"
    uri = trunk.home.with_user("").text
    lines = (
        f"OPTIONS {uri} SIP/2.0",
        f"Via: SIP/2.0/{trunk.transport.upper()} {host};rport;branch=z9hG4bK{secrets.token_hex(8)}",
        "Max-Forwards: 70",
        f"From: <sip:siaga@{host}>;tag={secrets.token_hex(4)}",
        f"To: <{uri}>",
        f"Call-ID: {secrets.token_hex(8)}@siaga-doctor",
        "CSeq: 1 OPTIONS",
        f"Contact: <sip:siaga@{host};transport={trunk.transport}>",
        "Accept: application/sdp",
        "User-Agent: siaga doctor",
        "Content-Length: 0",
    )
    return "\r\n".join((*lines, "", "")).encode()


def _exchange(line: socket.socket, request: bytes, *, datagrams: bool) -> SipMessage:
    """The final answer. Raises TimeoutError, OSError."""
    deadline = time.monotonic() + TIMEOUT_S
    line.sendall(request)
    again = [time.monotonic() + at for at in RETRANSMIT_S] if datagrams else []
    received = b""
    while (left_s := deadline - time.monotonic()) > 0:
        line.settimeout(max(0.01, min(left_s, again[0] - time.monotonic()) if again else left_s))
        try:
            data = line.recv(65536)
        except TimeoutError:
            if again and time.monotonic() >= again[0]:
                again.pop(0)
                line.sendall(request)
            continue
        if not data:
            raise NoAnswerError("the far end closed the connection without an answer")
        received = data if datagrams else received + data
        while (message := _first(received)) is not None:
            if message.code >= 200 and message.cseq[1] == "OPTIONS":
                return message
            received = received.partition(b"\r\n\r\n")[2]
    raise TimeoutError


def _first(received: bytes) -> SipMessage | None:
    """The first message when all of it is there; provisional answers carry no body."""
    _, end, body = received.partition(b"\r\n\r\n")
    message = parse(received.decode("utf-8", "replace")) if end else None
    if message is None:
        return None
    length = message.first("content-length")
    return message if len(body) >= (int(length) if length.isdecimal() else 0) else None
