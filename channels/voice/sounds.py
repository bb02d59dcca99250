"""What we say: sounds of the user's folder and the built-in disclosure, as WAV of 8 kHz, mono, 16 bits for the engines.

Conversions are cached by content; the disclosure is spoken by espeak-ng once.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import threading
import wave
from datetime import datetime
from math import gcd
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from probe.private import private_folder
from probe.script import DISCLOSURE

RATE_HZ: Final = 8000
_TEXT: Final = (
    "Selamat {part}, ini panggilan uji otomatis. Tidak perlu ditindaklanjuti. Terima kasih, selamat bertugas."
)
_PARTS: Final = ((4, "malam"), (11, "pagi"), (15, "siang"), (18, "sore"), (24, "malam"))
"""Greeting of the day up to (not including) that hour."""
_PEAK: Final = 16000
_MAX_SOUND_S: Final = 120.0
_ESPEAK_LOCK: Final = threading.Lock()
_USUAL: Final = {1: 175, 3: 50}
"""espeakRATE in words a minute and espeakPITCH, as they are at its start."""
_SYNTH_CALLBACK: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class NoSound(Exception):
    """The sound cannot be played; the text says why and where it was looked for."""


def disclosure_text(local: datetime) -> str:
    """The disclosure for that local time of day."""
    part = next(word for until, word in _PARTS if local.hour < until)
    return _TEXT.format(part=part)


def prepare(name: str, folder: Path | None, cache: Path, local: datetime) -> Path:
    """The file an engine plays for a sound's name. A file of the user's goes before the built-in one. Raises NoSound.

    Blocks for some ten milliseconds at first use: call it in a thread.
    """
    source = folder / f"{name}.wav" if folder is not None else None
    if source is not None and source.is_file():
        return _converted(source, cache)
    if name == DISCLOSURE:
        return _spoken(disclosure_text(local), cache)
    where = f"{source} does not exist" if source is not None else "no folder of sounds is set"
    raise NoSound(f"sound {name!r}: {where}")


def _converted(source: Path, cache: Path) -> Path:
    import soundfile  # noqa: PLC0415  # heavy, and not needed for the built-in sound

    try:
        content = source.read_bytes()
        made = _cached(content, cache)
        if not made.exists():
            samples, rate = soundfile.read(source, dtype="float64", always_2d=True)
            _write(made, _at_8k(samples.mean(axis=1), int(rate)))
    except (OSError, RuntimeError, ValueError) as error:
        raise NoSound(f"sound {source}: {error}") from error
    return made


def _cached(content: bytes, cache: Path) -> Path:
    """Where what is made of that content belongs. Raises NoSound: what others put there is never said to anybody."""
    try:
        return private_folder(cache) / f"{hashlib.sha256(content).hexdigest()[:32]}.wav"
    except OSError as error:
        raise NoSound(f"no folder for sounds: {error}") from error


def _at_8k(samples: NDArray[np.float64], rate: int) -> NDArray[np.int16]:
    from scipy.signal import resample_poly  # noqa: PLC0415  # a second of import, seldom needed

    if not 1000 <= rate <= 384000 or len(samples) > _MAX_SOUND_S * rate:
        raise ValueError(f"{len(samples)} samples at {rate} Hz: at most {_MAX_SOUND_S:.0f} s at 1 to 384 kHz")
    if rate != RATE_HZ:
        divisor = gcd(rate, RATE_HZ)
        samples = resample_poly(samples, RATE_HZ // divisor, rate // divisor)
    return (np.clip(samples, -1.0, 1.0) * 32767).astype(np.int16)


def _spoken(text: str, cache: Path) -> Path:
    made = _cached(text.encode(), cache)
    if not made.exists():
        samples, rate = _speak(text)
        loud = samples / max(1.0, float(np.abs(samples).max())) * (_PEAK / 32768)
        _write(made, _at_8k(loud, rate))
    return made


def _speak(text: str) -> tuple[NDArray[np.float64], int]:
    """Indonesian speech by espeak-ng, in samples and their rate. Raises NoSound."""
    import espeakng_loader  # noqa: PLC0415  # 10 MB, once

    with _ESPEAK_LOCK:
        library = ctypes.CDLL(espeakng_loader.get_library_path())
        # once in a process, and never ended: anew it crashes sooner or later, and others may be speaking with it;
        # AUDIO_OUTPUT_SYNCHRONOUS, PHONEMES off, do not exit the process on trouble
        rate = library.espeak_ng_GetSampleRate()
        if not rate:
            rate = library.espeak_Initialize(2, 0, espeakng_loader.get_data_path().encode(), 0x8000)
        if rate <= 0 or library.espeak_SetVoiceByName(b"id") != 0:
            raise NoSound("espeak-ng does not start; install the package espeakng-loader anew")
        chunks: list[NDArray[np.int16]] = []

        def take(samples: Any, count: int, _events: Any) -> int:
            if samples and count > 0:
                chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
            return 0

        for parameter, usual in _USUAL.items():
            library.espeak_SetParameter(parameter, usual, 0)
        callback = _SYNTH_CALLBACK(take)
        library.espeak_SetSynthCallback(callback)
        spoken = text.encode()
        # position type character, UTF-8
        library.espeak_Synth(spoken, ctypes.c_size_t(len(spoken) + 1), 0, 1, 0, 1, None, None)
        library.espeak_Synchronize()
    if not chunks:
        raise NoSound("espeak-ng said nothing")
    return np.concatenate(chunks).astype(np.float64), int(rate)


def _write(path: Path, samples: NDArray[np.int16]) -> None:
    # two processes may do this at once: whoever renames last wins, with the same content
    partial = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
    with wave.open(str(partial), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE_HZ)
        sound.writeframes(samples.astype("<i2").tobytes())
    partial.replace(path)
