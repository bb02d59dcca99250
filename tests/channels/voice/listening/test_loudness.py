"""Level and clipping of what was heard."""

from __future__ import annotations

import numpy as np
import pytest

from channels.voice.listening.ear import Ear
from probe.outcome import SoundFigures
from tests.channels.voice.listening.voices import Floats, mu_law, say, silence, tone


def measured(*sounds: Floats) -> SoundFigures:
    ear = Ear()
    ear.feed(mu_law(np.concatenate(sounds)))
    return ear.figures()


@pytest.mark.parametrize("dbm0", [-35.0, -20.0, -6.0])
def test_the_level_of_a_tone_is_its_own_whatever_the_pauses(dbm0: float) -> None:
    beep = tone(1.0, 1000, dbm0=dbm0)
    assert measured(beep, silence(2.0), beep, silence(1.0)).level_dbm0 == pytest.approx(dbm0, abs=0.5)


def test_speech_that_was_turned_up_too_far_is_clipped() -> None:
    words = say("Selamat datang di layanan pelanggan kami.")
    assert (measured(words).clipped or 0.0) < 0.001
    assert (measured(words * 12).clipped or 0.0) > 0.02


def test_a_line_with_hardly_any_sound_has_no_level() -> None:
    assert measured(silence(3.0), tone(0.4, 1000), silence(1.0)) == SoundFigures()
