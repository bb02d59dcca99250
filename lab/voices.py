"""Speech for the lab, spoken by espeak-ng, kept on disk so that the same words are the same samples.

All clips are int16 at 8000 samples per second, begin with their first voiced sample and hold no pause over 300 ms.
"""

from __future__ import annotations

import ctypes
import hashlib
import wave
from pathlib import Path

import espeakng_loader
import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]

RATE = 8000
_PEAK = 14000
_LONGEST_PAUSE_S = 0.3
_SYNCHRONOUS, _UTF8, _RATE, _PITCH = 2, 1, 1, 3
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)

IVR_VOICE = ("id+f2", 165, 55)
AGENT_VOICE = ("ms+m3", 175, 38)
STRANGER_VOICE = ("id+m1", 150, 30)

PROMPTS = {
    "selamat-datang": "Selamat datang di pusat layanan pelanggan Nusantara.",
    "menu-utama": "Tekan satu untuk bicara dengan agen, tekan dua untuk informasi layanan.",
    "pilihan-salah": "Maaf, pilihan tersebut tidak tersedia.",
    "mohon-tunggu": "Mohon tunggu, panggilan sedang kami sambungkan.",
    "antrean": "Anda masih dalam antrean, terima kasih.",
    "informasi": "Layanan kami buka setiap hari, pukul delapan pagi sampai pukul delapan malam.",
    "di-luar-jam": "Saat ini kami berada di luar jam layanan, silakan menghubungi kami kembali besok pagi.",
}
"""What the centre says, by the name of its file in ``prompts/``."""

OTHERS = {
    "agent-greeting": (AGENT_VOICE, "Halo, dengan Rahman, ada yang bisa saya bantu?"),
    "agent-reply": (AGENT_VOICE, "Baik, terima kasih atas informasinya."),
    "unknown": (STRANGER_VOICE, "Nomor tujuan sedang dialihkan, periksa kembali nomor yang dihubungi."),
    "voicemail": (
        STRANGER_VOICE,
        "Ini kotak suara, kami tidak dapat menerima telepon sekarang, tinggalkan nama dan nomor setelah nada berikut.",
    ),
}
"""What nobody is told beforehand: agents and strangers."""


class Espeak:
    """The library, loaded once. Raises OSError when it cannot be loaded."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = str(espeakng_loader.get_data_path()).encode()
        # once in a process: started anew, it crashes sooner or later
        known = self._library.espeak_ng_GetSampleRate()
        self.rate = int(known or self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, 0))
        if self.rate <= 0:
            raise OSError(f"espeak-ng does not start with its data in {data.decode()}; reinstall espeakng-loader")
        self._heard: list[bytes] = []
        self._callback = _CALLBACK(self._take)

    def _take(self, samples: ctypes._Pointer[ctypes.c_short], count: int, _events: int | None) -> int:
        if count > 0:  # the last call comes with a null pointer and no samples
            self._heard.append(ctypes.string_at(samples, count * 2))
        return 0

    def say(self, text: str, voice: str, words_per_minute: int, pitch: int) -> Samples:
        """The text as samples at 8 kHz."""
        self._heard.clear()
        self._library.espeak_SetSynthCallback(self._callback)  # the library is one for all who speak in this process
        self._library.espeak_SetVoiceByName(voice.encode())
        self._library.espeak_SetParameter(_RATE, words_per_minute, 0)
        self._library.espeak_SetParameter(_PITCH, pitch, 0)
        spoken = text.encode() + b"\0"
        self._library.espeak_Synth(spoken, ctypes.c_size_t(len(spoken)), 0, 0, 0, _UTF8, None, None)
        return _tidy(np.frombuffer(b"".join(self._heard), np.int16).astype(float), self.rate)


def _tidy(sound: npt.NDArray[np.float64], rate: int) -> Samples:
    """Resample in the frequency domain, set the level, cut silence at both ends and shorten long pauses."""
    length = len(sound) * RATE // rate
    spectrum = np.fft.rfft(sound)[: length // 2 + 1] * (length / len(sound))
    sound = np.fft.irfft(spectrum, length)
    sound *= _PEAK / np.abs(sound).max()
    loud = np.flatnonzero(np.abs(sound) > _PEAK * 0.02)
    longest = int(_LONGEST_PAUSE_S * RATE)
    kept = np.diff(loud, prepend=loud[0], append=loud[-1]) > longest  # starts of pieces behind a pause too long
    pieces = np.split(loud, np.flatnonzero(kept[:-1]))
    ends = [*(piece[-1] + longest for piece in pieces[:-1]), loud[-1] + 1]
    return np.concatenate([sound[piece[0] : end] for piece, end in zip(pieces, ends, strict=True)]).astype(np.int16)


class Voices:
    """All clips of the lab by name; synthesised at the first use of a folder, read from it later."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._espeak: Espeak | None = None
        prompts = {
            name: self._clip(folder / "prompts" / f"{name}.wav", IVR_VOICE, text) for name, text in PROMPTS.items()
        }
        others = {name: self._clip(self._cached(voice, text), voice, text) for name, (voice, text) in OTHERS.items()}
        self.clips: dict[str, Samples] = prompts | others

    def _cached(self, voice: tuple[str, int, int], text: str) -> Path:
        key = hashlib.sha256(repr((voice, text, 1)).encode()).hexdigest()[:16]
        return self.folder / "voices" / f"{key}.wav"

    def _clip(self, path: Path, voice: tuple[str, int, int], text: str) -> Samples:
        cached = self._cached(voice, text)
        if not cached.exists():
            self._espeak = self._espeak or Espeak()
            write_wav(cached, self._espeak.say(text, *voice))
        samples = read_wav(cached)
        if path != cached:
            write_wav(path, samples)
        return samples


def write_wav(path: Path, samples: Samples) -> None:
    """Write 8 kHz mono 16 bit; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with wave.open(str(part), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    part.replace(path)


def read_wav(path: Path) -> Samples:
    """The samples of a file written by ``write_wav``."""
    with wave.open(str(path), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)
