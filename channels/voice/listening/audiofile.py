"""Reads sound files of any usual form into 8 kHz mono, and says plainly what is wrong with the others."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile

from channels.voice.listening.features import RATE_HZ, Floats

LONGEST_S = 600.0
_PROBABLE_RATES_HZ = range(2000, 400_001)
_MOST_CHANNELS = 32
_STREAMED = (0, 0xFFFFFFFF)
"""Lengths that programs write while they do not know the real one yet."""


class AudioFileError(ValueError):
    """The file cannot be used; the text names it and says what to do."""


def read_audio(path: Path) -> Floats:
    """Samples of a sound file, mixed to mono, resampled to 8 kHz, in 16 bit units. Raises ``AudioFileError``."""
    try:
        _refuse_truncated(path)
        with soundfile.SoundFile(path) as file:
            _refuse_absurd(path, file.samplerate, file.channels, file.frames)
            rate, frames = file.samplerate, file.read(dtype="float32", always_2d=True)
    except AudioFileError:
        raise
    except (soundfile.LibsndfileError, OSError, struct.error, MemoryError) as error:
        raise AudioFileError(f"{path}: not a readable sound file ({error}); save it as WAV, 8 kHz, mono") from error
    if len(frames) == 0:
        raise AudioFileError(f"{path}: holds no sound; record it again or remove it")
    mono = frames.mean(axis=1)
    if not np.isfinite(mono).all():
        raise AudioFileError(f"{path}: holds numbers that are no sound (NaN or infinity); export it again")
    return resampled(np.asarray(mono * np.float32(32768.0), dtype=np.float32), rate)


def resampled(samples: Floats, rate_hz: int) -> Floats:
    """Band-limited change of rate to 8 kHz, by cutting or padding the spectrum of the whole file (linear phase)."""
    if rate_hz == RATE_HZ:
        return samples
    # A second of padding in both rates keeps the ends from wrapping around, and whole seconds keep the ratio exact.
    seconds = -(-len(samples) // rate_hz) + 1
    spectrum = np.fft.rfft(samples, seconds * rate_hz)
    bins = seconds * RATE_HZ // 2 + 1
    kept = np.zeros(bins, dtype=spectrum.dtype)
    kept[: min(bins, len(spectrum))] = spectrum[:bins]
    out = np.fft.irfft(kept, seconds * RATE_HZ) * (RATE_HZ / rate_hz)
    return np.asarray(out[: round(len(samples) * RATE_HZ / rate_hz)], dtype=np.float32)


def _refuse_absurd(path: Path, rate_hz: int, channels: int, frames: int) -> None:
    if rate_hz not in _PROBABLE_RATES_HZ:
        raise AudioFileError(f"{path}: a sampling rate of {rate_hz} Hz is no telephone prompt; save it at 8 kHz")
    if channels > _MOST_CHANNELS:
        raise AudioFileError(f"{path}: {channels} channels; save it as mono")
    if frames / rate_hz > LONGEST_S:
        raise AudioFileError(f"{path}: {frames / rate_hz:.0f} s long, at most {LONGEST_S:.0f} s are possible; cut it")


def _refuse_truncated(path: Path) -> None:
    """A WAV whose header promises more than the file has would teach the matcher half a prompt."""
    if path.stat().st_size == 0:
        raise AudioFileError(f"{path}: the file is empty; record it again or remove it")
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
            return
        promised, present = _data_chunk(file, path.stat().st_size)
    if promised not in _STREAMED and promised > present:
        raise AudioFileError(
            f"{path}: cut off, the header promises {promised} bytes of sound and {present} are there; copy it again"
        )


def _data_chunk(file: BinaryIO, size: int) -> tuple[int, int]:
    """Bytes of sound promised by the header and present in the file; (0, 0) when there is no data chunk."""
    while len(header := file.read(8)) == 8:
        name, length = header[:4], struct.unpack("<I", header[4:])[0]
        if name == b"data":
            return length, size - file.tell()
        file.seek(length + length % 2, 1)
    return 0, 0
