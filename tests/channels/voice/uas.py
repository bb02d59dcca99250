"""A far end of a few lines for these tests: answers as told, remembers what came, sends requests of its own.

Nothing of the product is used here. RTP is only counted, and sent when asked.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

Reply = Callable[["Uas", "Request"], "list[str | bytes]"]
SILENCE = b"\xff" * 160


@dataclass(frozen=True)
class Request:
    """A request or response that came to the far end."""

    text: str
    peer: tuple[str, int]

    @property
    def method(self) -> str:
        return self.text.split(" ", 1)[0]

    def header(self, name: str) -> str:
        match = re.search(rf"(?im)^{name}[ \t]*:[ \t]*(.*?)\r?$", self.text)
        return match[1] if match else ""


@dataclass
class Uas(asyncio.DatagramProtocol):
    """Listens on 127.0.0.1; ``on_invite`` makes the answers to an INVITE."""

    on_invite: Reply
    sdp_more: str = "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
    formats: str = "0 101"
    requests: list[Request] = field(default_factory=list)
    rtp: list[bytes] = field(default_factory=list)
    host: str = "127.0.0.1"

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._came = asyncio.Condition()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self.host, 0))
        self._media = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET, socket.SOCK_DGRAM)
        self._media.bind((self.host, 0))
        self._media.setblocking(False)
        loop.add_reader(self._media, self._take_rtp)
        self._tasks: list[asyncio.Task[None]] = []
        self._numbers = itertools.count(1)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        asyncio.get_running_loop().remove_reader(self._media)
        self._media.close()
        self._transport.close()
        await asyncio.sleep(0)

    @property
    def port(self) -> int:
        return int(self._transport.get_extra_info("sockname")[1])

    @property
    def uri(self) -> str:
        return f"sip:1500@127.0.0.1:{self.port}"

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        request = Request(data.decode(errors="replace"), (str(addr[0]), addr[1]))
        if not request.text.strip():
            return
        first = not any(r.text == request.text for r in self.requests)
        self.requests.append(request)
        if request.method == "INVITE" and first:
            self.send(self.on_invite(self, request), request.peer)
        elif request.method in ("BYE", "CANCEL", "INFO", "UPDATE", "REGISTER", "OPTIONS") and not self.silent:
            self.send(self.on_other(request), request.peer)
        self._tasks.append(asyncio.ensure_future(self._tell()))

    silent: bool = False
    """Answer nothing but INVITE."""

    def on_other(self, request: Request) -> list[str | bytes]:
        answers: list[str | bytes] = [self.answer(request, "200 OK")]
        if request.method == "CANCEL":
            invite = next(
                r for r in self.requests if r.method == "INVITE" and r.header("Call-ID") == request.header("Call-ID")
            )
            answers.append(self.answer(invite, "487 Request Terminated"))
        return answers

    async def _tell(self) -> None:
        async with self._came:
            self._came.notify_all()

    def send(self, messages: list[str | bytes], peer: tuple[str, int]) -> None:
        for message in messages:
            self._transport.sendto(message if isinstance(message, bytes) else message.encode(), peer)

    async def wait_for(self, method: str, count: int = 1, timeout_s: float = 20.0) -> list[Request]:
        """The requests of that method, once there are so many."""

        def those() -> list[Request]:
            return [r for r in self.requests if r.method == method]

        async with asyncio.timeout(timeout_s), self._came:
            await self._came.wait_for(lambda: len(those()) >= count)
        return those()

    @property
    def _shown(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def sdp(self) -> str:
        media = self._media.getsockname()[1]
        family = "IP6" if ":" in self.host else "IP4"
        return (
            f"v=0\r\no=- 1 1 IN {family} {self.host}\r\ns=-\r\nc=IN {family} {self.host}\r\nt=0 0\r\n"
            f"m=audio {media} RTP/AVP {self.formats}\r\na=rtpmap:0 PCMU/8000\r\n{self.sdp_more}"
        )

    def answer(self, request: Request, status: str, body: str = "", more: str = "") -> str:
        """A response to a request, with its headers copied."""
        vias = "".join(f"Via: {via}\r\n" for via in re.findall(r"(?im)^Via[ \t]*:[ \t]*(.*?)\r?$", request.text))
        to = request.header("To")
        to = to if "tag=" in to or status.startswith("100") else f"{to};tag=far"
        kind = "Content-Type: application/sdp\r\n" if body else ""
        return (
            f"SIP/2.0 {status}\r\n{vias}From: {request.header('From')}\r\nTo: {to}\r\n"
            f"Call-ID: {request.header('Call-ID')}\r\nCSeq: {request.header('CSeq')}\r\n"
            f"Contact: <sip:far@{self._shown}:{self.port}>\r\n{more}{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        )

    def request(self, invite: Request, method: str, body: str = "", more: str = "") -> str:
        """A request of ours inside the dialog of an INVITE that was answered."""
        number = next(self._numbers)
        contact = re.search(r"<([^>]*)>", invite.header("Contact"))
        assert contact is not None
        to = f"{invite.header('To')};tag=far"
        kind = "Content-Type: application/sdp\r\n" if body else ""
        return (
            f"{method} {contact[1]} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bKfar{number}\r\n"
            f"Max-Forwards: 70\r\nFrom: {to}\r\nTo: {invite.header('From')}\r\nCall-ID: {invite.header('Call-ID')}\r\n"
            f"CSeq: {number} {method}\r\nContact: <sip:far@127.0.0.1:{self.port}>\r\n{more}{kind}"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )

    def send_rtp(self, invite: Request, seconds: float, payload: bytes = SILENCE) -> asyncio.Task[None]:
        """Send audio to where the INVITE's SDP says."""
        port = re.search(r"m=audio (\d+)", invite.text)
        assert port is not None
        task = asyncio.ensure_future(self._send_rtp((self.host, int(port[1])), seconds, payload))
        self._tasks.append(task)
        return task

    async def _send_rtp(self, peer: tuple[str, int], seconds: float, payload: bytes) -> None:
        for number in range(round(seconds * 50)):
            head = struct.pack("!BBHII", 0x80, 0, number, number * 160, 77)
            self._media.sendto(head + payload, peer)
            await asyncio.sleep(0.02)

    def _take_rtp(self) -> None:
        self.rtp.append(self._media.recv(2048))


def answering(uas: Uas, invite: Request) -> list[str | bytes]:
    """180, then 200 with SDP."""
    return [uas.answer(invite, "180 Ringing"), uas.answer(invite, "200 OK", uas.sdp)]


def ringing(uas: Uas, invite: Request) -> list[str | bytes]:
    """180 and no more."""
    return [uas.answer(invite, "180 Ringing")]


def refusing(status: str, more: str = "") -> Reply:
    """A final answer."""
    return lambda uas, invite: [uas.answer(invite, status, more=more)]


def mute(_uas: Uas, _invite: Request) -> list[str | bytes]:
    """Nothing at all."""
    return []
