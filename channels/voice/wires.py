"""The ways by which the parent speaks for a dead engine: the engine's own UDP port, or a new connection.

Over UDP the port is taken over, so that answers find us and late answers to the engine's requests too. All who speak
for that engine share the port: none waits for another's answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import ClassVar, Final, Protocol

from channels.voice import sipmsg
from channels.voice.pjfiles import SYSTEM_CA_FILE
from channels.voice.uri import parse_uri
from channels.voice.wire import Account

_MAX_BYTES: Final = 65536
_MAX_WAITING: Final = 64
_BIND_ATTEMPTS: Final = 15
_BIND_PAUSE_S: Final = 0.02
"""The link of a killed engine closes some milliseconds before its SIP socket does."""


class Wire(Protocol):
    """A way to the far end: whole messages."""

    def send(self, text: str) -> None: ...
    async def receive(self) -> str: ...
    def close(self) -> None: ...


class Bereaved(Protocol):
    """What an engine left behind at a far end. ``peer`` and ``sent_by`` are ``host:port``, ``next_hop`` a SIP URI."""

    account: Account
    call_id: str
    transport: str
    peer: str

    @property
    def sent_by(self) -> str: ...
    @property
    def next_hop(self) -> str: ...


async def connect(left: Bereaved) -> Wire:
    """A way to its far end. Raises OSError, ValueError."""
    host, port = _split(left.peer)
    if left.transport.startswith("udp"):
        return await _Udp.open(left)
    context = None
    if left.transport.startswith("tls"):
        context = ssl.create_default_context(cafile=left.account.tls_ca or SYSTEM_CA_FILE)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # a Contact seldom carries a name that the certificate has; the connection went to the peer before
        context.check_hostname = False
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    return _Stream(reader, writer)


def _split(peer: str) -> tuple[str, int]:
    host, _, port = peer.rpartition(":")
    return host.strip("[]"), int(port)


class _Port(asyncio.DatagramProtocol):
    """One UDP port and those who use it now, told apart by Call-ID."""

    _open: ClassVar[dict[tuple[asyncio.AbstractEventLoop, str, int], _Port]] = {}

    def __init__(self, key: tuple[asyncio.AbstractEventLoop, str, int]) -> None:
        self._key = key
        self._inboxes: dict[str, asyncio.Queue[str]] = {}
        self._binding = asyncio.Lock()
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    def at(cls, address: str, port: int) -> _Port:
        """The one that is open there, or a new one. Join it before anything is awaited."""
        key = (asyncio.get_running_loop(), address, port)
        return cls._open.setdefault(key, cls(key))

    async def join(self, call_id: str, inbox: asyncio.Queue[str]) -> None:
        """Messages with that Call-ID go to the inbox until ``leave``. Raises OSError."""
        self._inboxes[call_id] = inbox
        try:
            async with self._binding:
                if self._transport is None:
                    await self._bind(*self._key[1:])
        except BaseException:
            self.leave(call_id)
            raise

    def leave(self, call_id: str) -> None:
        """The last one closes the port."""
        self._inboxes.pop(call_id, None)
        if not self._inboxes:
            self._open.pop(self._key, None)
            if self._transport is not None:
                self._transport.close()

    async def _bind(self, address: str, port: int) -> None:
        for attempt in range(_BIND_ATTEMPTS + 1):
            # at the last any port will do; only answers to the dead engine's own requests are lost then
            port_here = port if attempt < _BIND_ATTEMPTS else 0
            try:
                await self._key[0].create_datagram_endpoint(lambda: self, local_addr=(address, port_here))
            except OSError:
                await asyncio.sleep(_BIND_PAUSE_S)
                continue
            return
        raise OSError("no UDP socket can be opened")

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002  # told apart by Call-ID
        text = data[:_MAX_BYTES].decode(errors="replace")
        if (inbox := self._inboxes.get(sipmsg.call_id_in(text))) is not None:
            with contextlib.suppress(asyncio.QueueFull):
                inbox.put_nowait(text)

    def send(self, text: str, target: tuple[str, int]) -> None:
        if self._transport is not None:
            self._transport.sendto(text.encode(errors="surrogateescape"), target)


class _Udp:
    def __init__(self, port: _Port, call_id: str, inbox: asyncio.Queue[str], targets: set[tuple[str, int]]) -> None:
        self._port = port
        self._call_id = call_id
        self._inbox = inbox
        self._targets = targets

    @classmethod
    async def open(cls, left: Bereaved) -> _Udp:
        targets = {_split(left.peer)}
        # a far end may name whatever it likes as its Contact; where its messages came from is good enough
        with contextlib.suppress(OSError, ValueError):
            hop = parse_uri(left.next_hop)
            found = await asyncio.get_running_loop().getaddrinfo(hop.host.strip("[]"), hop.port)
            targets.add((str(found[0][4][0]), int(found[0][4][1])))
        ours, _, our_port = left.sent_by.rpartition(":")
        address = left.account.local_address or ours.strip("[]")
        inbox: asyncio.Queue[str] = asyncio.Queue(_MAX_WAITING)
        port = _Port.at(address, int(our_port or 0))
        await port.join(left.call_id, inbox)
        return cls(port, left.call_id, inbox, targets)

    def send(self, text: str) -> None:
        for target in self._targets:
            self._port.send(text, target)

    async def receive(self) -> str:
        return await self._inbox.get()

    def close(self) -> None:
        self._port.leave(self._call_id)


class _Stream:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, text: str) -> None:
        self._writer.write(text.encode(errors="surrogateescape"))

    async def receive(self) -> str:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode(errors="replace")
        message = sipmsg.parse(head)
        length = message.first("content-length") if message else ""
        if length.isdecimal() and len(length) < 6:
            await self._reader.readexactly(int(length))
        return head

    def close(self) -> None:
        # what was written is on its way; TLS would wait half a minute for the far end's goodbye
        self._writer.transport.abort()
