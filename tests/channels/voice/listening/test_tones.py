from __future__ import annotations

import numpy as np
import pytest

from probe.observation import Observation, Tone, ToneKind
from tests.channels.voice.listening.hearing import listen, tones
from tests.channels.voice.listening.voices import Call, Floats, at_level, cadence, music, noise, say, silence, tone

RINGBACK, BUSY, CONGESTION = ToneKind.RINGBACK, ToneKind.BUSY, ToneKind.CONGESTION


def heard(*sounds: Floats, noise_dbm0: float | None = -65.0) -> list[Observation]:
    call = Call()
    call.add(silence(0.5), *sounds, silence(2.0))
    return listen(call.line(noise_dbm0))


@pytest.mark.parametrize(
    ("kind", "beats", "hz"),
    [
        (RINGBACK, (1.0, 4.0), (425,)),
        (BUSY, (0.5, 0.5), (425,)),
        (CONGESTION, (0.25, 0.25), (425,)),
        (RINGBACK, (0.4, 0.2, 0.4, 2.0), (425,)),
        (BUSY, (0.75, 0.75), (425,)),
        (RINGBACK, (2.0, 4.0), (440, 480)),
        (BUSY, (0.5, 0.5), (480, 620)),
        (CONGESTION, (0.25, 0.25), (480, 620)),
        (RINGBACK, (0.4, 0.2, 0.4, 2.0), (400, 450)),
        (BUSY, (0.375, 0.375), (400,)),
        (CONGESTION, (0.4, 0.35, 0.225, 0.525), (400,)),
    ],
)
@pytest.mark.parametrize("level", [-10.0, -30.0])
def test_a_tone_of_every_table_is_told_once_with_its_onset(
    kind: ToneKind, beats: tuple[float, ...], hz: tuple[float, ...], level: float
) -> None:
    found = [o for o in heard(at_level(cadence(*beats, hz=hz, times=4), level)) if isinstance(o, Tone)]
    assert [t.kind for t in found] == [kind]
    assert found[0].onset == pytest.approx(0.5, abs=0.03)


def test_a_ringback_joined_in_the_middle_of_a_burst_is_told_at_the_next() -> None:
    assert tones(heard(cadence(0.4, 4.0), cadence(1.0, 4.0, times=2))) == [RINGBACK]


def test_a_tone_whose_level_sags_with_the_line_is_still_told() -> None:
    sound = cadence(0.5, 0.5, times=5)
    assert tones(heard(sound * np.linspace(1.0, 0.5, len(sound)).astype(np.float32))) == [BUSY]


def test_a_noisy_line_does_not_hide_a_busy_tone() -> None:
    assert tones(heard(cadence(0.5, 0.5, times=5), noise_dbm0=-42.0)) == [BUSY]


def test_the_special_information_tone_is_told() -> None:
    sit = [tone(0.33, hz) for hz in (950, 1400, 1800)]
    assert tones(heard(*sit, silence(1.0), say("Nomor yang Anda tuju salah."))) == [ToneKind.SIT]


def test_a_beep_is_only_one_after_speech() -> None:
    beep = tone(0.4, 1000)
    assert tones(heard(say("Tinggalkan pesan setelah nada ini."), silence(0.5), beep)) == [ToneKind.BEEP]
    assert tones(heard(silence(1.0), beep)) == []


def test_a_beep_too_short_or_followed_by_sound_is_none() -> None:
    words = say("Tinggalkan pesan setelah nada ini.")
    assert tones(heard(words, silence(0.5), tone(0.1, 1000))) == []
    assert tones(heard(words, silence(0.5), tone(0.4, 1000), music(3.0))) == []


def test_dtmf_digits_are_no_tones() -> None:
    rows, columns = (697, 770, 852, 941), (1209, 1336, 1477)
    digits = [s for r in rows for c in columns for s in (tone(0.5, r, c), silence(0.5))]
    assert tones(heard(say("Tekan satu."), silence(0.3), *digits)) == []


@pytest.mark.parametrize("voice", ["id", "id+f3", "en-us+m3", "ms+f2"])
def test_speech_is_no_tone(voice: str) -> None:
    text = "Mmm, aaa, ooo, satu dua tiga. Nomor Anda lima lima lima, mohon tunggu sebentar ya. Hmm."
    assert tones(heard(say(text, voice, speed=110), silence(2.0), say("Ooooo. Uuuuu. Mmmmm.", voice, speed=80))) == []


@pytest.mark.parametrize("seed", range(4))
def test_music_is_no_tone(seed: int) -> None:
    assert tones(heard(say("Mohon tunggu."), music(15.0, seed=seed))) == []


def test_a_melody_of_pure_notes_with_rests_is_no_tone() -> None:
    rng = np.random.default_rng(4)
    notes = [
        tone(float(d), 440 * 2 ** (int(k) / 12))
        for d, k in zip(rng.choice([0.25, 0.5, 1.0], 25), rng.integers(-5, 8, 25), strict=True)
    ]
    assert tones(heard(*[s for n in notes for s in (n, silence(0.05))])) == []


def test_noise_and_silence_are_no_tones() -> None:
    assert tones(heard(noise(5.0, -25.0), silence(5.0), noise(0.5, -20.0), silence(0.5), noise(0.5, -20.0))) == []
