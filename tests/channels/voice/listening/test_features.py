from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.voice.listening.features import (
    BANDS,
    HOP,
    Features,
    LineNoise,
    background_dbm0,
    level_dbm0,
    log_mel,
    mean_rows,
    windows_of,
)
from tests.channels.voice.listening.voices import noise, say, tone


def test_a_full_scale_sine_is_317_dbm0() -> None:
    sine = (32767.0 * np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000)).astype(np.float32)
    assert level_dbm0(sine, 800) == pytest.approx(3.17, abs=0.02)


def test_streamed_frames_are_those_of_the_whole() -> None:
    sound = say("Selamat datang di layanan kami.").astype(np.int16)[: 640 * 20]
    features = Features()
    blocks = [features.feed(sound[i : i + 640]) for i in range(0, len(sound), 640)]
    streamed = np.concatenate([b.mel for b in blocks])
    np.testing.assert_allclose(streamed, log_mel(sound.astype(np.float32)), rtol=1e-5)
    assert [b.first_frame for b in blocks[:3]] == [0, 5, 13]
    assert streamed.shape[1] == BANDS


def test_white_noise_is_flat_over_the_bands_and_a_tone_is_not() -> None:
    assert np.std(log_mel(noise(2.0, -20.0)).mean(axis=0)) < 0.2
    assert np.std(log_mel(tone(2.0, 425.0)).mean(axis=0)) > 1.0


@pytest.mark.parametrize(("level", "border"), [(-90.0, -50.0), (-55.0, -46.0), (-48.0, -39.0), (-30.0, -38.0)])
def test_the_border_of_sound_follows_the_noise_of_the_line_within_bounds(level: float, border: float) -> None:
    line = LineNoise()
    for second in range(4):
        line.feed(level_dbm0(noise(1.0, level, seed=second), HOP))
    assert line.border_dbm0 == pytest.approx(border, abs=1.5)


def test_background_never_hides_music_as_loud_as_before() -> None:
    assert background_dbm0(-10.0, None) == -37.0
    assert background_dbm0(-30.0, None) == -52.0
    assert background_dbm0(-10.0, -35.0) == -43.0


@given(
    shape=st.tuples(st.integers(0, 60), st.integers(1, 5)),
    length=st.integers(1, 20),
    step=st.integers(1, 7),
    seed=st.integers(0, 99),
)
def test_windows_and_means_are_those_of_numpy_to_the_bit(
    shape: tuple[int, int], length: int, step: int, seed: int
) -> None:
    rows = np.random.default_rng(seed).normal(0, 1e4, shape).astype(np.float32)
    for values in (rows, np.ascontiguousarray(rows[:, 0])):
        found = windows_of(values, length, step)
        if len(values) < length:
            assert len(found) == 0
            continue
        views = np.lib.stride_tricks.sliding_window_view(values, length, axis=0)
        views = views.transpose(0, 2, 1) if views.ndim == 3 else views
        assert np.array_equal(found, views[::step])
        assert np.array_equal(mean_rows(found, 1), np.ascontiguousarray(views[::step]).mean(axis=1, keepdims=True))
