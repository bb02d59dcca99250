"""Ends the call of a dead engine from the parent: CANCEL or BYE on a socket of our own, by the saved dialog.

Over UDP the dead engine's port is taken over, so that answers find us and late answers to its INVITE too.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Final, Protocol

from channels.voice import digest, sipmsg
from channels.voice.dialogs import Dialog, State
from channels.voice.pjfiles import SYSTEM_CA_FILE
from channels.voice.uri import parse_uri

LIMIT_S: Final = 2.2
_REPEAT_S: Final = 0.4
"""Quicker than RFC 3261's T1: there are two seconds for it, and the far end is near or lost."""
_MAX_BYTES: Final = 65536
_BIND_ATTEMPTS: Final = 15
_BIND_PAUSE_S: Final = 0.02
"""The link of a killed engine closes some milliseconds before its SIP socket does."""


class _Wire(Protocol):
    """A way to the far end: whole messages."""

    def send(self, text: str) -> None: ...
    async def receive(self) -> str: ...
    def close(self) -> None: ...


async def rescue(dialog: Dialog) -> str:
    """End the call; bounded by LIMIT_S, never raises for what the far end does. The sentence says what came of it."""
    if dialog.state in (State.IDLE, State.OVER):
        return "no call was left behind"
    what = "BYE" if dialog.state is State.ANSWERED else "CANCEL"
    try:
        async with asyncio.timeout(LIMIT_S):
            wire = await _connect(dialog)
            try:
                await _converse(dialog, wire)
            finally:
                wire.close()
    except TimeoutError:
        return f"{what} sent for the dead engine; not confirmed in {LIMIT_S} s"
    except (OSError, ValueError, LookupError, ssl.SSLError, asyncio.IncompleteReadError) as error:
        return f"{what} for the dead engine could not be sent: {error}"
    return f"{what} sent for the dead engine and confirmed"


async def _converse(dialog: Dialog, wire: _Wire) -> None:
    farewell = dialog.bye() if dialog.state is State.ANSWERED else dialog.cancel()
    wire.send(farewell)
    tried = False
    while dialog.state is not State.OVER:
        try:
            async with asyncio.timeout(_REPEAT_S):
                message = sipmsg.parse(await wire.receive())
        except TimeoutError:
            wire.send(farewell)
            continue
        if message is None or message.call_id != dialog.call_id:
            continue
        if message.method == "BYE" and message.code in (401, 407) and not tried:
            tried = True
            account = dialog.account
            login = digest.authorization(message, "BYE", dialog.target, account.username, account.password)
            farewell = dialog.bye(login)
            wire.send(farewell)
        elif message.method == "CANCEL" and message.code == 481:
            dialog.state = State.OVER
        else:
            farewell = _react(dialog, wire, message, farewell)


def _react(dialog: Dialog, wire: _Wire, message: sipmsg.SipMessage, farewell: str) -> str:
    """Acknowledge what came for the INVITE. A call answered in the last moment gets a BYE. Returns what to repeat."""
    before = dialog.state
    if message.code:
        dialog.answer(message)
    if message.method == "INVITE" and message.code >= 300:
        wire.send(dialog.ack_refusal(message.first("to")))
    elif message.method == "INVITE" and message.code // 100 == 2:
        wire.send(dialog.ack())
        if before is State.CALLING:
            farewell = dialog.bye()
            wire.send(farewell)
    return farewell


async def _connect(dialog: Dialog) -> _Wire:
    if dialog.transport.startswith("udp"):
        return await _Udp.open(dialog)
    context = None
    if dialog.transport.startswith("tls"):
        context = ssl.create_default_context(cafile=dialog.account.tls_ca or SYSTEM_CA_FILE)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # a Contact seldom carries a name that the certificate has; the connection went to the peer before
        context.check_hostname = False
    host, _, port = dialog.peer.rpartition(":")
    reader, writer = await asyncio.open_connection(host.strip("[]"), int(port), ssl=context)
    return _Stream(reader, writer)


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, targets: set[tuple[str, int]]) -> None:
        self._targets = targets
        self._inbox: asyncio.Queue[str] = asyncio.Queue(64)
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    async def open(cls, dialog: Dialog) -> _Udp:
        host, _, port = dialog.peer.rpartition(":")
        targets = {(host.strip("[]"), int(port))}
        # a far end may name whatever it likes as its Contact; where its messages came from is good enough
        with contextlib.suppress(OSError, ValueError):
            loop = asyncio.get_running_loop()
            hop = parse_uri(dialog.next_hop)
            found = await loop.getaddrinfo(hop.host.strip("[]"), hop.port)
            targets.add((str(found[0][4][0]), int(found[0][4][1])))
        ours, _, our_port = dialog.sent_by.rpartition(":")
        address = dialog.account.local_address or ours.strip("[]")
        for attempt in range(_BIND_ATTEMPTS + 1):
            # at the last any port will do; only answers to the dead engine's own requests are lost then
            port_here = int(our_port or 0) if attempt < _BIND_ATTEMPTS else 0
            try:
                made: tuple[
                    asyncio.DatagramTransport, _Udp
                ] = await asyncio.get_running_loop().create_datagram_endpoint(
                    lambda: cls(targets), local_addr=(address, port_here)
                )
            except OSError:
                await asyncio.sleep(_BIND_PAUSE_S)
                continue
            return made[1]
        raise OSError("no UDP socket can be opened")

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002  # told apart by Call-ID
        with contextlib.suppress(asyncio.QueueFull):
            self._inbox.put_nowait(data[:_MAX_BYTES].decode(errors="replace"))

    def send(self, text: str) -> None:
        if self._transport is not None:
            for target in self._targets:
                self._transport.sendto(text.encode(errors="surrogateescape"), target)

    async def receive(self) -> str:
        return await self._inbox.get()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


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
        self._writer.close()
