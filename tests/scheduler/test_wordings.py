"""A prompt whose wording changed leaves two recordings: the known one, and a cut of what was heard in its place."""

from __future__ import annotations

import wave
from array import array
from dataclasses import replace
from pathlib import Path

import pytest

from probe.observation import RECORDING, Noted
from probe.outcome import Evidence
from probe.script import ExpectStep
from scheduler.order import Order
from scheduler.wordings import HEARD, KNOWN, cut, recordings_of, stood
from storage.evidence import intact
from tests.probe.lines import Timeline
from tests.probe.test_drift import NEW_GREETING, SCRIPT, played
from tests.scheduler.house import Surroundings

RATE = 8000
PLACES: Timeline = [(1.5 + n, Noted(at=0, what=RECORDING, facts={"second": float(n)})) for n in range(12)]
"""The recording begins at instant 1.5 of the walk."""


def recording(path: Path, seconds: int = 30, channels: int = 2, *, silent: bool = False) -> Path:
    """What we hear rises by one in each sample; what we sent is -1 throughout."""
    heard = array("h", ((0 if silent else n % 30_000) for n in range(seconds * RATE)))
    frames = array("h", (v for h in heard for v in (-1, h))) if channels == 2 else heard
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(frames.tobytes())
    return path


def samples(path: Path) -> array[int]:
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (1, RATE, 2)
        return array("h", file.readframes(file.getnframes()))


@pytest.fixture
def order(tmp_path: Path) -> Order:
    folder = tmp_path / "prompts"
    folder.mkdir()
    (folder / "salam.wav").write_bytes(b"the known recording, whatever it is")
    return Order(channel="sip", to="sip:1@127.0.0.1", script=SCRIPT, cap_s=30.0, prompts=folder, probe="ivr")


def test_both_recordings_are_evidence_and_the_cut_holds_the_new_words_and_nothing_of_the_menu(
    order: Order, tmp_path: Path
) -> None:
    kept = (Evidence("recording", recording(tmp_path / "recording.wav"), "00"),)
    known, heard = recordings_of(played([*NEW_GREETING, *PLACES]), order, kept, tmp_path)
    assert (known.kind, known.path.read_bytes()) == (KNOWN, b"the known recording, whatever it is")
    assert (heard.kind, heard.path.name) == (HEARD, "heard-salam.wav")
    assert intact(known)
    assert intact(heard)
    # said from 2.0 to 5.0 of the walk, the menu begins at 5.4
    found = samples(heard.path)
    assert found[0] == pytest.approx((2.0 - 1.5 - 0.15) * RATE, abs=1)
    assert len(found) == pytest.approx((0.15 + 3.0 + 0.25) * RATE, abs=2)
    assert list(found) == list(range(found[0], found[0] + len(found)))


def test_a_run_that_kept_no_sound_has_the_known_recording_alone(order: Order, tmp_path: Path) -> None:
    silent = (Evidence("recording", recording(tmp_path / "recording.wav", silent=True), "00"),)
    walked = played([*NEW_GREETING, *PLACES])
    assert [e.kind for e in recordings_of(walked, order, (), tmp_path)] == [KNOWN]
    assert [e.kind for e in recordings_of(walked, order, silent, tmp_path)] == [KNOWN]


def test_what_cannot_be_read_or_written_costs_no_judgement(order: Order, tmp_path: Path) -> None:
    walked = played([*NEW_GREETING, *PLACES])
    (tmp_path / "recording.wav").write_bytes(b"RIFF")
    spoiled = (Evidence("recording", tmp_path / "recording.wav", "00"),)
    assert [e.kind for e in recordings_of(walked, order, spoiled, tmp_path)] == [KNOWN]
    assert recordings_of(walked, order, spoiled, tmp_path / "gone") == ()


def test_a_run_as_ever_leaves_none(order: Order, tmp_path: Path) -> None:
    assert recordings_of(played([]), order, (), tmp_path) == ()


def test_a_cut_of_one_channel_and_beyond_the_end_is_what_there_is(tmp_path: Path) -> None:
    path = recording(tmp_path / "mono.wav", seconds=2, channels=1)
    (tmp_path / "cut.wav").write_bytes(cut(path, 1.5, 9.0))
    assert list(samples(tmp_path / "cut.wav")) == list(range(12_000, 16_000))
    assert cut(path, 5.0, 9.0) == b""


@pytest.mark.parametrize(("before", "begins"), [((9000,) * 400, 4000), ((9000,) * 2400, 0), ((), 3600)])
def test_what_rings_on_from_before_is_left_out_and_a_pause_within_the_words_is_not(
    tmp_path: Path, before: tuple[int, ...], begins: int
) -> None:
    sound = array("h", (*before, *(0,) * 3600, *(5000, -9000) * 4000))
    with wave.open(str(tmp_path / "call.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound.tobytes())
    (tmp_path / "cut.wav").write_bytes(cut(tmp_path / "call.wav", 0.0, 9.0))
    assert samples(tmp_path / "cut.wav") == sound[begins:]


def test_only_a_probe_that_expects_prompts_asks_for_earlier_runs(order: Order, tmp_path: Path) -> None:
    asked: list[str] = []

    def met(probe: str) -> frozenset[str]:
        asked.append(probe)
        return frozenset({"expect prompt:salam"})

    house = replace(Surroundings(tmp_path).house(), stood=met)
    assert stood(order, house) == {"expect prompt:salam"}
    assert stood(replace(order, probe=None), house) == frozenset()
    assert stood(replace(order, script=(ExpectStep(expect=("answer",)),)), house) == frozenset()
    assert asked == ["ivr"]


def test_a_record_that_does_not_answer_means_the_stricter_judgement(order: Order, tmp_path: Path) -> None:
    def fails(_: str) -> frozenset[str]:
        raise OSError("locked")

    assert stood(order, replace(Surroundings(tmp_path).house(), stood=fails)) == frozenset()
