from __future__ import annotations

import numpy as np
import pytest

from channels.voice.listening.bank import PromptBank
from probe.observation import Observation, Sound, SoundKind
from tests.channels.voice.listening.hearing import listen, stretches
from tests.channels.voice.listening.voices import (
    Call,
    Floats,
    cadence,
    lossy,
    mu_law,
    music,
    noise,
    say,
    silence,
    tone,
)

TEXTS = ("Selamat pagi, dengan Budi.", "Halo?", "Ada yang bisa saya bantu?", "Terima kasih.", "Permisi.", "Siapa ini?")
VOICES = ("id", "id+f2", "id+m3", "ms+f4", "en-us")
SILENCE, SPEECH, MUSIC = SoundKind


def heard(*sounds: Floats, noise_dbm0: float | None = -62.0) -> list[Observation]:
    call = Call()
    call.add(*sounds)
    return listen(call.line(noise_dbm0))


def begun(found: list[Observation], kind: SoundKind) -> list[Sound]:
    return [o for o in found if isinstance(o, Sound) and o.kind is kind and not o.ended]


@pytest.mark.parametrize("noise_dbm0", [None, -62.0, -50.0])
def test_silence_is_told_after_400_ms_with_its_onset(noise_dbm0: float | None) -> None:
    words = say("Selamat pagi.")
    found = begun(heard(silence(1.0), words, silence(1.5), noise_dbm0=noise_dbm0), SILENCE)
    first, second = found
    assert (first.onset, first.at) == pytest.approx((0.0, 0.4), abs=0.09)
    end = 1.0 + len(words) / 8000
    assert second.onset == pytest.approx(end, abs=0.08)
    assert second.at - second.onset == pytest.approx(0.44, abs=0.05)


def test_a_click_does_not_end_a_silence() -> None:
    assert stretches(heard(silence(1.0), noise(0.02, -10.0), silence(1.0)), SILENCE) == [(0.0, float("inf"))]


@pytest.mark.parametrize("noise_dbm0", [-65.0, -50.0])
def test_speech_onsets_after_silence_lie_within_25_ms(noise_dbm0: float) -> None:
    errors = []
    for voice in VOICES:
        for text in TEXTS:
            found = heard(silence(1.013), say(text, voice), silence(0.8), noise_dbm0=noise_dbm0)
            errors.append(stretches(found, SPEECH)[0][0] - 1.013)
    assert np.percentile(np.abs(errors), 90) <= 0.025
    assert np.max(np.abs(errors)) <= 0.08


def test_speech_onsets_right_after_music_lie_within_100_ms() -> None:
    errors = []
    for seed, voice in enumerate(VOICES):
        for text in TEXTS:
            found = heard(music(2.5, seed=seed), say(text, voice), silence(0.8))
            errors.append(stretches(found, SPEECH)[0][0] - 2.5)
    assert np.percentile(np.abs(errors), 90) <= 0.1


@pytest.mark.parametrize("seed", range(5))
def test_music_is_told_after_a_second_and_ends_with_silence_or_speech(seed: int) -> None:
    found = heard(
        silence(0.5), music(4.0, seed=seed), silence(1.0), music(4.0, -32.0, seed), say("Halo?"), silence(0.5)
    )
    first, second = stretches(found, MUSIC)
    assert begun(found, MUSIC)[0].at - first[0] <= 1.2
    assert first == pytest.approx((0.5, 4.5), abs=0.3)
    assert second == pytest.approx((5.5, 9.5), abs=0.15)


@pytest.mark.parametrize("pause_s", [0.12, 0.2, 0.3, 0.38])
@pytest.mark.parametrize("noise_dbm0", [None, -55.0])
def test_music_between_short_pauses_begins_and_ends_with_itself(pause_s: float, noise_dbm0: float | None) -> None:
    call = Call()
    call.add(silence(0.6), say("Mohon tunggu sebentar."), silence(pause_s))
    begins = call.add(music(4.0))
    ends = call.add(silence(pause_s))
    call.add(say("Halo, selamat siang."), silence(1.0))
    assert stretches(listen(call.line(noise_dbm0)), MUSIC) == [pytest.approx((begins, ends), abs=0.1)]


@pytest.mark.parametrize("seed", range(4))
def test_music_that_follows_a_known_prompt_at_once_begins_where_the_prompt_ends(seed: int) -> None:
    words = say("Anda masih dalam antrean, terima kasih.", "id+f2")
    call = Call()
    call.add(silence(0.6), words)
    begins = call.add(music(4.0, seed=seed))
    [(from_s, _)] = stretches(listen(call.line(-60.0), PromptBank.of({"antrean": words})), MUSIC)
    assert from_s == pytest.approx(begins, abs=0.05)


def test_a_melody_of_pure_tones_is_music() -> None:
    notes = [tone(0.3, 440.0 * 2 ** (k / 12)) for k in (0, 4, 7, 12, 7, 4, 0, 5, 9, 12, 9, 5, 0, 4)]
    assert len(stretches(heard(silence(0.5), *notes, silence(1.0)), MUSIC)) == 1


@pytest.mark.parametrize(
    "sound",
    [
        cadence(1.0, 4.0, times=2),
        cadence(0.5, 0.5, times=8),
        cadence(0.25, 0.25, times=16),
        cadence(0.4, 0.2, 0.4, 2.0, times=3),
        cadence(2.0, 4.0, hz=(440, 480), times=2),
        tone(8.0, 425.0),
        noise(8.0, -30.0),
        say("Tekan satu untuk berbicara dengan petugas. Tekan dua untuk informasi."),
    ],
    ids=["ringback", "busy", "congestion", "double ring", "us ring", "dial tone", "noise", "speech"],
)
def test_tones_noise_and_speech_are_no_music(sound: Floats) -> None:
    assert stretches(heard(silence(0.6), sound, silence(1.0)), MUSIC) == []


@pytest.mark.parametrize("sound", [music(10.0), noise(8.0, -25.0), cadence(1.0, 4.0, times=2), tone(5.0, 425.0)])
def test_music_noise_and_tones_are_no_speech(sound: Floats) -> None:
    assert stretches(heard(silence(0.6), sound, silence(1.0)), SPEECH) == []


def test_music_that_stops_for_a_ringback_ends_where_the_ringback_begins() -> None:
    found = heard(music(4.0), cadence(1.0, 4.0, times=2))
    assert stretches(found, MUSIC)[0][1] == pytest.approx(4.0, abs=0.1)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("lost", [0.0, 0.1])
@pytest.mark.parametrize(
    "sound",
    [cadence(0.25, 0.25, times=8), cadence(1.0, 4.0, times=2), tone(4.0, 2100.0)],
    ids=["congestion", "ringback", "fax"],
)
def test_music_ends_where_the_tone_begins_that_is_told_long_after(sound: Floats, lost: float, seed: int) -> None:
    found = listen(lossy(mu_law(np.concatenate([silence(0.5), music(4.0, seed=seed), sound, silence(2.0)])), lost))
    [heard_music] = stretches(found, MUSIC)
    assert heard_music == pytest.approx((0.5, 4.5), abs=0.06)


def test_each_stretch_that_ends_had_begun_and_ends_once() -> None:
    call = Call()
    for seed in range(3):
        call.add(
            silence(0.6), say(TEXTS[seed]), music(2.5, seed=seed), silence(0.2), say(TEXTS[seed + 1]), silence(0.7)
        )
    going: set[tuple[SoundKind, float]] = set()
    for seen in listen(call.line()):
        if isinstance(seen, Sound):
            key = (seen.kind, seen.onset)
            if seen.ended:
                going.remove(key)
            else:
                going.add(key)
    assert len(going) <= 1
