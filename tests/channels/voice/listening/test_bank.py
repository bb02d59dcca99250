from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import resample_poly

from channels.voice.listening.audiofile import AudioFileError, read_audio
from channels.voice.listening.bank import BankError, PromptBank
from tests.channels.voice.listening.voices import mu_law, say, silence

SOUND = np.concatenate([silence(0.25), say("Selamat datang."), silence(0.4)]).astype(np.float32) / np.float32(32768.0)


def write(path: Path, sound: NDArray[np.floating], rate: int = 8000, subtype: str = "PCM_16") -> Path:
    soundfile.write(path, sound, rate, subtype=subtype)
    return path


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "ULAW"])
def test_any_usual_wav_becomes_8_khz_mono(tmp_path: Path, rate: int, subtype: str) -> None:
    other = resample_poly(SOUND, rate, 8000).astype(np.float32)
    stereo = np.stack([other, other], axis=1)
    read = read_audio(write(tmp_path / "a.wav", stereo, rate, subtype)) / 32768.0
    n = min(len(read), len(SOUND))
    assert abs(len(read) - len(SOUND)) <= 1
    assert float(read[:n] @ SOUND[:n]) > 0.99 * float(np.linalg.norm(read[:n]) * np.linalg.norm(SOUND[:n]))


def test_silence_around_a_prompt_is_cut_off_and_remembered(tmp_path: Path) -> None:
    write(tmp_path / "salam.wav", SOUND)
    prompt = PromptBank.load(tmp_path).prompts[0]
    assert prompt.names == ("salam",)
    assert prompt.lead_s == pytest.approx(0.25, abs=0.02)
    assert prompt.length_s == pytest.approx(len(SOUND) / 8000 - 0.65, abs=0.03)


def test_a_stereo_file_with_one_dead_side_is_as_good_as_mono(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", np.stack([SOUND, np.zeros_like(SOUND)], axis=1))
    assert PromptBank.load(tmp_path).prompts[0].length_s > 0.5


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "empty"),
        (b"not a sound at all, just text" * 20, "not a readable sound file"),
        (b"RIFF\x00\x00\x00\x00WAVE", "not a readable sound file"),
        (b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff", "not a readable sound file"),
        (b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16), "rea"),
    ],
)
def test_a_file_that_is_no_sound_is_named_with_what_to_do(tmp_path: Path, content: bytes, complaint: str) -> None:
    (tmp_path / "rusak.wav").write_bytes(content)
    with pytest.raises(BankError, match=r"rusak\.wav") as raised:
        PromptBank.load(tmp_path)
    assert complaint in str(raised.value)


def test_a_truncated_wav_is_refused_with_both_lengths(tmp_path: Path) -> None:
    path = write(tmp_path / "putus.wav", SOUND)
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(
        BankError, match=r"putus\.wav: cut off, the header promises \d+ bytes of sound and \d+ are there"
    ):
        PromptBank.load(tmp_path)


def test_a_wav_without_samples_or_with_impossible_numbers_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "kosong.wav", SOUND[:0])
    write(tmp_path / "nan.wav", np.full(8000, np.nan, dtype=np.float32), subtype="FLOAT")
    write(tmp_path / "panjang.wav", np.zeros(8000 * 601, dtype=np.float32), subtype="PCM_U8")
    with pytest.raises(BankError) as raised:
        PromptBank.load(tmp_path)
    assert [Path(p.split(": ")[0]).name for p in raised.value.problems] == ["kosong.wav", "nan.wav", "panjang.wav"]


def test_a_folder_that_is_missing_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(BankError, match="no such folder"):
        PromptBank.load(tmp_path / "tidak-ada")


def test_an_empty_folder_is_an_empty_bank_and_other_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "README.txt").write_text("prompts")
    bank = PromptBank.load(tmp_path)
    assert bank.prompts == ()
    assert bank.warnings == ()


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=300), cut=st.integers(0, 200), place=st.integers(0, 60))
def test_a_damaged_file_is_read_or_refused_but_never_crashes(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, cut: int, place: int
) -> None:
    path = tmp_path_factory.mktemp("bank") / "x.wav"
    good = write(path, SOUND).read_bytes()
    path.write_bytes(good[:place] + data + good[place + cut :])
    complaint, sound = "x.wav", np.zeros(1, dtype=np.float32)
    try:
        sound = read_audio(path)
    except AudioFileError as error:
        complaint = str(error)
    assert "x.wav" in complaint
    assert np.isfinite(sound).all()


def test_silent_and_short_recordings_are_left_out_with_a_warning() -> None:
    bank = PromptBank.of({"diam": silence(2.0), "klik": say("a")[:1000], "baik": say("Selamat datang.")})
    assert [p.names for p in bank.prompts] == [("baik",)]
    assert any("diam" in w and "silent" in w for w in bank.warnings)
    assert any("klik" in w and "shorter" in w for w in bank.warnings)


def test_identical_recordings_are_one_prompt_with_all_its_names() -> None:
    sound = say("Selamat datang.")
    bank = PromptBank.of(
        {"a": np.concatenate([silence(0.5), sound]), "b": sound * np.float32(0.7), "c": say("Halo semua.")}
    )
    assert [p.names for p in bank.prompts] == [("a", "b"), ("c",)]
    assert "prompts a, b are the same recording" in bank.warnings


def test_prompts_with_a_common_beginning_are_reported_with_its_length() -> None:
    start = say("Terima kasih telah menghubungi kami.")
    bank = PromptBank.of(
        {
            "satu": np.concatenate([start, say("Kantor sedang tutup.")]),
            "dua": np.concatenate([start, say("Silakan pilih menu.")]),
            "tiga": say("Semua petugas sibuk."),
        }
    )
    assert [(t.first, t.second) for t in bank.twins] == [("satu", "dua")]
    assert bank.twins[0].common_s == pytest.approx(len(start) / 8000, abs=0.35)
    assert any("satu and dua begin alike" in w for w in bank.warnings)


def test_a_recording_that_was_trimmed_and_encoded_anew_is_the_same_and_one_with_another_number_is_not() -> None:
    sound = say("Anda berada pada urutan nomor tiga.")
    trimmed = mu_law(sound * np.float32(0.8))[37:].astype(np.float32)
    other = np.concatenate([sound[:-4000], say("lima.")])[: len(sound)]
    bank = PromptBank.of({"asli": sound, "salinan": trimmed, "lain": np.pad(other, (0, len(sound) - len(other)))})
    assert [p.names for p in bank.prompts] == [("asli", "salinan"), ("lain",)]
