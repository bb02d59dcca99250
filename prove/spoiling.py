"""What lines do to a recording on its way: noise, packets lost in bursts, and other exchanges' codecs."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from channels.voice.listening.features import RATE_HZ, Floats, Samples
from tests.channels.voice.listening.voices import mu_law
from tests.farends.asterisk import Asterisk

NOISE_BELOW_DB: Final = 15.0
LOST: Final = 0.05
_BURST_PACKETS = 2.0
"""Mean length: a Gilbert model, as of queues that overflow."""
_PACKET = 160
_FADE = 0.5


def noisy(stream: Floats, speech: Floats, dice: np.random.Generator) -> Samples:
    """White noise 15 dB below the mean power of the recording, all the time."""
    rms = float(np.sqrt(np.mean(speech**2))) * 10.0 ** (-NOISE_BELOW_DB / 20.0)
    return mu_law(np.asarray(stream + rms * dice.standard_normal(len(stream)), dtype=np.float32))


def lossy(stream: Floats, dice: np.random.Generator) -> Samples:
    """5 % of the packets lost in bursts; what is missing is the packet before, fading."""
    out = mu_law(stream)
    stays = 1.0 - 1.0 / _BURST_PACKETS
    begins = LOST / (1.0 - LOST) / _BURST_PACKETS
    lost, fill = False, np.zeros(_PACKET, dtype=np.int16)
    for at in range(0, len(out) - _PACKET + 1, _PACKET):
        lost = bool(dice.random() < (stays if lost else begins))
        if lost:
            fill = np.asarray(fill * _FADE, dtype=np.int16)
            out[at : at + _PACKET] = fill
        else:
            fill = out[at : at + _PACKET].copy()
    return out


class Exchange:
    """A-law, then G.722, then mu-law: the codecs of an Asterisk, which converts files from one to the next."""

    def __init__(self, asterisk: Asterisk) -> None:
        self._asterisk = asterisk

    def through(self, streams: list[Floats]) -> list[Samples]:
        """Each stream as it comes out. Raises RuntimeError when Asterisk does not convert."""
        whole = np.clip(np.concatenate(streams), -32768, 32767).astype(np.int16)
        with tempfile.TemporaryDirectory() as scratch:
            soundfile.write(f"{scratch}/asal.wav", whole, RATE_HZ, subtype="PCM_16")
            for source, target in pairwise(("asal.wav", "a.alaw", "b.g722", "c.ulaw", "d.wav")):
                said = self._asterisk.manager.command(f"file convert {scratch}/{source} {scratch}/{target}")
                if not Path(scratch, target).exists():
                    raise RuntimeError(f"Asterisk did not convert {source} to {target}: {said}")
            heard, _ = soundfile.read(f"{scratch}/d.wav", dtype="int16")
        out = np.zeros(len(whole), dtype=np.int16)
        out[: len(heard)] = heard[: len(out)]
        return np.split(out, np.cumsum([len(stream) for stream in streams])[:-1])
