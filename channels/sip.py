"""Telephone calls by SIP, directly or through a trunk."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar, Final

from channels import selfcheck
from channels.voice import dialogs
from channels.voice import trunk as trunks_
from channels.voice.pool import Pool, Seat
from channels.voice.ports import NoPortsLeft
from channels.voice.process import EngineDied
from channels.voice.session import CallSession, CannotDial
from channels.voice.trunk import Trunk
from channels.voice.uri import SipUri, parse_uri
from channels.voice.wire import Account, Dial, Transport
from probe.observation import Trouble, Unreachable
from probe.reasons import Reason
from probe.session import Session, Target

UNANSWERED_S: Final = 8.0
"""Five INVITEs (0, 0.5, 1.5, 3.5, 7.5 s) without so much as a 100 Trying, which RFC 3261 wants within 0.2 s."""


class SipChannel:
    """Opens calls. Owns its pool of engines unless one is given."""

    name: ClassVar[str] = "sip"
    verbs: ClassVar[frozenset[str]] = frozenset({"expect", "press", "play", "end"})
    expects: ClassVar[frozenset[str]] = frozenset({"answer", "prompt", "agent", "music", "tone", "silence", "status"})

    def __init__(
        self, trunks: Mapping[str, Trunk] | None = None, pool: Pool | None = None, cache: Path | None = None
    ) -> None:
        self._trunks = dict(trunks or {})
        self._pool = pool
        self._cache = cache or Path(tempfile.gettempdir()) / "siaga-sounds"
        self._lines = {name: asyncio.Semaphore(trunk.channels) for name, trunk in self._trunks.items()}

    async def open(self, target: Target) -> Session:
        """Begin to dial. Raises ValueError for a target that no call can be placed to."""
        trunk = self._trunk_of(target)
        uri = parse_uri(trunks_.request_uri(target.to, trunk) if trunk else target.to)
        hop = parse_uri(trunk.proxy) if trunk and trunk.proxy else uri
        session = CallSession(
            target,
            through_trunk=trunk is not None,
            self_check=lambda: selfcheck.our_side_works(hop.host, hop.port),
            cache=self._cache,
            rescue=dialogs.rescue,
        )
        session.start(lambda _: self._place(target, trunk, uri, hop))
        return session

    async def warm_up(self) -> None:
        """Have an engine ready before the first call. Raises EngineDied."""
        await self._engines().start()

    async def close(self) -> None:
        """Hang up whatever is left and stop the engines."""
        if self._pool is not None:
            await self._pool.close()

    def _engines(self) -> Pool:
        if self._pool is None:
            self._pool = Pool(user_agent())
        return self._pool

    def _trunk_of(self, target: Target) -> Trunk | None:
        if target.trunk is None:
            return None
        if target.trunk not in self._trunks:
            raise ValueError(f"no trunk is called {target.trunk!r}; there are: {', '.join(self._trunks) or 'none'}")
        return self._trunks[target.trunk]

    async def _place(self, target: Target, trunk: Trunk | None, uri: SipUri, hop: SipUri) -> tuple[Seat, Dial]:
        route = await selfcheck.route_to(hop.host, hop.port)
        if route.problem:
            raise CannotDial(
                Unreachable(
                    at=time.monotonic(),
                    cause=route.problem,
                    through_trunk=trunk is not None,
                    network_ok=not route.ours,
                )
            )
        transport: Transport = trunk.transport if trunk else uri.transport
        key = f"{trunk.name if trunk else 'direct'} {transport} {route.local_address} {target.from_ or ''}"
        try:
            seat = await self._engines().seat(key)
        except EngineDied as error:
            raise CannotDial(Trouble(at=time.monotonic(), reason=Reason.ENGINE_CRASHED, detail=str(error))) from error
        except NoPortsLeft as error:
            raise CannotDial(Trouble(at=time.monotonic(), reason=Reason.INTERNAL_ERROR, detail=str(error))) from error
        account = Account(
            key=key,
            id_uri=f"sip:siaga@{_bracketed(route.local_address)}",
            transport=transport,
            local_address=route.local_address,
            rtp_port=seat.engine.ports.first,
            rtp_ports=seat.engine.ports.count,
        )
        call = secrets.token_hex(8)
        order = Dial(
            call=call,
            call_id=f"{call}@siaga",
            uri=uri.text,
            account=account,
            evidence=str(target.evidence.absolute()),
            prompts=str(target.prompts.absolute()) if target.prompts else None,
            record=target.record,
            cap_s=target.cap_s,
            unanswered_s=UNANSWERED_S,
        )
        return seat, order


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def user_agent() -> str:
    """``siaga/VERSION``."""
    return f"siaga/{version('siaga')}"
