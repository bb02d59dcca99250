from __future__ import annotations

import numpy as np
import pytest

from channels.voice.listening.features import BANDS, HOP, Features, LineNoise, background_dbm0, level_dbm0, log_mel
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
