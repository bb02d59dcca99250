"""A caller of the tests' own: raw sockets, a few lines of SIP and RTP, nothing shared with the box."""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
import struct
import time
import uuid
from dataclasses import dataclass, field
from typing import cast


class _Socket(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.got: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        self.times: list[float] = []
        self.payloads: list[bytes] = []
        self.rtp = False
        self.grown = asyncio.Event()
        self.arrived = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
        if self.rtp:
            self.times.append(time.monotonic())
            self.payloads.append(data)
            self.grown.set()
        else:
            self.got.put_nowait((time.monotonic(), data))
            self.arrived.set()

    def taken(self) -> list[tuple[float, bytes]]:
        """Everything that came and was not looked at."""
        return [self.got.get_nowait() for _ in range(self.got.qsize())]


async def _bound() -> tuple[_Socket, int]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(_Socket, local_addr=("127.0.0.1", 0))
    return protocol, transport.get_extra_info("sockname")[1]


@dataclass
class Caller:
    """One call to the box; ``send`` a request, ``until`` an answer comes."""

    target: tuple[str, int]
    number: str
    sip: _Socket = field(init=False)
    rtp: _Socket = field(init=False)
    call_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    to_tag: str = ""
    cseq: int = 0
    seq: int = 0

    async def open(self) -> Caller:
        self.sip, self.sip_port = await _bound()
        self.rtp, self.rtp_port = await _bound()
        self.rtp.rtp = True
        return self

    def close(self) -> None:
        self.sip.transport.close()
        self.rtp.transport.close()

    def sdp(self, direction: str = "sendrecv", formats: str = "0 96") -> str:
        return (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {self.rtp_port} RTP/AVP {formats}\r\na=rtpmap:0 PCMU/8000\r\n"
            f"a=rtpmap:96 telephone-event/8000\r\na={direction}\r\n"
        )

    def request(
        self, method: str, body: str = "", kind: str = "application/sdp", cseq: int = 0, more: str = "", user: str = ""
    ) -> bytes:
        self.cseq = self.cseq if method in ("ACK", "CANCEL") else self.cseq + 1
        if method not in ("ACK", "CANCEL"):
            self.branch = f"z9hG4bK{uuid.uuid4().hex}"
        to = f";tag={self.to_tag}" if self.to_tag else ""
        return (
            f"{method} sip:{user or self.number}@127.0.0.1:{self.target[1]} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.sip_port};rport;branch={self.branch}\r\nMax-Forwards: 70\r\n"
            f"From: <sip:tester@127.0.0.1>;tag=caller\r\nTo: <sip:{self.number}@127.0.0.1>{to}\r\n"
            f"Call-ID: {self.call_id}\r\nCSeq: {cseq or self.cseq} {method}\r\n"
            f"Contact: <sip:tester@127.0.0.1:{self.sip_port}>\r\n{more}"
            f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def send(self, data: bytes) -> None:
        self.sip.transport.sendto(data, self.target)

    async def until(self, pattern: str, within_s: float = 20.0) -> tuple[float, str]:
        """The first message whose start line matches, with its instant. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while True:
                at, data = await self.sip.got.get()
                text = data.decode("utf-8", "replace")
                if re.match(pattern, text):
                    return at, text

    async def invite(self, user: str = "", within_s: float = 20.0) -> None:
        """INVITE, repeated while nothing comes back: UDP may lose it. Raises TimeoutError."""
        invite = self.request("INVITE", self.sdp(), user=user)
        async with asyncio.timeout(within_s):
            while self.sip.got.empty():
                self.sip.arrived.clear()
                self.send(invite)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.sip.arrived.wait(), 0.5)

    async def dial(self, answer: str = r"SIP/2\.0 [2-6]", within_s: float = 20.0) -> str:
        """INVITE, wait for a final answer, ACK."""
        await self.invite()
        _, text = await self.until(answer, within_s)
        self.learn(text)
        self.send(self.request("ACK"))
        return text

    async def dial_again(self, body: str) -> str:
        """A re-INVITE and its ACK."""
        self.send(self.request("INVITE", body))
        _, text = await self.until(r"SIP/2\.0 200")
        self.send(self.request("ACK"))
        return text

    def learn(self, text: str) -> None:
        """Remember the dialog and where their RTP is wanted."""
        self.to_tag = found[1] if (found := re.search(r"(?im)^To:.*;tag=([^;\s]+)", text)) else ""
        if port := re.search(r"m=audio (\d+)", text):
            self.media = ("127.0.0.1", int(port[1]))

    async def hears(self, packets: int, within_s: float = 30.0) -> None:
        """Return after so many more packets of RTP. Raises TimeoutError."""
        enough = len(self.rtp.times) + packets
        async with asyncio.timeout(within_s):
            while len(self.rtp.times) < enough:
                self.rtp.grown.clear()
                await self.rtp.grown.wait()

    async def bye(self) -> None:
        self.send(self.request("BYE"))
        await self.until(r"SIP/2\.0 200")

    def packet(self, payload: bytes, kind: int = 0, stamp: int = 0) -> None:
        self.seq += 1
        header = struct.pack("!BBHII", 0x80, kind, self.seq, stamp or self.seq * 160, 77)
        self.rtp.transport.sendto(header + payload, self.media)

    async def press(self, digit: str) -> None:
        """RFC 4733: three packets of the key, its end three times."""
        event, stamp = "0123456789*#ABCD".index(digit), self.seq * 160 + 160
        for step in range(6):
            self.packet(struct.pack("!BBH", event, 0x8A if step > 2 else 10, 160 * (step + 1)), 96, stamp)
            await asyncio.sleep(0.02)

    async def sing(self, hertz: tuple[float, ...], seconds: float) -> None:
        """Tones in the voice band."""
        for frame in range(int(seconds / 0.02)):
            times = [(frame * 160 + i) / 8000 for i in range(160)]
            self.packet(bytes(ulaw(sum(6000 * math.sin(2 * math.pi * f * t) for f in hertz)) for t in times))
            await asyncio.sleep(0.02)


def ulaw(sample: float) -> int:
    """One PCMU byte (ITU-T G.711), bit by bit."""
    sign, magnitude = (0x80, -sample) if sample < 0 else (0, sample)
    value = min(int(magnitude), 32635) + 132
    exponent = value.bit_length() - 8
    return ~(sign | exponent << 4 | (value >> (exponent + 3)) & 15) & 0xFF
