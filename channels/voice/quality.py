"""Figures of the RTP stream, summed over those that re-INVITEs rebuild, and the E-model's MOS (ITU-T G.107, G.113)."""

from __future__ import annotations

from dataclasses import dataclass

from probe.outcome import MediaFigures

_BPL_G711_PLC = 25.1
"""Packet-loss robustness of G.711 with concealment, ITU-T G.113 appendix I; used for G.722 too."""


@dataclass(frozen=True, slots=True)
class StreamFigures:
    """One reading of one stream."""

    packets: int
    lost: int
    jitter_ms: float
    rtt_ms: float | None
    delay_ms: float


class Figures:
    """Adds readings up; jitter and delay are the mean over the packets. A counter that went back: a rebuilt stream."""

    def __init__(self) -> None:
        self._done_packets = 0
        self._done_lost = 0
        self._done_jitter = self._done_delay = 0.0
        self._last: StreamFigures | None = None
        self._rtt_ms: float | None = None
        self.codec: str | None = None

    @property
    def packets(self) -> int:
        """All packets received in the call."""
        return self._done_packets + (self._last.packets if self._last else 0)

    def read(self, now: StreamFigures) -> bool:
        """Take a reading; true when packets came since the last one."""
        before = self.packets
        if self._last is not None and now.packets < self._last.packets:
            self._done_packets += self._last.packets
            self._done_lost += self._clamped_loss(self._last)
            self._done_jitter += self._last.jitter_ms * self._last.packets
            self._done_delay += self._last.delay_ms * self._last.packets
        self._last = now
        self._rtt_ms = now.rtt_ms if now.rtt_ms is not None else self._rtt_ms
        return self.packets > before

    @staticmethod
    def _clamped_loss(figures: StreamFigures) -> int:
        # seen once after a re-INVITE: a loss of 3397234 for some hundred packets
        return min(max(figures.lost, 0), figures.packets)

    def total(self) -> MediaFigures | None:
        """The sum; None when there never was a stream."""
        if self._last is None:
            return None
        lost = self._done_lost + self._clamped_loss(self._last)
        packets, last = self.packets, self._last
        jitter_ms, buffer_ms = last.jitter_ms, last.delay_ms
        if packets:
            # a stream that was rebuilt just before the end says nothing of the call before
            jitter_ms = (self._done_jitter + last.jitter_ms * last.packets) / packets
            buffer_ms = (self._done_delay + last.delay_ms * last.packets) / packets
        delay_ms = (self._rtt_ms or 0.0) / 2 + buffer_ms + 20.0
        share = 100.0 * lost / (packets + lost) if packets else 100.0
        return MediaFigures(
            codec=self.codec,
            packets=packets,
            lost=lost,
            jitter_ms=round(jitter_ms, 1),
            rtt_ms=None if self._rtt_ms is None else round(self._rtt_ms, 1),
            mos=round(mos(delay_ms, share), 2) if packets else None,
        )


def mos(delay_ms: float, loss_percent: float) -> float:
    """Mean opinion score 1 to 4.5 from one-way delay and packet loss (G.107 short form, random loss)."""
    impairment_delay = 0.024 * delay_ms + (0.11 * (delay_ms - 177.3) if delay_ms > 177.3 else 0.0)
    impairment_loss = 95.0 * loss_percent / (loss_percent + _BPL_G711_PLC)
    rating = min(max(93.2 - impairment_delay - impairment_loss, 0.0), 100.0)
    return max(1.0, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)
