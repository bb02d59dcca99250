"""The outline shows what is loud when; the embedded sound is small, whole, and silent where a person speaks."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from reports.call_page_sound import (
    FEWEST_PEAKS,
    LOUDEST,
    MOST_PEAKS,
    RATE_HZ,
    NoSoundError,
    Samples,
    embedded,
    load,
    outline,
    without,
)
from tests.reports import heard

TONE = (8000 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ)).astype(np.int16)


def pairs(*ours_theirs: tuple[bool, bool]) -> Samples:
    """Seconds of tone or silence."""
    return np.concatenate([np.stack([TONE * one, TONE * two], axis=1) for one, two in ours_theirs]).astype(np.int16)


def heard_in(address: str) -> tuple[str, Samples]:
    kind, _, data = address.removeprefix("data:").partition(";base64,")
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(data)), dtype="int16", always_2d=True)
    assert rate == RATE_HZ
    return kind, samples


def test_the_outline_follows_the_loudness_of_each_direction() -> None:
    drawn = outline(pairs((False, False), (True, False), (False, True)))
    third = len(drawn.ours) // 3
    assert drawn.length_s == 3.0
    assert max(drawn.ours[:third]) == max(drawn.theirs[: 2 * third - 1]) == 0
    expected = round(LOUDEST * (8000 / 32768) ** 0.5)
    assert set(drawn.ours[third + 1 : 2 * third - 1]) <= {expected - 1, expected}
    assert max(drawn.theirs[2 * third + 1 :]) == expected


@pytest.mark.parametrize(("seconds", "count"), [(0.01, 80), (5, FEWEST_PEAKS), (60, 1500), (1800, MOST_PEAKS)])
def test_the_outline_of_a_long_call_stays_small(seconds: float, count: int) -> None:
    drawn = outline(np.zeros((int(seconds * RATE_HZ), 2), np.int16))
    assert (len(drawn.ours), len(drawn.theirs)) == (count, count)


def test_a_full_scale_negative_sample_is_no_taller_than_the_drawing() -> None:
    assert max(outline(np.full((8000, 2), -32768, np.int16)).ours) == LOUDEST


def test_the_sound_is_embedded_small_and_begins_where_it_began() -> None:
    kind, samples = heard_in(embedded(pairs((False, False), (True, False), (False, True))))
    assert kind == "audio/mpeg"
    onset = int(np.argmax(np.abs(samples[:, 0]) > 2000)) / RATE_HZ
    assert onset == pytest.approx(1.0, abs=0.02)
    assert abs(len(samples) / RATE_HZ - 3.0) < 0.1


def test_both_directions_sound_as_they_did(to_agent: heard.Heard) -> None:
    whole = load(to_agent.folder / "recording.wav")
    _, samples = heard_in(embedded(whole))
    for direction in (0, 1):
        one, two = whole[:, direction].astype(float), samples[: len(whole), direction].astype(float)
        assert np.dot(one, two) / np.linalg.norm(one) / np.linalg.norm(two) > 0.97
    assert len(embedded(whole)) < len(whole) / RATE_HZ * 45_000 / 8 * 4 / 3


def test_without_an_encoder_for_mp3_it_is_a_wav(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundfile, "available_formats", lambda: {"WAV": ""})
    kind, samples = heard_in(embedded(pairs((True, False))))
    assert (kind, len(samples)) == ("audio/wav", RATE_HZ)


def test_what_is_left_out_is_silence_and_the_rest_as_it_was() -> None:
    whole = pairs((True, True), (True, True))
    part = without(whole, 1.25)
    assert np.array_equal(part[:10_000], whole[:10_000])
    assert not part[10_000:].any()
    assert whole[10_001:].any()


@pytest.mark.parametrize("data", [b"", b"RIFF", b"x" * 100])
def test_what_is_no_recording_is_told_as_that(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "recording.wav"
    path.write_bytes(data)
    with pytest.raises(NoSoundError, match=r"recording\.wav"):
        load(path)


def test_a_recording_of_another_kind_is_told_as_that(tmp_path: Path) -> None:
    path = tmp_path / "recording.wav"
    soundfile.write(path, TONE, 16000)
    with pytest.raises(NoSoundError, match="16000 Hz, 1 channels"):
        load(path)
