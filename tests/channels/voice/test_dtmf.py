"""Keys: which mode is used, and tones that a receiver understands."""

from __future__ import annotations

import numpy as np
import pytest

from channels.voice import dtmf
from probe.session import DtmfMode

ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)


@pytest.mark.parametrize(
    ("wanted", "event", "allowed", "mode"),
    [
        ("auto", True, {"INFO"}, "rfc4733"),
        ("auto", False, {"INFO", "BYE"}, "info"),
        ("auto", False, {"BYE"}, "inband"),
        ("rfc4733", True, set(), "rfc4733"),
        ("rfc4733", False, set(), "inband"),
        ("info", True, set(), "info"),
        ("inband", True, {"INFO"}, "inband"),
    ],
)
def test_the_mode_follows_the_wish_and_the_answer(wanted: DtmfMode, event: bool, allowed: set[str], mode: str) -> None:
    assert dtmf.choose(wanted, event, allowed) == mode


def test_every_digit_has_its_two_tones_its_length_and_its_gap() -> None:
    keys = "123A456B789C*0#D"
    samples = np.frombuffer(dtmf.tones(keys), dtype="<i2").astype(float)
    assert len(samples) == len(keys) * 1600
    for place in range(len(keys)):
        tone = samples[place * 1600 : place * 1600 + 960]
        power = np.abs(np.fft.rfft(tone * np.hanning(960))) ** 2
        level = {hz: power[round(hz * 960 / 8000) - 1 : round(hz * 960 / 8000) + 2].sum() for hz in (*ROWS, *COLUMNS)}
        assert sorted(sorted(level, key=lambda hz: -level[hz])[:2]) == [ROWS[place // 4], COLUMNS[place % 4]]
        assert not samples[place * 1600 + 960 : (place + 1) * 1600].any()
    assert np.abs(samples).max() < 16000


@pytest.mark.parametrize("digit", ["x", "12", " ", ""])
def test_what_is_no_digit_is_refused(digit: str) -> None:
    with pytest.raises(ValueError, match="no DTMF digit"):
        dtmf._digit(digit)
