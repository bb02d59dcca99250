"""Bursts of steady tone: however long, they cost no more than a beat."""

from __future__ import annotations

import numpy as np
import pytest

from channels.voice.listening.bursts import BurstFinder
from channels.voice.listening.features import BLOCK, Features, LineNoise
from tests.channels.voice.listening.voices import mu_law, silence, tone


@pytest.mark.parametrize("seconds", [9.0, 19.98, 20.02, 20.5, 75.0])
def test_a_tone_that_never_ends_takes_no_more_than_twenty_seconds_and_is_measured_whole(seconds: float) -> None:
    samples = mu_law(np.concatenate([silence(1.0), tone(seconds, 425.0), silence(1.0)]))
    features, noise, finder = Features(), LineNoise(), BurstFinder()
    longest_s = kept_s = 0.0
    for i in range(0, len(samples) // BLOCK * BLOCK, BLOCK):
        block = features.feed(samples[i : i + BLOCK])
        finder.feed(block, noise.feed(block.levels))
        longest_s = max(longest_s, finder.sounding_s)
        kept_s = max(kept_s, sum(len(window) for window in finder._windows) / 8000)
    [burst] = finder.bursts
    assert (burst.onset_s, burst.end_s) == pytest.approx((1.0, 1.0 + seconds), abs=0.01)
    assert longest_s == pytest.approx(seconds, abs=0.15)
    assert (kept_s <= 20.0, finder.sounding_s) == (True, 0.0)
