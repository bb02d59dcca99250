"""What the box plays: prompts that are speech, music that is not."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest

from lab.music import on_hold
from lab.rtp import encode
from lab.voices import OTHERS, PROMPTS, Voices
from tests.lab.caller import ulaw


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> Voices:
    return Voices(tmp_path_factory.mktemp("voices"))


def share_of_speech(samples: npt.NDArray[np.int16]) -> float:
    """Silero VAD: the share of frames of 32 ms that it calls speech."""
    found = importlib.util.find_spec("silero_vad")
    assert found
    assert found.origin
    model = onnxruntime.InferenceSession(str(Path(found.origin).parent / "data" / "silero_vad.onnx"))
    state = np.zeros((2, 1, 128), np.float32)
    sound = np.concatenate([np.zeros(32), samples / 32768]).astype(np.float32)
    votes = []
    for at in range(0, len(sound) - 287, 256):
        frame = sound[at : at + 288][None]
        chance, state = model.run(None, {"input": frame, "state": state, "sr": np.array(8000)})
        votes.append(float(chance[0, 0]) > 0.5)
    return float(np.mean(votes))


def test_the_music_is_no_speech() -> None:
    assert share_of_speech(np.tile(on_hold(), 2)) == 0.0


@pytest.mark.parametrize("name", [*PROMPTS, *OTHERS])
def test_a_clip_is_speech_from_its_first_sample_without_a_long_pause(voices: Voices, name: str) -> None:
    clip = voices.clips[name]
    assert share_of_speech(clip) > 0.85
    loud = np.flatnonzero(np.abs(clip) > 250)
    assert loud[0] < 80
    assert np.diff(loud).max() < 0.35 * 8000


def test_a_second_start_plays_the_very_same_samples(voices: Voices) -> None:
    again = Voices(voices.folder)
    assert all(np.array_equal(again.clips[name], clip) for name, clip in voices.clips.items())


def test_pcmu_is_what_the_recommendation_says() -> None:
    samples = np.array([*range(-32768, 32768, 7), 32767, 0, -1], np.int16)
    assert encode(samples) == bytes(ulaw(float(sample)) for sample in samples)
