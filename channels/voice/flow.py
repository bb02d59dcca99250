"""Whether RTP flows, told from pjsip's counters; and the figures of it all."""

from __future__ import annotations

from typing import Any, Final

from channels.voice.pj import pj
from channels.voice.quality import Figures, StreamFigures
from channels.voice.sipmsg import is_private
from probe.observation import Media, MediaState, Observation

STOPPED_S: Final = 2.0
"""So long without a packet means that the stream has stopped."""


class Flow:
    """One call's stream, over all its rebuilds. Main thread only; instants monotonic."""

    def __init__(self) -> None:
        self.figures = Figures()
        self.index = 0
        self.connected = False
        self.stops = 0
        self._receiving = True
        self._private = False
        self._answered_at: float | None = None
        self._last_packet_at: float | None = None
        self._state: MediaState | None = None

    def offered(self, sdp: str, peer: str) -> None:
        """Our SDP went to ``peer`` (host:port): a private address offered to a public host is our own fault."""
        hosts = [line.rpartition(" ")[2].strip() for line in sdp.splitlines() if line.startswith("c=IN ")]
        far = peer.rpartition(":")[0]
        self._private = bool(far) and not is_private(far) and any(is_private(host) for host in hosts)

    def connect(self, index: int, *, receiving: bool) -> None:
        """Our sound port hangs on that stream; not ``receiving`` while the far end holds us without sound."""
        self.index, self.connected, self._receiving = index, True, receiving

    def answered(self, at: float) -> None:
        """From now on RTP is due."""
        self._answered_at = at

    def telephone_event(self, call: Any) -> bool:
        """Whether the answer took RFC 4733 events."""
        if not self.connected:
            return False
        try:
            return int(call.getStreamInfo(self.index).audTxEventPt) > 0
        except pj.Error:
            return False  # no stream yet

    def read(self, call: Any, now: float) -> list[Observation]:
        """Read the counters; what changed since."""
        flowing = self._reading(call)
        if not self._receiving:
            # on hold without sound: silence is agreed, and time does not count
            self._last_packet_at = now
            return []
        if flowing is None:
            return self._silent(now)
        if flowing:
            self._last_packet_at = now
            if self._state is not MediaState.FLOWING:
                self._state = MediaState.FLOWING
                return [Media(at=now, state=MediaState.FLOWING, since=now, codec=self.figures.codec or "")]
            return []
        return self._silent(now)

    def _silent(self, now: float) -> list[Observation]:
        since = self._last_packet_at if self._last_packet_at is not None else self._answered_at
        if since is None or now - since < STOPPED_S or self._state is MediaState.STOPPED:
            return []
        self._state = MediaState.STOPPED
        self.stops += self._last_packet_at is not None
        return [
            Media(
                at=now,
                state=MediaState.STOPPED,
                since=since,
                codec=self.figures.codec or "",
                private_address=self._private and self._last_packet_at is None,
            )
        ]

    def last_reading(self, call: Any) -> None:
        """Take the figures once more before the stream goes."""
        self._reading(call)
        self.connected = False

    def _reading(self, call: Any) -> bool | None:
        """Whether packets came since the last look; None when there is no stream to receive from."""
        if not self.connected:
            return None
        try:
            info = call.getStreamInfo(self.index)
            stat = call.getStreamStat(self.index)
        except pj.Error:
            return None  # between streams, or over
        self.figures.codec = str(info.codecName) or self.figures.codec
        rtcp, buffer = stat.rtcp, stat.jbuf
        rtt_us = rtcp.rttUsec.last if rtcp.rttUsec.n else None
        return self.figures.read(
            StreamFigures(
                packets=int(rtcp.rxStat.pkt),
                lost=int(rtcp.rxStat.loss),
                jitter_ms=rtcp.rxStat.jitterUsec.mean / 1000,
                rtt_ms=None if rtt_us is None else rtt_us / 1000,
                delay_ms=float(buffer.avgDelayMsec),
            )
        )
