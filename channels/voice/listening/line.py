"""What fills the line besides speech: silence and music, from levels, the VAD and the tones."""

from __future__ import annotations

import numpy as np

from channels.voice.listening.evidence import OtherSound
from channels.voice.listening.features import BANDS, HOP, RATE_HZ, Block, Floats
from channels.voice.listening.speech import Spoken
from channels.voice.listening.tones import ToneDetector
from probe.observation import Sound, SoundKind

_FRAME_S = HOP / RATE_HZ
_SILENCE_S = 0.4
_BLIP_FRAMES = 4
"""Less than 40 ms of sound is a click and does not end a silence."""
_MUSIC_S, _MUSIC_SOUND_S = 1.0, 0.7
_MELODY_S, _MELODY_SHARE, _LONGEST_TONE_S = 2.5, 0.9, 2.2
"""A melody of pure tones is music after 2.5 s without pause: no supervisory tone sounds that long."""
_TUNE_S, _TUNE_SHARE, _TUNE_FRAMES, _NOTE_S, _UNDECIDED_S = 0.7, 0.8, 60, 0.6, 0.25
"""Sound that is no speech, no noise and no steady tone is nobody waiting, long before it is certain to be music."""
_TONE_MS = 350.0
"""A steady tone this long that ends in silence was not the music's."""
_TOUCH_S, _GAPS_S = 0.1, 5.0
"""A pause too short to be silence still parts music from the speech whose border lies so close to it."""
_DOUBT_S = 0.6
"""The gate for speech hears a little of the music that follows at once as speech."""
_FLAT = 0.45
"""Spread (natural log) of the mean spectrum over the bands below which a sound is noise and not music."""


class Line:
    """Silence after 0.4 s and music after 1 s, both back-dated. Times are stream seconds."""

    def __init__(self) -> None:
        self.quiet_since_s: float | None = 0.0
        self.loud_since_s: float | None = None
        self.silent = False
        self.music_since_s: float | None = None
        self.music_ended_s: float | None = None
        self.music_dbm0: float | None = None
        self.sound_since_s: float | None = None
        """Sound other than speech has been going on since then: music, tone, noise, or not yet known."""
        self.others: tuple[OtherSound, ...] = ()
        """The last such sounds that are over, oldest first."""
        self.prompt_over_s = 0.0
        """Where the last known prompt ended: whoever knows it tells us."""
        self._tuneful = False
        self._told_since_s = 0.0
        self._gaps: list[tuple[float, float]] = []
        self._blip = 0
        self._toned_s = 0.0
        self._loud_frames = 0
        self._plain_frames = 0
        self._mel: Floats = np.zeros((100, BANDS), dtype=np.float32)
        self._out: list[Sound] = []

    def feed(
        self, block: Block, border_dbm0: float, speech: Spoken | None, tones: ToneDetector, told_s: float | None
    ) -> list[Sound]:
        """Take a block that the tones have seen. ``speech``: the last stretch; ``told_s``: onset of a tone now told."""
        self._out = []
        self._mel = np.concatenate((self._mel[len(block.mel) :], block.mel))
        now_s = block.first / RATE_HZ
        pure = tones.burst_s > 0.0 or (tones.last is not None and tones.last.end_s > now_s - 0.02)
        for level in block.levels.tolist():
            self._frame(now_s, level > border_dbm0, pure, block.end_s)
            now_s += _FRAME_S
        self._sort(block.end_s, speech, tones, told_s)
        self._weigh_music(block)
        return self._out

    def _frame(self, start_s: float, loud: bool, pure: bool, at_s: float) -> None:
        self._blip = self._blip + 1 if loud else 0
        if self.sound_since_s is not None and loud:
            self._loud_frames += 1
            self._plain_frames += not pure
        if self._blip >= _BLIP_FRAMES and self.quiet_since_s is not None:
            begun_s = start_s - (_BLIP_FRAMES - 1) * _FRAME_S
            if self.silent:
                self._say(at_s, SoundKind.SILENCE, self.quiet_since_s, begun_s)
            if self.loud_since_s is None:
                self.loud_since_s = begun_s
            self._gaps = [gap for gap in self._gaps if gap[1] > begun_s - _GAPS_S]
            self._gaps.append((self.quiet_since_s, begun_s))
            self.silent, self.quiet_since_s = False, None
        elif not loud and self.quiet_since_s is None:
            self.quiet_since_s = start_s
        if self.quiet_since_s is None or self.silent:
            return
        if start_s + _FRAME_S - self.quiet_since_s >= _SILENCE_S - 1e-6:
            self.silent, self.loud_since_s = True, None
            self._say(at_s, SoundKind.SILENCE, self.quiet_since_s, None)

    def _sort(self, at_s: float, speech: Spoken | None, tones: ToneDetector, told_s: float | None) -> None:
        """Does music begin or end here?"""
        last = tones.last
        if speech is not None and speech.until_s is None:
            self._stop(at_s, speech.onset_s)
        elif self.silent and self.quiet_since_s is not None:
            toned = last is not None and last.ms >= _TONE_MS and self.quiet_since_s - last.end_s < 0.1
            self._stop(at_s, last.onset_s if last is not None and toned else self.quiet_since_s)
        elif told_s is not None:
            self._stop(at_s, told_s)
            self._toned_s = at_s if tones.sounding_s > 0.0 else tones.ended_s
        elif self.loud_since_s is not None and self.sound_since_s is None:
            spoken_s = speech.until_s or 0.0 if speech is not None else 0.0
            self.sound_since_s = max(self.loud_since_s, spoken_s, self._toned_s)
            self._loud_frames = round((at_s - self.sound_since_s) / _FRAME_S)
            self._plain_frames = 0 if tones.burst_s > 0.0 else self._loud_frames
        if self.sound_since_s is not None and not self._tuneful:
            self._tuneful = self._is_tune(self.sound_since_s, at_s, tones)
        if self.music_since_s is None and self.sound_since_s is not None and self._is_music(at_s, tones):
            self.music_since_s = self.sound_since_s
            self._told_since_s = self._begun_s(self.music_since_s)
            self._say(at_s, SoundKind.MUSIC, self._told_since_s, None)

    @property
    def tune_since_s(self) -> float | None:
        """Sound that is like music is going on since then, whether or not it is certain to be music yet."""
        return self.sound_since_s if self._tuneful or self.music_since_s is not None else None

    def _weigh_music(self, block: Block) -> None:
        """Follow the level of the music, slowly (a second)."""
        if self.music_since_s is not None and len(block.levels):
            level = float(np.mean(block.levels))
            self.music_dbm0 = level if self.music_dbm0 is None else 0.9 * self.music_dbm0 + 0.1 * level

    def _is_music(self, at_s: float, tones: ToneDetector) -> bool:
        last = tones.last
        just_s = last.ms / 1000.0 if last is not None and at_s - last.end_s < _SILENCE_S + 0.1 else 0.0
        one_tone = max(tones.sounding_s, just_s) >= _LONGEST_TONE_S
        lasted_s = at_s - (self.sound_since_s or 0.0)
        loud_s, plain_s = self._loud_frames * _FRAME_S, self._plain_frames * _FRAME_S
        if lasted_s >= _MELODY_S and loud_s >= _MELODY_SHARE * lasted_s and not one_tone:
            return not self._noise()
        plain = plain_s >= max(_MUSIC_SOUND_S, 0.5 * loud_s)
        return lasted_s >= _MUSIC_S and plain and not self._noise()

    def _is_tune(self, since_s: float, at_s: float, tones: ToneDetector) -> bool:
        last = tones.last
        one_tone_s = last.ms / 1000.0 if last is not None and last.end_s > since_s else 0.0
        sounding = self._loud_frames * _FRAME_S >= _TUNE_SHARE * (at_s - since_s) >= _TUNE_SHARE * _TUNE_S
        melodious = tones.burst_s < _UNDECIDED_S and one_tone_s < _NOTE_S
        return sounding and melodious and not self._noise(_TUNE_FRAMES)

    def _noise(self, frames: int = 100) -> bool:
        return float(np.std(self._mel[-frames:].mean(axis=0))) < _FLAT

    def _stop(self, at_s: float, until_s: float) -> None:
        if self.music_since_s is not None:
            until_s = max(until_s, self.music_since_s)
            self._say(at_s, SoundKind.MUSIC, self._told_since_s, max(self._over_s(until_s), self._told_since_s))
            self.music_ended_s = until_s
        if self.sound_since_s is not None:
            tuneful = self._tuneful or self.music_since_s is not None
            over = OtherSound(self.sound_since_s, max(until_s, self.sound_since_s), tuneful)
            self.others = (*self.others[-7:], over)
        self.music_since_s = self.sound_since_s = None
        self._tuneful = False

    def _begun_s(self, since_s: float) -> float:
        """When the music itself began that follows what was over at ``since_s``: there may be a short pause between."""
        over_s = self.prompt_over_s if 0.0 <= since_s - self.prompt_over_s <= _DOUBT_S else since_s
        return next((to for start, to in self._gaps if start <= over_s + _TOUCH_S and to > over_s), over_s)

    def _over_s(self, until_s: float) -> float:
        """When the music itself was over before what began at ``until_s``."""
        return next((start for start, to in self._gaps if abs(to - until_s) <= _TOUCH_S), until_s)

    def _say(self, at_s: float, kind: SoundKind, onset_s: float, until_s: float | None) -> None:
        self._out.append(Sound(at=at_s, kind=kind, onset=onset_s, ended=until_s is not None, until=until_s))
