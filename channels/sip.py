"""Telephone calls by SIP, directly or through a trunk."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar, Final

from channels import selfcheck, sip_settings
from channels.voice import stun
from channels.voice.pool import Pool, Seat
from channels.voice.ports import NoPortsLeft, PortRange
from channels.voice.process import EngineDied, EngineProcess
from channels.voice.rescue import rescue
from channels.voice.session import CallSession, CannotDial
from channels.voice.trunk import Trunk, account, account_key, first_hop, from_uri, target_uri
from channels.voice.uri import SipUri
from channels.voice.wire import Dial, SipText
from probe.observation import Trouble, Unreachable
from probe.private import shared_folder
from probe.reasons import Reason
from probe.session import Session, Target

UNANSWERED_S: Final = 8.0
"""Five INVITEs (0, 0.5, 1.5, 3.5, 7.5 s) without so much as a 100 Trying, which RFC 3261 wants within 0.2 s."""
_STUN_KEEP_S: Final = 300.0
_NO_GATE: Final = "{} has only IPv6, where siaga speaks UDP and not {}: use UDP, an IPv4 address or an IPv4 proxy"


class SipChannel:
    """Opens calls over a pool of engines; for one event loop. ``cache`` keeps converted sounds."""

    name: ClassVar[str] = "sip"
    verbs: ClassVar[frozenset[str]] = sip_settings.VERBS
    expects: ClassVar[frozenset[str]] = sip_settings.EXPECTS

    def __init__(
        self, trunks: Mapping[str, Trunk] | None = None, pool: Pool | None = None, cache: Path | None = None
    ) -> None:
        self._trunks = dict(trunks or {})
        self._pool = pool
        self._cache = cache or shared_folder("sounds")
        self._public: dict[str, tuple[float, str]] = {}

    async def open(self, target: Target) -> Session:
        """Begin to dial. Raises ValueError for a target that no call can be placed to."""
        trunk = self._trunk_of(target)
        uri = target_uri(target.to, trunk)
        hop = first_hop(uri, trunk)
        session = CallSession(
            target,
            through_trunk=trunk is not None,
            self_check=lambda: selfcheck.our_side_works(hop.host, hop.port),
            cache=self._cache,
            rescue=rescue,
        )
        session.start(lambda: self._place(target, trunk, uri, hop, session.on_wire))
        return session

    async def warm_up(self) -> None:
        """Have an engine ready before the first call. Raises EngineDied."""
        await self._engines().start()

    async def close(self) -> None:
        """Hang up whatever is left and stop the engines."""
        if self._pool is not None:
            await self._pool.close()

    @property
    def engines(self) -> Sequence[EngineProcess]:
        """The engines that run now, for whoever watches their beats."""
        return () if self._pool is None else tuple(self._pool.engines)

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

    async def _place(
        self, target: Target, trunk: Trunk | None, uri: SipUri, hop: SipUri, on_wire: Callable[[SipText], None]
    ) -> tuple[Seat, Dial]:
        route = await selfcheck.route_to(hop.host, hop.port)
        if route.problem:
            lost = Unreachable(
                at=time.monotonic(),
                cause=route.problem,
                through_trunk=trunk is not None,
                network_ok=not route.ours,
            )
            raise CannotDial(lost)
        ipv6 = ":" in route.local_address
        if ipv6 and hop.transport != "udp":
            detail = _NO_GATE.format(hop.host, hop.transport.upper())
            raise CannotDial(Trouble(at=time.monotonic(), reason=Reason.NETWORK, detail=detail))
        public = "" if ipv6 else await self._public_address(trunk)
        seat = await self._seat(account_key(trunk, hop, route.local_address))
        try:
            ports = seat.engine.ports
            if trunk is not None and trunk.rtp_ports is not None:
                ports = seat.engine.ports_for(trunk.name, PortRange(*trunk.rtp_ports))
        except NoPortsLeft as error:
            seat.give_back()
            raise CannotDial(_trouble(Reason.INTERNAL_ERROR, error)) from error
        call = secrets.token_hex(8)
        who = account(trunk, hop, route.local_address, public, (ports.first, ports.count))
        way = None
        if ipv6:
            try:
                gate = seat.engine.gate(who.key, route.local_address)
            except OSError as error:
                seat.give_back()
                raise CannotDial(_trouble(Reason.NETWORK, error)) from error
            way = gate.leads(hop.host, (route.address, hop.port))
            who = gate.account(who)
            seat.passage = gate.enter(f"{call}@siaga", on_wire)
        order = Dial(
            call=call,
            call_id=f"{call}@siaga",
            uri=uri.text,
            from_uri=from_uri(target.from_ or (trunk.from_ if trunk else ""), trunk, route.local_address),
            account=who,
            evidence=str(target.evidence.absolute()),
            prompts=str(target.prompts.absolute()) if target.prompts else None,
            tones=target.tones,
            record=target.record,
            cap_s=target.cap_s,
            unanswered_s=UNANSWERED_S,
            let_in=who.key in seat.engine.let_in,
            way=way,
        )
        return seat, order

    async def _seat(self, key: str) -> Seat:
        try:
            return await self._engines().seat(key)
        except EngineDied as error:
            raise CannotDial(_trouble(Reason.ENGINE_CRASHED, error)) from error
        except NoPortsLeft as error:
            raise CannotDial(_trouble(Reason.INTERNAL_ERROR, error)) from error

    async def _public_address(self, trunk: Trunk | None) -> str:
        wanted = trunk.public_address if trunk else ""
        if not wanted.startswith("stun:"):
            return wanted
        known_at, known = self._public.get(wanted, (0.0, ""))
        if not known or time.monotonic() - known_at > _STUN_KEEP_S:
            try:
                known = await stun.public_address(wanted.removeprefix("stun:"))
            except stun.NoStun as error:
                raise CannotDial(
                    Unreachable(at=time.monotonic(), cause=str(error), through_trunk=True, network_ok=False)
                ) from error
            self._public[wanted] = (time.monotonic(), known)
        return known


def _trouble(reason: Reason, error: Exception) -> Trouble:
    return Trouble(at=time.monotonic(), reason=reason, detail=str(error))


def user_agent() -> str:
    """``siaga/VERSION``."""
    return f"siaga/{version('siaga')}"
