from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from channels.voice.listening.cadences import countries, tones_of
from channels.voice.listening.features import BLOCK, Features, LineNoise
from channels.voice.listening.tones import ToneDetector
from probe.observation import Observation, Tone, ToneKind
from tests.channels.voice.listening.hearing import listen, tones
from tests.channels.voice.listening.voices import (
    Call,
    Floats,
    Ints,
    a_law,
    at_level,
    cadence,
    lossy,
    mu_law,
    music,
    noise,
    say,
    silence,
    tone,
)

RINGBACK, BUSY, CONGESTION, SIT = ToneKind.RINGBACK, ToneKind.BUSY, ToneKind.CONGESTION, ToneKind.SIT
UNOBTAINABLE = ToneKind.UNOBTAINABLE
DOUBLE = (0.4, 0.2, 0.4, 2.0)

PLEASE = say("Tinggalkan pesan setelah nada ini.")
Row = tuple[str, ToneKind, tuple[float, ...], tuple[float, ...]]
ROWS: list[Row] = [
    ("id", RINGBACK, (1.0, 4.0), (425,)),
    ("id", BUSY, (0.5, 0.5), (425,)),
    ("id", CONGESTION, (0.25, 0.25), (425,)),
    ("my", RINGBACK, DOUBLE, (425,)),
    ("my", BUSY, (0.5, 0.5), (425,)),
    ("my", CONGESTION, (0.25, 0.25), (425,)),
    ("my", UNOBTAINABLE, (2.5, 0.5), (425,)),
    ("sg", RINGBACK, DOUBLE, (425,)),
    ("sg", BUSY, (0.75, 0.75), (425,)),
    ("sg", CONGESTION, (0.25, 0.25), (425,)),
    ("sg", UNOBTAINABLE, (2.5, 0.5), (425,)),
    ("us", RINGBACK, (2.0, 4.0), (440, 480)),
    ("us", BUSY, (0.5, 0.5), (480, 620)),
    ("us", CONGESTION, (0.25, 0.25), (480, 620)),
    ("gb", RINGBACK, DOUBLE, (400, 450)),
    ("gb", BUSY, (0.375, 0.375), (400,)),
    ("gb", CONGESTION, (0.4, 0.35, 0.225, 0.525), (400,)),
]
"""Every tone of every table, said once more."""


def heard(*sounds: Floats, noise_dbm0: float | None = -65.0, country: str = "id") -> list[Observation]:
    call = Call()
    call.add(silence(0.5), *sounds, silence(2.0))
    return listen(call.line(noise_dbm0), country=country)


def detected(samples: Ints, country: str = "id") -> list[Tone]:
    """Tones alone, without the rest of the ear."""
    features, line_noise, detector = Features(), LineNoise(), ToneDetector(tones_of([country]))
    found: list[Tone] = []
    for i in range(0, len(samples) // BLOCK * BLOCK, BLOCK):
        block = features.feed(samples[i : i + BLOCK])
        found += detector.feed(block, line_noise.feed(block.levels), None, None)
    return found


def with_noise(sound: Floats, below_db: float) -> Floats:
    """The same on a line whose noise lies that far below it."""
    level = float(np.max([np.sqrt(np.mean(s**2)) for s in np.array_split(sound, len(sound) // 800)]))
    noise_ = noise(len(sound) / 8000, 0.0)[: len(sound)]
    return np.asarray(sound + noise_ / np.sqrt(np.mean(noise_**2)) * level * 10 ** (-below_db / 20), dtype=np.float32)


LINES: dict[str, Callable[[Floats], Ints]] = {
    "mu-law": mu_law,
    "A-law": a_law,
    "a tenth of the packets lost": lambda s: lossy(mu_law(s), 0.1),
    "noise 15 dB below": lambda s: mu_law(with_noise(s, 15.0)),
    "all of it": lambda s: lossy(a_law(with_noise(s, 15.0)), 0.1),
}


@pytest.mark.parametrize(("country", "kind", "beats", "hz"), ROWS)
@pytest.mark.parametrize("level", [-10.0, -30.0])
@pytest.mark.parametrize("line", LINES)
def test_a_tone_of_every_table_is_told_once_with_its_onset(
    country: str, kind: ToneKind, beats: tuple[float, ...], hz: tuple[float, ...], level: float, line: str
) -> None:
    sound = at_level(cadence(*beats, hz=hz, times=4), -15.0) * 10 ** ((level + 15.0) / 20.0)
    samples = LINES[line](np.concatenate([silence(0.5), sound, silence(2.0)]).astype(np.float32))
    found = detected(samples, country)
    assert [t.kind for t in found] == [kind]
    # where packets are lost, the first beats may be
    spoilt_s = 0.0 if line in ("mu-law", "A-law") else 2 * sum(beats)
    assert 0.47 <= found[0].onset <= 0.53 + spoilt_s


def test_the_rows_above_are_all_that_the_tables_hold() -> None:
    told = {
        (c, t.kind, tuple(ms / 1000 for ms in t.beats_ms), t.hz) for c in countries() for t in tones_of([c]).cadences
    }
    assert {row for row in told if row[1] not in (None, ToneKind.FAX)} == set(ROWS)


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("level", [-10.0, -30.0])
@pytest.mark.parametrize("hz", [(950, 1400, 1800), (910, 1440, 1760), (985, 1371, 1777)])
@pytest.mark.parametrize(("ms", "gap_ms"), [((330, 330, 330), 0), ((380, 276, 380), 0), ((270, 390, 330), 30)])
def test_the_special_information_tone_is_told_within_its_limits(
    line: str, level: float, hz: tuple[float, ...], ms: tuple[int, ...], gap_ms: int
) -> None:
    parts = [s for h, m in zip(hz, ms, strict=True) for s in (tone(m / 1000, h, dbm0=level), silence(gap_ms / 1000))]
    samples = LINES[line](np.concatenate([silence(0.5), *parts, silence(1.5)]))
    assert [t.kind for t in detected(samples)] == [SIT]


@pytest.mark.parametrize("hz", [(1800, 1400, 950), (950, 1400, 1400), (800, 1400, 1800), (950, 1400, 1700)])
def test_other_three_tones_are_no_special_information(hz: tuple[float, ...]) -> None:
    assert tones(heard(*[tone(0.33, h) for h in hz])) == []


@pytest.mark.parametrize("beat_s", [0.15, 0.6])
def test_three_notes_of_another_length_are_no_special_information(beat_s: float) -> None:
    assert tones(heard(*[tone(beat_s, h) for h in (950, 1400, 1800)])) == []


@pytest.mark.parametrize("off_hz", [-12.0, 12.0])
def test_an_exchange_that_is_a_little_off_is_understood(off_hz: float) -> None:
    assert tones(heard(cadence(0.5, 0.5, hz=(425 + off_hz,), times=4))) == [BUSY]


@pytest.mark.parametrize("hz", [400.0, 440.0, 850.0])
def test_the_same_beat_of_another_note_is_no_tone(hz: float) -> None:
    assert tones(heard(cadence(0.5, 0.5, hz=(hz,), times=4))) == []


def test_the_ringback_of_singapore_is_modulated() -> None:
    t = np.arange(3200) / 8000
    on = at_level(((1 + np.sin(2 * np.pi * 24 * t)) * np.sin(2 * np.pi * 425 * t)).astype(np.float32), -15.0)
    bare = at_level((np.sin(2 * np.pi * 24 * t) * np.sin(2 * np.pi * 425 * t)).astype(np.float32), -15.0)
    for beat in (on, bare):
        ring = [s for _ in range(3) for s in (beat, silence(0.2), beat, silence(2.0))]
        assert tones(heard(*ring, country="sg")) == [RINGBACK]


def test_a_country_decides_which_tones_there_are() -> None:
    sound = cadence(0.75, 0.75, times=4)
    assert tones(heard(sound, country="sg")) == [BUSY]
    assert tones(heard(sound, country="id")) == []


def test_a_busy_tone_of_which_beats_were_lost_is_told_once() -> None:
    gone = [cadence(0.5, 0.5, times=3), silence(1.0), cadence(0.5, 0.5, times=3)]
    assert tones(heard(*gone)) == [BUSY]


def test_a_tone_that_comes_again_after_speech_is_told_again() -> None:
    ring = cadence(1.0, 4.0, times=2)
    assert tones(heard(ring, say("Mohon tunggu sebentar."), silence(2.0), ring)) == [RINGBACK, RINGBACK]


@pytest.mark.parametrize("country", ["my", "sg", "us", "gb"])
def test_speech_and_music_hold_no_tone_of_any_country(country: str) -> None:
    text = "Mmm, aaa, ooo, satu dua tiga. Nomor Anda lima lima lima, mohon tunggu sebentar ya. Hmm."
    words = [say(text, voice, speed=speed) for voice in ("id", "id+f3", "en-us+m3", "ms+f2") for speed in (80, 160)]
    rng = np.random.default_rng(4)
    lengths, keys = rng.choice([0.25, 0.33, 0.5, 1.0], 40), rng.integers(-5, 20, 40)
    notes = [tone(float(d), 440 * 2 ** (int(k) / 12)) for d, k in zip(lengths, keys, strict=True)]
    melody = [s for n in notes for s in (n, silence(0.05))]
    assert tones(heard(*words, *[music(12.0, seed=i) for i in range(4, 7)], *melody, country=country)) == []


def test_a_ringback_joined_in_the_middle_of_a_burst_is_told_at_the_next() -> None:
    assert tones(heard(cadence(0.4, 4.0), cadence(1.0, 4.0, times=2))) == [RINGBACK]


def test_a_tone_whose_level_sags_with_the_line_is_still_told() -> None:
    sound = cadence(0.5, 0.5, times=5)
    assert tones(heard(sound * np.linspace(1.0, 0.5, len(sound)).astype(np.float32))) == [BUSY]


def test_a_noisy_line_does_not_hide_a_busy_tone() -> None:
    assert tones(heard(cadence(0.5, 0.5, times=5), noise_dbm0=-42.0)) == [BUSY]


def test_a_beep_is_only_one_after_speech() -> None:
    beep = tone(0.4, 1000)
    assert tones(heard(say("Tinggalkan pesan setelah nada ini."), silence(0.5), beep)) == [ToneKind.BEEP]
    assert tones(heard(silence(1.0), beep)) == []


@pytest.mark.parametrize("hz", [400.0, 700.0, 1000.0, 2100.0])
@pytest.mark.parametrize("seconds", [0.1, 0.4, 2.0])
@pytest.mark.parametrize("gap_s", [None, 0.1, 0.5])
def test_recorders_beep_once_or_twice_high_or_low(hz: float, seconds: float, gap_s: float | None) -> None:
    more = [] if gap_s is None else [silence(gap_s), tone(seconds, hz)]
    assert tones(heard(PLEASE, silence(0.5), tone(seconds, hz), *more)) == [ToneKind.BEEP]


def test_a_beep_too_short_or_followed_by_sound_is_none() -> None:
    assert tones(heard(PLEASE, silence(0.5), tone(0.05, 1000))) == []
    assert tones(heard(PLEASE, silence(0.5), tone(0.4, 1000), music(3.0))) == []


def test_three_notes_are_no_beep() -> None:
    notes = [s for hz in (880, 988, 1175) for s in (tone(0.3, hz), silence(0.2))]
    assert tones(heard(PLEASE, silence(0.5), *notes)) == []


def test_the_tone_that_warns_of_a_recording_is_no_recorders_beep() -> None:
    assert tones(heard(say("Halo, dengan Budi."), silence(0.5), tone(0.5, 1400))) == []


def answering(seconds: float, *, reversals: bool, modulated: bool, hz: float = 2100.0) -> Floats:
    """The tone of a fax (plain), of a fax that wants no echo canceller (reversals), of a modem (ANSam: all of it)."""
    t = np.arange(round(seconds * 8000)) / 8000
    phase = np.pi * (t // 0.45) if reversals else 0.0
    swell = 1.0 + 0.2 * np.sin(2 * np.pi * 15.0 * t) if modulated else 1.0
    return (swell * np.sin(2 * np.pi * hz * t + phase)).astype(np.float32)


@pytest.mark.parametrize("reversals", [False, True])
@pytest.mark.parametrize("modulated", [False, True])
@pytest.mark.parametrize(("level", "hz", "seconds"), [(-12.0, 2085.0, 2.6), (-30.0, 2100.0, 3.3), (-20.0, 2115.0, 4.0)])
@pytest.mark.parametrize("line", LINES)
def test_a_fax_or_modem_that_answers_is_told_once(
    reversals: bool, modulated: bool, level: float, hz: float, seconds: float, line: str
) -> None:
    sound = at_level(answering(seconds, reversals=reversals, modulated=modulated, hz=hz), level)
    found = detected(LINES[line](np.concatenate([silence(0.5), sound, silence(1.0)])))
    assert [t.kind for t in found] == [ToneKind.FAX]
    assert found[0].onset == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(("on_s", "off_s", "hz"), [(0.5, 3.0, 1100), (0.43, 2.56, 1063), (0.57, 3.44, 1137)])
@pytest.mark.parametrize("line", LINES)
def test_a_fax_that_calls_is_told(on_s: float, off_s: float, hz: float, line: str) -> None:
    sound = cadence(on_s, off_s, hz=(hz,), times=3)
    assert [t.kind for t in detected(LINES[line](np.concatenate([silence(0.5), sound])))] == [ToneKind.FAX]


def test_a_whistle_is_no_fax() -> None:
    t = np.arange(24000) / 8000
    whistle = np.sin(2 * np.pi * (2100.0 * t + 4.0 * np.sin(2 * np.pi * 5 * t))).astype(np.float32)
    assert tones(heard(at_level(whistle, -15.0), silence(1.0), tone(3.0, 2000.0))) == []


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
