"""What we say: any WAV of the user's, and the disclosure spoken by the machine."""

from __future__ import annotations

import wave
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import soundfile

from channels.voice.sounds import NoSound, disclosure_text, prepare
from probe.script import DISCLOSURE

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=ZoneInfo("Asia/Jakarta"))


@pytest.mark.parametrize(
    ("hour", "part"), [(0, "malam"), (4, "pagi"), (11, "siang"), (15, "sore"), (18, "malam"), (23, "malam")]
)
def test_the_disclosure_greets_by_the_time_of_day(hour: int, part: str) -> None:
    assert disclosure_text(NOON.replace(hour=hour)).startswith(f"Selamat {part}, ini panggilan uji otomatis.")


def test_the_disclosure_is_built_in_and_spoken_once(tmp_path: Path) -> None:
    made = prepare(DISCLOSURE, None, tmp_path, NOON)
    stamp = made.stat().st_mtime_ns
    with wave.open(str(made)) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getsampwidth()) == (1, 8000, 2)
        samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
    assert 4 < len(samples) / 8000 < 12
    assert 8000 < np.abs(samples.astype(int)).max() <= 32767
    assert prepare(DISCLOSURE, None, tmp_path, NOON) == made
    assert made.stat().st_mtime_ns == stamp


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2), (16000, 1)])
def test_a_sound_of_the_user_is_brought_to_telephone_form(rate: int, channels: int, tmp_path: Path) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    soundfile.write(tmp_path / "halo.wav", np.repeat(tone[:, None], channels, axis=1), rate)
    with wave.open(str(prepare("halo", tmp_path, tmp_path / "cache", NOON))) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
    assert len(samples) == 8000
    assert np.argmax(np.abs(np.fft.rfft(samples))) == 440


def test_a_file_of_the_user_goes_before_the_built_in_one(tmp_path: Path) -> None:
    soundfile.write(tmp_path / f"{DISCLOSURE}.wav", np.zeros(4000), 8000)
    with wave.open(str(prepare(DISCLOSURE, tmp_path, tmp_path / "cache", NOON))) as sound:
        assert sound.getnframes() == 4000


def test_a_sound_that_is_missing_says_where_it_was_sought(tmp_path: Path) -> None:
    with pytest.raises(NoSound, match=r"halo\.wav does not exist"):
        prepare("halo", tmp_path, tmp_path, NOON)
    with pytest.raises(NoSound, match="no folder of sounds"):
        prepare("halo", None, tmp_path, NOON)


@pytest.mark.parametrize("content", [b"", b"RIFF\x00", b"\x00" * 5000])
def test_a_file_that_is_no_sound_is_told(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "halo.wav").write_bytes(content)
    with pytest.raises(NoSound, match="halo"):
        prepare("halo", tmp_path, tmp_path / "cache", NOON)


def test_what_others_could_have_put_in_the_cache_is_not_played(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    placed = prepare(DISCLOSURE, None, cache, NOON)
    placed.write_bytes(b"something rude")
    cache.chmod(0o770)
    with pytest.raises(NoSound, match="others may write"):
        prepare(DISCLOSURE, None, cache, NOON)
    soundfile.write(tmp_path / "halo.wav", np.zeros(4000), 8000)
    with pytest.raises(NoSound, match="others may write"):
        prepare("halo", tmp_path, cache, NOON)
