"""RTP and RTCP of one call between the engine on loopback and the far end; their content is not looked at."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from channels.voice.gate.port import Place, Port
from channels.voice.gate.sdp import Stream, led_over, stream_in

LOOPBACK: Final = "127.0.0.1"
_MAX_LEGS: Final = 6
"""So many addresses may a far end move its media through; the oldest is forgotten then."""


class Relay:
    """One call's audio. The far end is heard from the addresses it negotiated only, at the first port it sends from.

    Each address of the far end has ports of its own on loopback: an engine whose offer is refused goes on sending to
    the old one, and an engine sees from them that the media moved.
    """

    def __init__(self, outer_address: str) -> None:
        self._outer_address = outer_address
        self._engine = Stream("", 0, 0)
        self._outer: tuple[Port, Port] | None = None
        self._legs: list[_Leg] = []

    def outward(self, sdp: str) -> str:
        """The engine's description as the far end shall see it. Raises ValueError, OSError."""
        engine = stream_in(sdp)
        if engine is None:
            return led_over(sdp, self._outer_address, None, held=False)
        if self._outer is None:
            # the engine's own numbers: no other generation of engines has them, see channels/voice/ports.py
            self._outer = _pair(self._outer_address, (engine.rtp, engine.rtcp), self._came)
        self._engine = engine
        ports = self._outer[0].place[1], self._outer[1].place[1]
        return led_over(sdp, self._outer_address, ports, held=not engine.address)

    def inward(self, sdp: str) -> str:
        """The far end's description as the engine shall see it. Raises ValueError, OSError."""
        far = stream_in(sdp)
        if far is None:
            return led_over(sdp, LOOPBACK, None, held=False)
        leg = next((leg for leg in self._legs[::-1] if not far.address or leg.far == far), None)
        if leg is None:
            leg = _Leg(far, self._goes)
            self._legs.append(leg)
            if len(self._legs) > _MAX_LEGS:
                self._legs.pop(0).close()
        ports = leg.inner[0].place[1], leg.inner[1].place[1]
        return led_over(sdp, LOOPBACK, ports, held=not far.address)

    def close(self) -> None:
        """Idempotent."""
        for port in self._outer or ():
            port.close()
        for leg in self._legs:
            leg.close()

    def _goes(self, leg: _Leg, which: int, data: bytes, source: Place) -> None:
        """From the engine."""
        if self._outer is not None and leg.far.address and source == (LOOPBACK, self._engine.ports[which]):
            self._outer[which].send(data, leg.heard[which] or leg.told(which))

    def _came(self, which: int, data: bytes, source: Place) -> None:
        """From somewhere in the world."""
        legs = [leg for leg in self._legs[::-1] if leg.far.address == source[0]]
        leg = next((leg for leg in legs if source in (leg.told(which), leg.heard[which])), legs[0] if legs else None)
        if leg is not None and leg.hears(which, source):
            leg.inner[which].send(data, (LOOPBACK, self._engine.ports[which]))


class _Leg:
    """Ports for the engine to send to, and who is behind them."""

    def __init__(self, far: Stream, goes: Callable[[_Leg, int, bytes, Place], None]) -> None:
        self.far = far
        self.heard: list[Place | None] = [None, None]
        self.inner = _pair(LOOPBACK, (0, 0), partial(goes, self))

    def told(self, which: int) -> Place:
        """Where the far end said it is."""
        return self.far.address, self.far.ports[which]

    def hears(self, which: int, source: Place) -> bool:
        """Whether that is the one behind it: where it said it is, or else the first port that sent."""
        if self.heard[which] is None or source == self.told(which):
            self.heard[which] = source
        return self.heard[which] == source

    def close(self) -> None:
        for port in self.inner:
            port.close()


def _pair(address: str, ports: tuple[int, int], take: Callable[[int, bytes, Place], None]) -> tuple[Port, Port]:
    """Those ports or, where somebody has one of them, any. Raises OSError."""
    try:
        rtp = Port(address, ports[0], partial(take, 0))
        try:
            return rtp, Port(address, ports[1], partial(take, 1))
        except OSError:
            rtp.close()
            raise
    except OSError:
        if ports == (0, 0):
            raise
        return _pair(address, (0, 0), take)
