"""A SIP far end that means harm, over UDP and TCP: answers INVITE, OPTIONS and REGISTER with what no parser hopes for.

The user part of the called URI names the play and its seed: ``sip:torture-17@127.0.0.1:5070`` always does the same.
``sip:healthy-0@…`` behaves, ``sip:deaf-0@…`` answers and then nothing more.
Imports nothing of the product. By hand: ``python -m tests.farends.hostile 5070``.
"""

from __future__ import annotations

import asyncio
import collections
import re
import sys
import time
from pathlib import Path
from typing import Final, cast

from tests.farends.hostile_mutator import dice
from tests.farends.hostile_plays import PLAYS, Act, Counts
from tests.farends.hostile_sip import Request, Scene, read

KEPT_MESSAGES: Final = 6000
CALL_S: Final = 12.0
TORTURE_FOLDER: Final = Path(__file__).with_name("torture")
Address = tuple[str, int]


class Endpoint(asyncio.DatagramProtocol):
    """A UDP socket that hands its datagrams on."""

    def __init__(self, far_end: HostileFarEnd | None) -> None:
        self._far_end = far_end
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        if self._far_end is not None:
            self._far_end.received(data, (str(addr[0]), addr[1]), None)

    def error_received(self, exc: Exception) -> None:
        """A caller that is gone is no news here."""

    def send(self, data: bytes, to: Address) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.sendto(data, to)

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()


class HostileFarEnd:
    """Serves on one port, UDP and TCP. ``async with HostileFarEnd() as far_end: far_end.uri("torture", 17)``."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        self.counts = Counts()
        self.called = asyncio.Event()
        """Set when the first call has come."""
        self.sent: collections.deque[tuple[float, Address, bytes]] = collections.deque(maxlen=KEPT_MESSAGES)
        self._acts: dict[str, tuple[Act, asyncio.Task[None]]] = {}
        self._sip = Endpoint(self)
        self._rtp = Endpoint(None)
        self._server: asyncio.Server | None = None
        self._streams: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> HostileFarEnd:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self._sip, local_addr=(self.host, self.port))
        assert self._sip.transport is not None
        self.port = self._sip.transport.get_extra_info("sockname")[1]
        await loop.create_datagram_endpoint(lambda: self._rtp, local_addr=(self.host, 0))
        self._server = await asyncio.start_server(self._stream, self.host, self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        for _act, task in self._acts.values():
            task.cancel()
        await asyncio.gather(*(task for _, task in self._acts.values()), return_exceptions=True)
        if self._server is not None:
            self._server.close()
        for writer in list(self._streams):
            writer.close()
        self._sip.close()
        self._rtp.close()
        await asyncio.sleep(0)

    def uri(self, play: str, seed: int = 0, transport: str = "udp") -> str:
        """The address that makes us do that."""
        return f"sip:{play}-{seed}@{self.host}:{self.port}" + (";transport=tcp" if transport == "tcp" else "")

    def sent_to(self, ports: set[int], last_s: float = 3.0) -> list[bytes]:
        """The last messages to some caller: what to look at when it died."""
        since = time.monotonic() - last_s
        return [data for at, to, data in self.sent if at > since and to[1] in ports]

    # --- receiving ---------------------------------------------------------------------------------------------

    def received(self, data: bytes, peer: Address, stream: asyncio.StreamWriter | None) -> None:
        """One message of a caller."""
        request = read(data)
        if request is None or not request.method:
            return
        call_id = request.first("call-id")
        found = self._acts.get(call_id)
        if found is None:
            self._begin(request, call_id, peer, stream)
        elif request.method == "ACK":
            found[0].confirmed.set()
        elif request.method in ("INVITE", "REGISTER"):
            if request.first("cseq") != found[0].scene.request.first("cseq"):
                found[0].inbox.put_nowait(request)
        else:
            self._respond(found[0], request)

    def _begin(self, request: Request, call_id: str, peer: Address, stream: asyncio.StreamWriter | None) -> None:
        if request.method in ("ACK", "CANCEL", "BYE"):
            return
        user = request.user
        if request.method == "REGISTER":
            match = re.search(r"sips?:([^@;>]+)@", request.first("to"))
            user = match[1] if match else ""
        name, _, seed = user.partition("-") if user.startswith("file-") else user.rpartition("-")
        rng = dice(f"{user}/{seed}")
        assert self._rtp.transport is not None
        media_port = self._rtp.transport.get_extra_info("sockname")[1]
        scene = Scene(request, self.host, self.port, media_port, "tcp" if stream else "udp", rng)

        def transmit(data: bytes) -> None:
            self.sent.append((time.monotonic(), peer, data))
            if stream is None:
                self._sip.send(data[:65_000], peer)
            elif not stream.is_closing():
                stream.write(data)

        act = Act(scene, rng, self.counts, transmit, self._rtp.send)
        self.counts.calls += 1
        self.called.set()
        task = asyncio.get_running_loop().create_task(self._perform(act, name, seed))
        self._acts[call_id] = (act, task)
        task.add_done_callback(lambda _: asyncio.get_running_loop().call_later(CALL_S, self._acts.pop, call_id, None))

    async def _perform(self, act: Act, name: str, seed: str) -> None:
        if act.scene.request.method != "INVITE":
            await self._no_call(act, name)
        elif name == "file":
            await self._from_file(act, seed)
        elif name in PLAYS:
            act.proper(act.scene.answer(100))
            await PLAYS[name](act)
        else:
            act.deaf = name == "deaf"
            await act.answered()

    async def _no_call(self, act: Act, name: str) -> None:
        """OPTIONS, REGISTER and the like: badly when a play is named, else properly."""
        if name in PLAYS or name == "torture":
            for code in act.rng.sample((200, 401, 407, 423, 302, 500, 503, 200), 3):
                draft = act.scene.answer(code)
                draft.add(
                    act.rng.choice(("Min-Expires", "Expires", "Retry-After")),
                    act.rng.choice(("0", "-1", "99999999999", "x")),
                )
                draft.add("WWW-Authenticate", 'Digest realm="", nonce=')
                act.bad(act.spoil(draft))
                await act.beat(2)
        act.proper(act.scene.answer(200))

    async def _from_file(self, act: Act, name: str) -> None:
        """A kept message: ``torture/NAME.sip``, messages parted by lines of ``=====``, with {holes} of the dialog."""
        text = (TORTURE_FOLDER / f"{name}.sip").read_bytes().decode("latin-1")
        proper = act.scene.answer(180)
        asked = act.scene.ask("INVITE")
        holes = {f"{{{key.lower()}}}": proper.get(key) for key in ("Via", "From", "To", "Call-ID", "CSeq", "Contact")}
        holes |= {"{our via}": asked.get("Via"), "{target}": asked.start.split(" ")[1], "{host}": act.scene.host}
        holes |= {"{port}": str(act.scene.port), "{media port}": str(act.scene.media_port), "{sdp}": act.scene.sdp()}
        act.proper(act.scene.answer(100))
        for message in text.split("=====\n"):
            for hole, value in holes.items():
                message = message.replace(hole, value)  # noqa: PLW2901  # hole by hole
            head, _, body = message.partition("\n\n")
            data = head.replace("\n", "\r\n").replace("{length}", str(len(body))) + "\r\n\r\n" + body
            act.bad(data.encode("latin-1"))
            await act.beat(3)
            await act.acknowledged(0.1)

    def _respond(self, act: Act, request: Request) -> None:
        """BYE, CANCEL, INFO … of the caller."""
        if act.deaf:
            return
        if request.method == "CANCEL" and not act.spoil_rest:
            act.proper(act.scene.answer(200, request))
            act.proper(act.scene.answer(487))
        elif act.spoil_rest and act.later.random() < 0.7:
            code = act.later.choice((200, 200, 100, 481, 401, 302, 500))
            act.bad(act.spoil(act.scene.answer(code, request), act.later))
        else:
            act.proper(act.scene.answer(200, request))

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """TCP: messages cut by Content-Length."""
        self._streams.add(writer)
        peer = writer.get_extra_info("peername")[:2]
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?im)^(?:content-length|l)\s*:\s*(\d+)", head)
                body = await reader.readexactly(int(length[1])) if length else b""
                self.received(head.lstrip() + body, peer, writer)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            pass  # the caller hung up on us, rightly
        finally:
            self._streams.discard(writer)
            writer.close()


async def _main(port: int) -> None:
    async with HostileFarEnd(port=port) as far_end:
        sys.stdout.write(f"ready {far_end.uri('torture', 1)}; plays: healthy {' '.join(PLAYS)}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
