"""Sounds for the tests: espeak-ng voices, synthesised music, tones, noise and what a telephone line does to them."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from tests.channels.voice.listening.speaker import speak

Floats = NDArray[np.float32]
Ints = NDArray[np.int16]
RATE = 8000


@cache
def _said(text: str, voice: str, speed: int) -> Floats:
    rate, samples = speak(text, voice, speed)
    sound = np.frombuffer(samples, dtype="<i2").astype(np.float32)
    out = resample_poly(sound, RATE, rate).astype(np.float32)
    loud = np.flatnonzero(np.abs(out) > 0.01 * np.abs(out).max())
    return np.asarray(out[loud[0] : loud[-1] + 1], dtype=np.float32)


def say(text: str, voice: str = "id", *, dbm0: float = -18.0, speed: int = 160) -> Floats:
    """Speech from its first to its last sound."""
    return at_level(_said(text, voice, speed), dbm0)


def at_level(sound: Floats, dbm0: float) -> Floats:
    """Scaled so that its rms is ``dbm0`` (0 dBm0: 6.18 dB below full scale rms)."""
    rms = float(np.sqrt(np.mean(sound**2))) + 1e-9
    return np.asarray(sound * (32768.0 * 10.0 ** ((dbm0 - 6.18) / 20.0) / rms), dtype=np.float32)


def silence(seconds: float) -> Floats:
    return np.zeros(round(seconds * RATE), dtype=np.float32)


def noise(seconds: float, dbm0: float, seed: int = 1) -> Floats:
    return at_level(np.random.default_rng(seed).standard_normal(round(seconds * RATE)).astype(np.float32), dbm0)


def tone(seconds: float, *hz: float, dbm0: float = -15.0) -> Floats:
    t = np.arange(round(seconds * RATE)) / RATE
    return at_level(sum(np.sin(2 * np.pi * f * t) for f in hz).astype(np.float32), dbm0)  # type: ignore[union-attr]


def music(seconds: float, dbm0: float = -22.0, seed: int = 7) -> Floats:
    """A plucked melody over chords and a soft beat: no voices, no pauses."""
    rng = np.random.default_rng(seed)
    out = np.zeros(round((seconds + 2) * RATE))
    scale = 220.0 * 2.0 ** (np.array([0, 2, 4, 7, 9, 12, 14, 16]) / 12.0)
    beat = 0.27
    for step in range(int((seconds + 1.0) / beat)):
        at = round(step * beat * RATE)
        notes = [(rng.choice(scale), 0.6, 1.0)] + ([(f, 2.0, 0.5) for f in scale[[0, 2, 3]]] if step % 8 == 0 else [])
        for hz, length, gain in notes:
            t = np.arange(round(length * RATE)) / RATE
            wave = sum(np.sin(2 * np.pi * hz * k * t) / k**1.3 for k in range(1, 6))
            pluck = gain * np.exp(-t * 2.5 / length) * (1 - np.exp(-t * 200.0)) * wave
            end = min(len(out), at + len(pluck))
            out[at:end] += pluck[: end - at]
        hit = rng.standard_normal(400) * np.exp(-np.arange(400) / 80.0) * 0.2
        out[at : at + 400] += hit[: max(0, min(400, len(out) - at))]
    return at_level(out[RATE // 2 : RATE // 2 + round(seconds * RATE)].astype(np.float32), dbm0)


def cadence(*beats_s: float, hz: tuple[float, ...] = (425.0,), times: int = 1) -> Floats:
    """Alternating tone and pause."""
    parts = [tone(s, *hz) if i % 2 == 0 else silence(s) for i, s in enumerate(beats_s)]
    return np.concatenate(parts * times)


def mu_law(sound: Floats) -> Ints:
    """Through G.711 and back, as int16."""
    x = np.clip(sound / 32768.0, -1.0, 1.0)
    y = np.sign(x) * np.log1p(255.0 * np.abs(x)) / np.log1p(255.0)
    q = np.round((y + 1.0) * 127.5) / 127.5 - 1.0
    back = np.sign(q) * (256.0 ** np.abs(q) - 1.0) / 255.0
    return np.asarray(np.clip(back * 32768.0, -32768, 32767), dtype=np.int16)


def a_law(sound: Floats) -> Ints:
    """Through the other G.711 and back, as int16."""
    x, log_a = np.clip(sound / 32768.0, -1.0, 1.0), 1.0 + np.log(87.6)
    size = np.abs(x)
    y = np.where(size < 1 / 87.6, 87.6 * size, 1.0 + np.log(np.maximum(87.6 * size, 1.0))) / log_a
    q = np.abs(np.round((np.sign(x) * y + 1.0) * 127.5) / 127.5 - 1.0) * log_a
    back = np.where(q < 1.0, q, np.exp(q - 1.0)) / 87.6
    return np.asarray(np.clip(np.sign(x) * back * 32768.0, -32768, 32767), dtype=np.int16)


class Call:
    """A call put together piece by piece; ``at`` is where the next sound begins (stream seconds)."""

    def __init__(self) -> None:
        self.parts: list[Floats] = []

    @property
    def at(self) -> float:
        return sum(map(len, self.parts)) / RATE

    def add(self, *sounds: Floats) -> float:
        """Append sounds; returns when the first of them begins."""
        began = self.at
        self.parts += sounds
        return began

    def line(self, noise_dbm0: float | None = None, seed: int = 3) -> Ints:
        """What arrives: all parts, with line noise, through G.711."""
        sound = np.concatenate(self.parts)
        if noise_dbm0 is not None:
            sound = sound + noise(len(sound) / RATE, noise_dbm0, seed)[: len(sound)]
        return mu_law(sound)


def lossy(samples: Ints, share: float, seed: int = 5) -> Ints:
    """Loses packets of 20 ms; a simple concealment repeats the packet before at half level."""
    rng = np.random.default_rng(seed)
    out = samples.copy()
    packets = [out[i : i + 160] for i in range(0, len(out) - 159, 160)]
    for before, packet in pairwise(packets):
        if rng.random() < share:
            packet[:] = before // 2
    return out
