"""The recording: stereo, sound at every moment, silent where a person must not be kept."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
import pytest

from channels.voice.recorder import Recorder

SENT = np.full(8000, 100, dtype=np.int16)
HEARD = np.full(8000, -200, dtype=np.int16)


def read(path: Path) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    with wave.open(str(path)) as sound:
        assert sound.getnchannels() == 2
        return np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2").reshape(-1, 2)


def test_we_are_left_and_they_are_right(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r.wav")
    recorder.append(SENT, HEARD)
    recorder.close()
    recorder.close()
    samples = read(tmp_path / "r.wav")
    assert len(samples) == 8000
    assert (samples == [100, -200]).all()


def test_the_file_is_sound_although_nobody_closed_it(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r.wav")
    assert len(read(tmp_path / "r.wav")) == 0
    for _ in range(5):
        recorder.append(SENT[:3000], HEARD[:3000])
    assert 15000 - len(read(tmp_path / "r.wav")) <= 8000
    recorder.close()


def test_a_person_becomes_silence_from_the_first_sound_on_and_time_goes_on(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r.wav")
    recorder.append(SENT, HEARD)
    recorder.hide_from(0.5)
    recorder.append(SENT, HEARD)
    recorder.show()
    recorder.append(SENT, HEARD)
    recorder.close()
    samples = read(tmp_path / "r.wav")
    assert len(samples) == 24000
    assert (samples[:4000] == [100, -200]).all()
    assert not samples[4000:16000].any()
    assert (samples[16000:] == [100, -200]).all()


def test_a_disk_that_takes_only_a_part_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(tmp_path / "r.wav")
    recorder.append(SENT, HEARD)
    recorder._file.close()
    monkeypatch.setattr(recorder, "_file", Filling(tmp_path / "r.wav", "r+b"))
    with pytest.raises(OSError, match="the disk is full; the recording ends after 1 s"):
        recorder.append(SENT, HEARD)
    recorder.close()
    assert len(read(tmp_path / "r.wav")) == 8000


class Filling(io.FileIO):
    """Takes 1000 bytes at most, and says so to whoever looks."""

    def write(self, data: bytes) -> int:  # type: ignore[override]
        return super().write(data[:1000])
