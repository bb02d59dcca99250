"""Speech stretches from the VAD, with onsets and ends moved to where the sound really changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from channels.voice.listening.features import BANDS, HOP, RATE_HZ, Block, Floats
from channels.voice.listening.vad import CHUNK

_ON, _OFF = 0.5, 0.35
_CHUNKS_ON = 2
_DOUBT = 0.05
_HANG_CHUNKS = 10
"""0.32 s without speech end a stretch: shorter gaps lie inside words and sentences."""
_LOOK_BACK = 40
"""10 ms frames before the VAD's decision in which the onset is sought."""
_DIP = 4
_LATEST = 12
"""The VAD begins to doubt within 0.12 s of a true onset; sound that began earlier was something else."""
_SOFT_DB, _SOFT_FRAMES = 5.0, 6
_CHANGE = 12
_TALKER_S = 8.0
_PER_CHUNK = CHUNK / HOP


@dataclass(slots=True)
class Spoken:
    """One stretch of speech in stream seconds; ``until_s`` is none while it goes on."""

    onset_s: float
    until_s: float | None = None
    peak_dbm0: float = -90.0


class SpeechGate:
    """Hysteresis over the VAD and back-dating of its decisions to 10 ms."""

    def __init__(self) -> None:
        self._levels: Floats = np.full(200, -90.0, dtype=np.float32)
        self._mel: Floats = np.zeros((100, BANDS), dtype=np.float32)
        self._frames = 0
        self._mel_frames = 0
        self._chunks = 0
        self._votes = 0
        self._hang = 0
        self._first = 0
        self._doubt = 0
        self._last_end = 0
        self.now: Spoken | None = None
        self.recent: list[Spoken] = []

    def feed(self, block: Block, probabilities: list[float], border_dbm0: float, floor_dbm0: float, tone: bool) -> None:
        """Take a block and the VAD's answers for it; ``recent`` then holds the last stretches, ``now`` the open one."""
        self._levels = np.concatenate((self._levels[len(block.levels) :], block.levels))
        self._mel = np.concatenate((self._mel[len(block.mel) :], block.mel))
        self._frames += len(block.levels)
        self._mel_frames += len(block.mel)
        for probability in probabilities:
            self._step(0.0 if tone else probability, border_dbm0, floor_dbm0)
            self._chunks += 1

    def talker_dbm0(self, now_s: float) -> float:
        """Level of the loudest 32 ms of speech within the last 8 s, -90 when nobody spoke."""
        ends = [(now_s if s.until_s is None else s.until_s, s.peak_dbm0) for s in self.recent]
        return max((peak for end_s, peak in ends if now_s - end_s <= _TALKER_S), default=-90.0)

    def _step(self, probability: float, border_dbm0: float, floor_dbm0: float) -> None:
        first = int(self._chunks * _PER_CHUNK)
        heard = self._range(first, int((self._chunks + 1) * _PER_CHUNK) + 1)
        loud = len(heard) > 0 and float(heard.max()) > border_dbm0
        if self.now is None:
            self._votes = self._votes + 1 if probability >= _ON and loud else 0
            self._soft_run(probability, first)
            if self._votes >= _CHUNKS_ON:
                self._begin(border_dbm0, floor_dbm0)
        elif probability >= _OFF and loud:
            self.now.peak_dbm0 = max(self.now.peak_dbm0, float(heard.mean()))
            self._hang, self._last_end = 0, int((self._chunks + 1) * _PER_CHUNK) + 1
        else:
            self._hang += 1
            if self._hang >= _HANG_CHUNKS:
                self._end(border_dbm0)

    def _soft_run(self, probability: float, first: int) -> None:
        """Remember where the VAD began to doubt: it is slow after music, for which it is quite sure of no speech."""
        if probability >= _DOUBT:
            if self._doubt == 0:
                self._first = first
            self._doubt = 2
        elif self._doubt:
            self._doubt -= 1

    def _begin(self, border_dbm0: float, floor_dbm0: float) -> None:
        before = round((self.recent[-1].until_s or 0.0) * RATE_HZ / HOP) if self.recent else 0
        onset = max(before, self._onset(border_dbm0, floor_dbm0))
        self.now = Spoken(onset * HOP / RATE_HZ)
        self.recent = [*self.recent[-5:], self.now]
        self._votes = self._hang = self._doubt = 0
        self._last_end = int((self._chunks + 1) * _PER_CHUNK) + 1

    def _end(self, border_dbm0: float) -> None:
        end = self._last_end
        heard = self._range(end - 10, end)
        loud = np.flatnonzero(heard > border_dbm0)
        if len(heard) == 10 and len(loud):
            end -= 9 - int(loud[-1])
        if self.now is not None:
            self.now.until_s = max(self.now.onset_s, end * HOP / RATE_HZ)
        self.now, self._votes = None, 0

    def _range(self, start: int, end: int) -> Floats:
        base = self._frames - len(self._levels)
        return self._levels[max(0, start - base) : max(0, end - base)]

    def _onset(self, border_dbm0: float, floor_dbm0: float) -> int:
        """Frame at which the speech found at ``_first`` began: after the last dip, or where the spectrum changed."""
        start = max(0, self._first - _LOOK_BACK)
        loud = self._range(start, self._first + 4) > border_dbm0
        quiet = 0
        for i in range(len(loud) - 1, -1, -1):
            quiet = 0 if loud[i] else quiet + 1
            if quiet >= _DIP and loud[i + quiet :].any():
                if self._first - (start + i + quiet) <= _LATEST:
                    return self._soft_start(start + i + quiet, floor_dbm0)
                break
        if start == 0 and not loud[:1].any():
            return int(np.argmax(loud))
        return self._change(max(start, self._first - _LATEST), self._first + 4)

    def _soft_start(self, frame: int, floor_dbm0: float) -> int:
        """Soft consonants begin below the border: go back while the level still stands out of the noise."""
        before = self._range(frame - _SOFT_FRAMES, frame)
        for i in range(len(before) - 1, -1, -1):
            if before[i] <= max(floor_dbm0 + _SOFT_DB, -60.0):
                break
            frame -= 1
        return frame

    def _change(self, start: int, end: int) -> int:
        """Where the mean spectra of 120 ms before and after differ most: music turns into speech without a gap."""
        base = self._mel_frames - len(self._mel)
        best, found = -1.0, self._first
        for frame in range(max(start, base + _CHANGE), min(end, self._mel_frames - 4)):
            at = frame - base
            after, before = self._mel[at : at + _CHANGE].mean(axis=0), self._mel[at - _CHANGE : at].mean(axis=0)
            distance = float(np.sum((after - before) ** 2))
            if distance > best:
                best, found = distance, frame
        return found
