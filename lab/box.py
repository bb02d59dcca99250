"""The server: one UDP socket for SIP and the calls behind it."""

from __future__ import annotations

import asyncio
import traceback
from collections import OrderedDict
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from lab import ivr, sip
from lab.call import T1_S, T2_S, Call, new_tag
from lab.control import SOCKET, bind_switch, serve_switch
from lab.faults import GARBAGE, read_number
from lab.music import beep, on_hold
from lab.rtp import Ticker, encode
from lab.sample import config
from lab.sip import Malformed, Message
from lab.truth import Truth
from lab.voices import Voices

_REMEMBERED = 4000


class Box(asyncio.DatagramProtocol):
    """The contact centre. Nothing that arrives may end it."""

    def __init__(self, folder: Path, host: str) -> None:
        self.host, self._folder = host, folder
        self.address = "127.0.0.1" if host in ("0.0.0.0", "") else host  # noqa: S104 (compared, not bound)
        sounds = Voices(folder).clips | {"music": on_hold(), "beep": beep()}
        self.clips = {name: encode(samples) for name, samples in sounds.items()}
        self.truth = Truth(folder / "truth.jsonl")
        self.ticker = Ticker()
        self.calls: dict[str, Call] = {}
        self.switched: set[str] = set()
        self._replies: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
        self._requests: dict[str, asyncio.Event] = {}
        self._conversations: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._mute: dict[str, str] = {}
        self._garbage = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port: int = transport.get_extra_info("sockname")[1]
        self.hostport = f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"
        self.uri = self.uri_for("lab")
        (self._folder / "siaga.toml").write_text(config(self.address, self.port), encoding="utf-8")

    def uri_for(self, user: str) -> str:
        """A SIP URI of this box."""
        return f"sip:{user}@{self.hostport}"

    # sending ----------------------------------------------------------------------------------------------

    def send(self, data: bytes, target: tuple[str, int]) -> None:
        """One datagram."""
        self._transport.sendto(data, target)

    def reply(self, request: Message, data: bytes, target: tuple[str, int]) -> None:
        """Send an answer and remember it for retransmissions of the request."""
        self._replies[request.key] = data
        while len(self._replies) > _REMEMBERED:
            self._replies.popitem(last=False)
        self.send(data, target)

    async def repeat(self, data: bytes, target: tuple[str, int], done: asyncio.Event, give_up_s: float) -> bool:
        """Send again at T1, 2 T1 … T2 until ``done``; False when that never came. The first sending is the caller's."""
        wait_s, spent_s = T1_S, 0.0
        while spent_s < give_up_s:
            try:
                await asyncio.wait_for(done.wait(), wait_s)
                return True
            except TimeoutError:
                spent_s += wait_s
                wait_s = min(2 * wait_s, T2_S)
                self.send(data, target)
        return False

    def request(self, data: bytes, target: tuple[str, int], branch: str) -> None:
        """Send a request of ours and repeat it until an answer with its branch comes."""
        self._requests[branch] = asyncio.Event()
        self.send(data, target)
        self.spawn(self._repeat_request(data, target, branch))

    async def _repeat_request(self, data: bytes, target: tuple[str, int], branch: str) -> None:
        await self.repeat(data, target, self._requests[branch], 8.0)
        del self._requests[branch]

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something beside the rest; the box keeps hold of it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # receiving --------------------------------------------------------------------------------------------

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not data.strip(b"\r\n\0"):
            return  # keep-alive
        source = (addr[0], addr[1])
        try:
            message = sip.parse(data)
            self._handle(message, source)
        except Malformed as error:
            self.truth.log("malformed", source=f"{source[0]}:{source[1]}", why=str(error), size=len(data))
        except Exception:  # noqa: BLE001 (the centre stays open whatever a caller sends; what went wrong is told)
            self.truth.log("error", why=traceback.format_exc(limit=-3))

    def _handle(self, message: Message, source: tuple[str, int]) -> None:
        if message.method == "SIP/2.0":
            if waiting := self._requests.get(message.key[0]):
                waiting.set()
            return
        call = self.calls.get(message.first("call-id"))
        if message.method == "ACK":
            if call:
                call.acked(message)
        elif known := self._replies.get(message.key):
            self.send(known, source)
        elif self._is_mute(message, call):
            self._garble(source, message.first("call-id"))
        elif message.method == "INVITE" and not sip.tag_of(message.first("to")):
            self._invited(message, source, call)
        else:
            self._inside_or_alone(message, source, call)

    def _inside_or_alone(self, message: Message, source: tuple[str, int], call: Call | None) -> None:
        if message.method == "OPTIONS":
            self._answer(message, "200 OK", source)
        elif message.method == "CANCEL":
            self._cancel(message, source, call)
        elif message.method not in sip.ALLOW.split(", "):
            self._answer(message, "405 Method Not Allowed", source)
        elif not call or call.over or sip.tag_of(message.first("to")) != call.tag:
            self._answer(message, "481 Call/Transaction Does Not Exist", source)
        else:
            self._inside(call, message, source)

    def _is_mute(self, message: Message, call: Call | None) -> bool:
        """True when this gets no sensible answer: so asked by its number, or switched on for all but live calls."""
        return message.first("call-id") in self._mute or (not call and "no_reply" in self.switched)

    def _garble(self, source: tuple[str, int], call_id: str) -> None:
        if self._mute.get(call_id) == "garbage":
            self._garbage += 1
            self.send(GARBAGE[self._garbage % len(GARBAGE)], source)

    def _answer(self, request: Message, status: str, source: tuple[str, int]) -> None:
        self.reply(request, sip.answer(request, status, source, new_tag(), (("Allow", sip.ALLOW),)), source)

    def _inside(self, call: Call, message: Message, source: tuple[str, int]) -> None:
        call.source = source
        try:
            call.within(message)
        except Malformed as error:
            call.log("malformed", why=str(error))
            self._answer(message, "488 Not Acceptable Here", source)

    def _cancel(self, message: Message, source: tuple[str, int], call: Call | None) -> None:
        if not call or call.over:
            self._answer(message, "481 Call/Transaction Does Not Exist", source)
        else:
            self._answer(message, "200 OK", source)
            call.cancel()

    def _invited(self, message: Message, source: tuple[str, int], call: Call | None) -> None:
        wish = read_number(message.user, frozenset(self.switched))
        call_id, number = message.first("call-id"), wish.number if wish else message.user
        faults = sorted(wish.faults) if wish else []
        self.truth.log("invite", call_id, number, source=f"{source[0]}:{source[1]}", faults=faults)
        if call and not call.over:  # RFC 3261 § 8.2.2.2
            self._answer(message, "482 Loop Detected", source)
        elif wish is None:
            self.truth.log("refused", call_id, number, status="404 Not Found")
            self._answer(message, "404 Not Found", source)
        elif mute := wish.faults & {"no_reply", "garbage"}:
            while len(self._mute) > _REMEMBERED:
                del self._mute[next(iter(self._mute))]
            self._mute[call_id] = max(mute)
            self._garble(source, call_id)
        else:
            call = self.calls[call_id] = Call(self, message, source, wish)
            self.reply(message, sip.answer(message, "100 Trying", source, ""), source)
            self._conversations[call_id] = self.spawn(self._converse(call))

    async def _converse(self, call: Call) -> None:
        try:
            await call.prepare()
            await ivr.converse(call)
        except Malformed as error:
            call.log("malformed", why=str(error))
            call.refuse("488 Not Acceptable Here")
        except Exception:  # noqa: BLE001 (one call may fail by our own mistake; the others go on)
            call.log("error", why=traceback.format_exc(limit=-3))
            call.hang_up()

    def ended(self, call: Call) -> None:
        """Nothing more is played on this call."""
        task = self._conversations.pop(call.id, None)
        if task and task is not asyncio.current_task():
            task.cancel()

    def forget(self, call: Call) -> None:
        """The last transaction of a call is done."""
        if self.calls.get(call.id) is call:
            del self.calls[call.id]

    # the end ----------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Hang up every call, wait a moment for the answers, free everything."""
        for call in tuple(self.calls.values()):
            call.hang_up("shutdown")
        for event in tuple(self._requests.values()):
            try:
                await asyncio.wait_for(event.wait(), 1.0)
            except TimeoutError:
                break
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.ticker.stop()
        self._transport.close()
        self.truth.log("closed")
        self.truth.close()


@asynccontextmanager
async def open_box(folder: Path, host: str, port: int) -> AsyncIterator[Box]:
    """A box that takes calls and a switch until the block ends. Raises OSError when port or folder are taken."""
    loop = asyncio.get_running_loop()
    with bind_switch(folder) as listening:
        try:
            _, box = await loop.create_datagram_endpoint(lambda: Box(folder, host), local_addr=(host, port))
            server = await serve_switch(listening, box.switched, box.truth)
            try:
                yield box
            finally:
                server.close()
                await box.close()
        finally:
            (folder / SOCKET).unlink(missing_ok=True)
