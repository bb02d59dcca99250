"""What the contact centre of the tests says: Indonesian speech by espeak-ng, and music, as WAV files (8 kHz, mono).

Files in ``prompts/`` are known to the prober; those in ``others/`` are not.
"""

from __future__ import annotations

import ctypes
import wave
from pathlib import Path

import espeakng_loader
import numpy as np
import numpy.typing as npt
from scipy.signal import resample_poly

Sound = npt.NDArray[np.float64]

RATE = 8000
AGENT_LEAD_S = 0.4
"""Silence at the beginning of ``agen.wav``: part of the truth about when the agent was first heard."""
_PEAK = 12_000

PROMPTS = {
    "selamat-datang": "Selamat datang di layanan Bank Contoh. Tekan satu untuk berbicara dengan petugas kami.",
    "menu-tagihan": "Anda memilih tagihan. Tekan satu untuk tagihan bulan ini, tekan dua untuk bulan lalu.",
    "nomor-pelanggan": "Silakan masukkan sepuluh angka nomor pelanggan Anda, akhiri dengan tanda pagar.",
    "antrean": "Semua petugas sedang melayani pelanggan lain, mohon menunggu sebentar.",
    "di-luar-jam": "Mohon maaf, kantor kami sudah tutup. Silakan hubungi kembali besok pukul delapan pagi.",
}
OTHERS = {
    "agen": ("id+f4", 170, "Selamat siang, saya Dewi, ada yang bisa dibantu?"),
    "agen-balas": ("id+f4", 170, "Baik, terima kasih atas informasinya."),
    "asing": ("id+m3", 165, "Perhatian, saluran ini sedang diperiksa oleh bagian teknik gedung sebelah."),
    "kotak-suara": (
        "id+m1",
        150,
        (
            "Anda terhubung dengan kotak suara milik Budi Santoso, saat ini saya tidak berada di meja kerja "
            "dan belum dapat menerima panggilan, silakan tinggalkan nama, nomor dan pesan setelah bunyi berikut."
        ),
    ),
}


class _Espeak:
    """espeak-ng through its C interface. Raises OSError when its data is missing."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = str(espeakng_loader.get_data_path()).encode()
        # once in a process: started anew, it crashes sooner or later
        self._rate = self._library.espeak_ng_GetSampleRate() or self._library.espeak_Initialize(2, 0, data, 0)
        if self._rate <= 0:
            raise OSError("espeak-ng found no data: reinstall espeakng-loader")
        self._pieces: list[bytes] = []
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
        self._callback = kind(self._take)

    def _take(self, samples: int | None, count: int, _events: int | None) -> int:
        if samples and count:
            self._pieces.append(ctypes.string_at(samples, 2 * count))
        return 0

    def say(self, text: str, voice: str, words_per_minute: int) -> Sound:
        """The text from its first to its last audible sample."""
        self._pieces.clear()
        self._library.espeak_SetSynthCallback(self._callback)  # the library is one for all who speak in this process
        self._library.espeak_SetVoiceByName(voice.encode())
        self._library.espeak_SetParameter(1, words_per_minute, 0)
        self._library.espeak_SetParameter(3, 50, 0)
        spoken = text.encode() + b"\0"
        self._library.espeak_Synth(spoken, ctypes.c_size_t(len(spoken)), 0, 0, 0, 1, None, None)
        raw = np.frombuffer(b"".join(self._pieces), "<i2").astype(np.float64)
        common = int(np.gcd(self._rate, RATE))
        sound = resample_poly(raw, RATE // common, self._rate // common)
        sound *= _PEAK / np.abs(sound).max()
        audible = np.flatnonzero(np.abs(sound) > 0.02 * _PEAK)
        return np.asarray(sound[audible[0] : audible[-1] + 1], np.float64)


def silence(duration_s: float) -> Sound:
    """Digital silence."""
    return np.zeros(round(duration_s * RATE))


def tone(frequency_hz: float, duration_s: float) -> Sound:
    """A pure tone, such as the beep of an answering machine."""
    return 0.5 * _PEAK * np.sin(2 * np.pi * frequency_hz * np.arange(round(duration_s * RATE)) / RATE)


def music(duration_s: float, seed: int = 7) -> Sound:
    """Music on hold: broken chords with harmonics over a bass; no voice in it."""
    generator = np.random.default_rng(seed)
    beat = round(0.3 * RATE)
    time = np.arange(4 * beat) / RATE
    track = np.zeros(round(duration_s * RATE) + 4 * beat)
    chords = [(0, 4, 7, 12), (-3, 0, 4, 9), (5, 9, 12, 17), (7, 11, 14, 19)]
    for index, start in enumerate(range(0, len(track) - 4 * beat, beat)):
        chord = chords[index // 8 % 4]
        for semitone, loudness in ((chord[generator.integers(4)], 1.0), (chord[0] - 12, 0.7)):
            pitch = 330 * 2 ** (semitone / 12)
            note = sum((np.sin(2 * np.pi * pitch * k * time) / k**1.5 for k in range(1, 6)), np.zeros_like(time))
            track[start : start + 4 * beat] += loudness * note * np.exp(-3 * time) * np.minimum(1, time * 200)
    track = track[: round(duration_s * RATE)]
    return np.asarray(0.4 * _PEAK * track / np.abs(track).max(), np.float64)


def write(path: Path, sound: Sound) -> None:
    """Write a mono WAV file of 16 bits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.clip(sound, -32_768, 32_767).astype("<i2").tobytes())


def make(folder: Path) -> None:
    """Write every clip below the folder: ``prompts/``, ``others/`` and ``music/``."""
    espeak = _Espeak()
    for name, text in PROMPTS.items():
        write(folder / "prompts" / f"{name}.wav", espeak.say(text, "id", 165))
    for name, (voice, pace, text) in OTHERS.items():
        lead = silence(AGENT_LEAD_S) if name == "agen" else silence(0)
        write(folder / "others" / f"{name}.wav", np.concatenate([lead, espeak.say(text, voice, pace)]))
    write(folder / "others" / "hening.wav", silence(60))
    write(folder / "others" / "jeda.wav", silence(1))
    write(folder / "others" / "bip.wav", tone(1000, 0.6))
    write(folder / "music" / "tunggu.wav", music(48))
