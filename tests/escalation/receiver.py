"""An HTTP server of a few lines that answers as told and remembers what came. Nothing of the product is used here."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import ssl
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Came:
    """One request."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Listens on 127.0.0.1. ``answers`` are given one after the other, then 204 for ever; None answers nothing."""

    answers: list[str | None] = field(default_factory=list)
    tls: ssl.SSLContext | None = None
    endless: bool = False
    """Send a body that never ends."""
    came: list[Came] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        self._more = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0, ssl=self.tls)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        await asyncio.sleep(0)

    @property
    def port(self) -> int:
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/hook/s3cret"

    async def until(self, count: int) -> list[Came]:
        """The requests, once there are so many."""
        async with asyncio.timeout(90), self._more:
            await self._more.wait_for(lambda: len(self.came) >= count)
        return self.came

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            async with self._more:
                self.came.append(Came(lines[0], headers, body))
                self._more.notify_all()
            answer = self.answers.pop(0) if self.answers else "204 No Content"
            if answer is None:
                await reader.read()
            else:
                await self._answer(answer, writer)
        writer.transport.abort()

    async def _answer(self, answer: str, writer: asyncio.StreamWriter) -> None:
        more = "" if self.endless or re.match("204", answer) else "Content-Length: 0\r\n"
        writer.write(f"HTTP/1.1 {answer}\r\n{more}Connection: close\r\n\r\n".encode())
        while self.endless:
            writer.write(bytes(65536))
            await writer.drain()
        await writer.drain()
