"""Requests to addresses that the configuration names: certificates verified, nothing followed, little read, soon over.

An address may be a secret itself: no error repeats it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    import httpx

TOTAL_S: Final = 15.0
CONNECT_S: Final = 5.0


class NotTakenError(Exception):
    """The far side did not take the request; the sentence says why, without the address."""


class Web:
    """One HTTP client, made at the first request: who sends nothing loads no library."""

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None
        self._making = asyncio.Lock()

    async def send(
        self,
        method: Literal["GET", "POST"],
        address: str,
        *,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send and be content with any 2xx. Raises NotTakenError."""
        client = await self._ready()
        try:
            async with (
                asyncio.timeout(TOTAL_S),
                client.stream(method, address, json=body, headers=dict(headers or {})) as answer,
            ):
                code = answer.status_code  # the rest of the answer is nobody's business and is not read
        except TimeoutError as error:
            raise NotTakenError(f"no answer within {TOTAL_S:g} s") from error
        except Exception as error:  # noqa: BLE001 - httpx, h11, anyio and ssl raise kinds of their own
            raise NotTakenError(_cause(error)) from None  # its text may hold the address
        if 300 <= code < 400:
            raise NotTakenError(f"answered {code}: redirections are not followed")
        if not 200 <= code < 300:
            raise NotTakenError(f"answered {code}")

    async def close(self) -> None:
        """Close what connections are left."""
        if self._client is not None:
            await self._client.aclose()

    async def _ready(self) -> httpx.AsyncClient:
        async with self._making:
            if self._client is None:
                self._client = await asyncio.to_thread(_client)
            return self._client


def _client() -> httpx.AsyncClient:
    """In a thread: the library and the certificates of the system take a moment to load."""
    import httpx  # noqa: PLC0415 - seven megabytes that only those pay who send something out

    return httpx.AsyncClient(
        follow_redirects=False,
        timeout=httpx.Timeout(TOTAL_S, connect=CONNECT_S),
        headers={"User-Agent": f"siaga/{version('siaga')}"},
        limits=httpx.Limits(max_connections=4, max_keepalive_connections=0),
    )


def _cause(error: Exception) -> str:
    """The kind of failure, and for TLS what was wrong with the certificate."""
    root: BaseException = error
    while (deeper := root.__cause__ or root.__context__) is not None:
        root = deeper
    if verified := getattr(root, "verify_message", ""):
        return f"TLS: {verified}"
    if "Timeout" in type(error).__name__:
        return "no answer in time"
    if isinstance(root, ConnectionError) and root.errno:  # asyncio's own words leave the cause out
        return os.strerror(root.errno)
    if isinstance(root, OSError) and root.strerror:
        return str(root.strerror)
    return type(error).__name__
