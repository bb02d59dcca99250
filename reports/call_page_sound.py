"""The recording of a call on its page: the outline of both directions, and the sound itself, small.

MP3 at 8 kHz takes 27 kbit/s for both directions (µ-law in a WAV: 128), every browser plays it, and the header of its
variable-rate form makes Chromium begin at the very sample; measured in docs/decisions/0010-the-page-of-a-call.md.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

RATE_HZ: Final = 8000
PEAKS_PER_S: Final = 25
FEWEST_PEAKS, MOST_PEAKS = 600, 4000
"""A wide screen has 4000 points; an outline of so many takes 60 kB."""
LOUDEST: Final = 100
"""Height of the outline at full scale, by the square root: speech is 20 dB below it and must be seen."""
_SMALL: Final[dict[str, Any]] = {
    "format": "MP3", "subtype": "MPEG_LAYER_III", "bitrate_mode": "VARIABLE", "compression_level": 0.9,
}  # fmt: skip
_PLAIN: Final[dict[str, Any]] = {"format": "WAV", "subtype": "ULAW"}
_BLOCK: Final = RATE_HZ * 10
_LONGEST_S: Final = 4 * 3600

Samples = NDArray[np.int16]


class NoSoundError(Exception):
    """The recording cannot be read; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """Heights from 0 to ``LOUDEST``, evenly over ``length_s`` seconds of the recording."""

    length_s: float
    ours: tuple[int, ...]
    theirs: tuple[int, ...]


def load(path: Path) -> Samples:
    """Both directions, ours first: an array of pairs. Raises NoSoundError."""
    import soundfile  # noqa: PLC0415 - heavy, and not needed where there is no recording

    try:
        with soundfile.SoundFile(path) as file:
            if (file.samplerate, file.channels) != (RATE_HZ, 2):
                raise NoSoundError(
                    f"{path.name} is no recording of ours: {file.samplerate} Hz, {file.channels} channels"
                )
            pairs: Samples = file.read(frames=min(file.frames, _LONGEST_S * RATE_HZ), dtype="int16", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise NoSoundError(f"{path.name} cannot be read: {error}") from error
    return pairs


def outline(pairs: Samples) -> Outline:
    """The loudest sample of each of some thousand stretches."""
    length_s = len(pairs) / RATE_HZ
    count = int(min(max(length_s * PEAKS_PER_S, FEWEST_PEAKS), MOST_PEAKS, max(1, len(pairs))))
    if not len(pairs):
        return Outline(length_s=0.0, ours=(), theirs=())
    borders = np.linspace(0, len(pairs), count, endpoint=False).astype(np.int64)
    loud = np.abs(pairs.astype(np.int32))
    peaks = np.maximum.reduceat(loud, borders, axis=0) / 32768.0
    heights = np.rint(np.sqrt(peaks) * LOUDEST).astype(int)
    return Outline(length_s=length_s, ours=tuple(heights[:, 0].tolist()), theirs=tuple(heights[:, 1].tolist()))


def without(pairs: Samples, from_s: float) -> Samples:
    """The same with silence from a second on: a person speaks who was not asked."""
    quiet = pairs.copy()
    quiet[max(0, int(from_s * RATE_HZ)) :] = 0
    return quiet


def embedded(pairs: Samples) -> str:
    """The sound as an address of its own content. µ-law where the library makes no MP3."""
    import soundfile  # noqa: PLC0415 - as above

    kind, form = ("audio/mpeg", _SMALL) if "MP3" in soundfile.available_formats() else ("audio/wav", _PLAIN)
    data = io.BytesIO()
    with soundfile.SoundFile(data, "w", RATE_HZ, 2, **form) as file:
        for start in range(0, len(pairs), _BLOCK):  # in one piece, some of its encoders overflow their stack
            # as fractions: of two directions in whole numbers libsndfile 1.2.2 makes a mess
            file.write(pairs[start : start + _BLOCK].astype(np.float32) / 32768.0)
    return f"data:{kind};base64,{base64.b64encode(data.getvalue()).decode()}"
