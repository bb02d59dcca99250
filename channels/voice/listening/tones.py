"""Supervisory tones, those of machines and a recorder's beep, by exact frequency, steadiness and cadence."""

from __future__ import annotations

from itertools import pairwise

from channels.voice.listening.bursts import Burst, BurstFinder, lines_of
from channels.voice.listening.cadences import Cadence, Tones, tones_of
from channels.voice.listening.features import Block
from probe.observation import Tone, ToneKind

_EDGES_MS = 40.0
"""Packets of 20 ms that are lost at both ends of a burst."""
_ONE_TONE_S, _ONE_BEAT_LOST_S = 6.5, 12.5
"""A cadence that goes on is one tone: no pause in one is longer, and where a beat was lost on the line, two of them."""
_GONE_S = 3.0
"""No pause that a cadence asks for is longer: after it nothing can come of the last burst."""
_BEEP_HZ, _BEEP_MS, _DOUBLE_S, _ALONE_S = (390.0, 2110.0), (90.0, 2020.0), 0.6, 1.0
"""Recorders beep once or twice; notes of a melody are more."""
_BEEP_AFTER_SPEECH_S, _QUIET_AFTER_BEEP_S, _QUIET_WITHIN_S = 4.0, 0.3, 0.08

_ROUGH_HZ = 40.0

Found = tuple[ToneKind, float]


class ToneDetector:
    """Reads the cadence of steady tones: nothing else keeps pitch, level and beat so exactly."""

    def __init__(self, tones: Tones | None = None) -> None:
        self._tones = tones or tones_of()
        self._finder = BurstFinder()
        self._told: Found | None = None
        self._interrupted = False

    @property
    def burst_s(self) -> float:
        """How long a pure tone has been going on, 0 when there is none."""
        return self._finder.burst_s

    @property
    def sounding_s(self) -> float:
        """The same, lost packets and phase reversals left out of account."""
        return self._finder.sounding_s

    @property
    def last(self) -> Burst | None:
        """The clean burst that ended last."""
        return next((burst for burst in reversed(self._finder.bursts) if burst.clean), None)

    @property
    def ended_s(self) -> float:
        """The end of the last burst, clean or not; 0 where there was none."""
        return self._finder.bursts[-1].end_s if self._finder.bursts else 0.0

    def feed(
        self, block: Block, border_dbm0: float, quiet_since_s: float | None, speech_ended_s: float | None
    ) -> list[Tone]:
        """Take a block. ``quiet_since_s``: onset of quiet that lasts; ``speech_ended_s``: end of the last speech."""
        self._finder.feed(block, border_dbm0)
        bursts, now_s = self._finder.bursts, block.end_s
        self._interrupted = self._interrupted or not (self._finder.sounding or self._finder.paused)
        if self._finder.sounding:
            found, newest_s = self._answering(now_s), now_s
        elif bursts and now_s - bursts[-1].end_s <= _GONE_S:
            found = self._signal(bursts, now_s) or self._beep(bursts, now_s, quiet_since_s, speech_ended_s)
            newest_s = bursts[-1].onset_s
        else:
            return []
        if found is None:
            return []
        goes_on = self._goes_on(found[0], newest_s)
        self._told, self._interrupted = (found[0], newest_s), False
        return [] if goes_on else [Tone(at=now_s, kind=found[0], onset=found[1])]

    def _goes_on(self, kind: ToneKind, onset_s: float) -> bool:
        """Was this tone told already?"""
        if self._told is None or self._told[0] is not kind:
            return False
        return onset_s - self._told[1] < (_ONE_TONE_S if self._interrupted else _ONE_BEAT_LOST_S)

    def _answering(self, now_s: float) -> Found | None:
        """A fax or a modem: its tone goes on longer than any beep."""
        answering, finder = self._tones.answering, self._finder
        if abs(finder.peak_hz - answering.hz) > _ROUGH_HZ or finder.sounding_s * 1000.0 < answering.ms:
            return None
        hz = lines_of(finder.going_on)[0]
        return (ToneKind.FAX, now_s - finder.sounding_s) if answering.sounds_like(hz) else None

    def _signal(self, bursts: list[Burst], now_s: float) -> Found | None:
        pause_ms = (now_s - bursts[-1].end_s) * 1000.0 if self._finder.paused else 0.0
        if sit := self._sit(bursts):
            return sit
        for cadence in self._tones.cadences:
            if cadence.kind is not None and (onset_s := _begins(cadence, bursts, pause_ms)) is not None:
                return cadence.kind, onset_s
        return None

    def _sit(self, bursts: list[Burst]) -> Found | None:
        sit, last = self._tones.sit, bursts[-3:]
        if len(last) < 3:
            return None
        low, high = sit.shortest_ms - _EDGES_MS, sit.longest_ms + _EDGES_MS
        for burst, hz in zip(last, sit.hz, strict=True):
            if len(burst.hz) != 1 or abs(burst.hz[0] - hz) > sit.tolerance_hz or not low <= burst.ms <= high:
                return None
        gap_ms = max(later.onset_s - earlier.end_s for earlier, later in pairwise(last)) * 1000.0
        return (ToneKind.SIT, last[0].onset_s) if gap_ms <= sit.gap_ms + _EDGES_MS else None

    def _beep(
        self, bursts: list[Burst], now_s: float, quiet_since_s: float | None, speech_ended_s: float | None
    ) -> Found | None:
        """A single tone after speech, and then quiet."""
        quiet = quiet_since_s is not None and quiet_since_s <= bursts[-1].end_s + _QUIET_WITHIN_S
        if speech_ended_s is None or not quiet or now_s - bursts[-1].end_s < _QUIET_AFTER_BEEP_S:
            return None
        double = len(bursts) > 1 and bursts[-1].onset_s - bursts[-2].end_s <= _DOUBLE_S
        beeps, before = (bursts[-2:], bursts[:-2]) if double else (bursts[-1:], bursts[:-1])
        first = beeps[0]
        spoken = -0.3 <= first.onset_s - speech_ended_s <= _BEEP_AFTER_SPEECH_S
        alone = not before or first.onset_s - before[-1].end_s > _ALONE_S
        beeping = all(self._may_beep(burst) for burst in beeps)
        return (ToneKind.BEEP, first.onset_s) if spoken and alone and beeping else None

    def _may_beep(self, burst: Burst) -> bool:
        if not burst.clean or len(burst.hz) != 1 or not _BEEP_HZ[0] <= burst.hz[0] <= _BEEP_HZ[1]:
            return False
        others = (c for c in self._tones.cadences if c.kind is not ToneKind.FAX)
        return _BEEP_MS[0] <= burst.ms <= _BEEP_MS[1] and not any(c.has_beat(burst.hz, burst.ms) for c in others)


def _begins(cadence: Cadence, bursts: list[Burst], pause_ms: float) -> float | None:
    """When the last bursts began, if they and the pause after them are of that cadence."""
    last = bursts[-cadence.needed :]
    if len(last) < cadence.needed or pause_ms < cadence.pause_ms:
        return None
    shifts = range(len(cadence.beats_ms) // 2) if cadence.kind is not ToneKind.RINGBACK else range(1)
    return last[0].onset_s if any(_fit(cadence, last, shift) for shift in shifts) else None


def _fit(cadence: Cadence, bursts: list[Burst], shift: int) -> bool:
    beats = cadence.beats_ms
    for place, burst in enumerate(bursts, shift):
        if not cadence.sounds_like(burst.hz) or not cadence.lasts(burst.ms, beats[2 * place % len(beats)]):
            return False
    gaps = [(later.onset_s - earlier.end_s) * 1000.0 for earlier, later in pairwise(bursts)]
    return all(cadence.lasts(gap, beats[(2 * place + 1) % len(beats)]) for place, gap in enumerate(gaps, shift))
