"""The hearing of a call: instants on our clock, gaps filled, a failure told and kept to itself."""

from __future__ import annotations

import threading
import wave
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from channels.voice.hearing import HearingThread, Hears, Listener
from channels.voice.media import FRAME_SAMPLES, SILENCE, Heard
from probe.observation import (
    RECORDING,
    Agent,
    AgentPhase,
    HeardBefore,
    Noted,
    Observation,
    Sign,
    Sound,
    SoundKind,
    Trouble,
    Unheard,
)
from probe.outcome import SoundFigures
from probe.reasons import Reason

LOUD = np.full(FRAME_SAMPLES, 5000, dtype="<i2").tobytes()


class FakeEar:
    """Reports what it is told to, in stream seconds."""

    def __init__(self, *found: Observation) -> None:
        self.found = list(found)
        self.samples: list[NDArray[np.int16]] = []
        self.sent: list[tuple[str, float, float]] = []
        self.sent_with: NDArray[np.int16] | None = None
        self.armed = False

    def feed(self, samples: NDArray[np.int16], sent: NDArray[np.int16] | None = None) -> Sequence[Observation]:
        self.samples.append(samples)
        self.sent_with = sent
        now = sum(map(len, self.samples)) / 8000
        ready = [o for o in self.found if o.at <= now]
        self.found = [o for o in self.found if o.at > now]
        return ready

    def figures(self) -> SoundFigures:
        return SoundFigures(level_dbm0=-20.0)

    def flush(self) -> Sequence[Observation]:
        return [Sound(at=99.0, kind=SoundKind.SPEECH, onset=98.0)]

    def listen_for_agent(self) -> None:
        self.armed = True

    def we_sent(self, kind: Literal["keys", "play"], start_s: float, end_s: float) -> None:
        self.sent.append((kind, start_s, end_s))

    def signalled(self, method: str, detail: str = "") -> None: ...


class Deaf(FakeEar):
    def feed(self, samples: NDArray[np.int16], sent: NDArray[np.int16] | None = None) -> Sequence[Observation]:
        raise RuntimeError(f"no model for {len(samples)} samples, {sent is not None}")


class Bench:
    """A listener under test, worked by hand."""

    def __init__(self, ear: Hears, recording: Path | None = None, *, hide_agent: bool = False) -> None:
        self.frames: SimpleQueue[Heard] = SimpleQueue()
        self.seen: list[Observation] = []
        self.finished = threading.Event()
        make: Callable[[], Hears] = lambda: ear  # noqa: E731
        self.rewired_at = 0.0
        self.listener = Listener(
            self.frames,
            make,
            recording,
            hide_agent=hide_agent,
            rewired_at=lambda: self.rewired_at,
            report=self.seen.append,
            finished=self.finished.set,
        )

    def hear(self, count: int, start: float = 1000.0, late_s: float = 0.0, received: bytes = LOUD) -> float:
        """So many frames from an instant on; the instant after them."""
        for number in range(count):
            self.frames.put(Heard(start + 0.02 * (number + 1) + late_s, received, SILENCE))
        self.listener.work_or_fail()
        return start + 0.02 * count


def test_stream_time_becomes_monotonic_time_although_frames_are_late() -> None:
    ear = FakeEar(Sound(at=0.8, kind=SoundKind.SPEECH, onset=0.3))
    bench = Bench(ear)
    bench.hear(10, late_s=0.03)
    bench.hear(40, start=1000.2)
    [sound] = bench.seen
    assert isinstance(sound, Sound)
    assert sound.onset == pytest.approx(1000.3, abs=0.001)
    assert sound.at == pytest.approx(1000.8, abs=0.001)


def test_both_times_of_a_repeated_recording_become_monotonic() -> None:
    bench = Bench(FakeEar(HeardBefore(at=0.9, onset=0.7, first_onset=0.1)))
    bench.hear(50)
    [again] = bench.seen
    assert isinstance(again, HeardBefore)
    assert again.onset == pytest.approx(1000.7, abs=0.001)
    assert again.first_onset == pytest.approx(1000.1, abs=0.001)


def test_every_phase_of_a_turn_carries_the_same_onset_also_after_the_clock_slipped() -> None:
    signs = (Sign("novel_speech", 0.5, 1.0),)
    ear = FakeEar(
        Agent(at=0.7, phase=AgentPhase.SUSPECTED, onset=0.5, confidence=0.4, signs=signs),
        Agent(at=3.0, phase=AgentPhase.CONFIRMED, onset=0.5, confidence=0.9, signs=signs),
    )
    bench = Bench(ear)
    at = bench.hear(40)
    bench.hear(160, start=at + 0.1)
    suspected, confirmed = bench.seen
    assert isinstance(suspected, Agent)
    assert isinstance(confirmed, Agent)
    assert suspected.onset == confirmed.onset == pytest.approx(1000.5, abs=0.001)
    assert suspected.signs == confirmed.signs
    assert confirmed.at == pytest.approx(1003.1, abs=0.001)


def test_frames_that_never_came_are_told_as_unheard() -> None:
    bench = Bench(FakeEar())
    bench.hear(50, start=bench.hear(50) + 1.0)
    [missed] = bench.seen
    assert isinstance(missed, Unheard)
    assert missed.lost_s == pytest.approx(1.0, abs=0.001)


def test_a_pause_while_the_stream_is_rebuilt_is_nobodys_fault() -> None:
    bench = Bench(FakeEar())
    after = bench.hear(50)
    bench.rewired_at = after + 0.5
    bench.hear(50, start=after + 1.0)
    assert bench.seen == []


@pytest.mark.parametrize("late_s", [0.05, 0.1, 0.17])
def test_frames_that_are_only_late_were_heard(late_s: float) -> None:
    bench = Bench(FakeEar())
    bench.hear(50, start=bench.hear(50) + late_s)
    assert bench.seen == []


def test_a_gap_in_the_stream_is_filled_with_silence() -> None:
    ear = FakeEar()
    bench = Bench(ear)
    at = bench.hear(20)
    bench.hear(20, start=at + 1.0)
    total = np.concatenate(ear.samples)
    assert len(total) == pytest.approx(1.8 * 8000, abs=4 * FRAME_SAMPLES)
    assert not total[3300:11000].any()


def test_late_frames_are_counted() -> None:
    bench = Bench(FakeEar())
    at = bench.hear(10)
    bench.hear(10, start=at + 0.07)
    count, late, worst_s = bench.listener.take_gaps()
    assert (count, late) == (20, 1)
    assert worst_s == pytest.approx(0.09, abs=0.001)
    assert bench.listener.take_gaps() == (0, 0, 0.0)


def test_the_end_is_told_after_everything_that_was_heard() -> None:
    ear = FakeEar()
    bench = Bench(ear)
    bench.hear(3)
    bench.listener.finish()
    assert not bench.finished.is_set()
    assert not bench.listener.work_or_fail()
    assert bench.finished.is_set()
    assert sum(map(len, ear.samples)) == 3 * FRAME_SAMPLES
    assert isinstance(bench.seen[-1], Sound)


def test_the_ear_is_told_what_we_sent_and_asked_what_it_measured() -> None:
    ear = FakeEar()
    bench = Bench(ear)
    for number in range(4):
        bench.frames.put(Heard(1000.0 + 0.02 * (number + 1), SILENCE, LOUD))
    bench.listener.work_or_fail()
    assert ear.sent_with is not None
    assert ear.sent_with.all()
    assert not ear.samples[0].any()
    assert bench.listener.figures is None
    bench.listener.finish()
    bench.listener.work_or_fail()
    assert bench.listener.figures == SoundFigures(level_dbm0=-20.0)


def test_an_ear_that_fails_is_our_trouble_and_its_recording_is_closed(tmp_path: Path) -> None:
    bench = Bench(Deaf(), tmp_path / "r.wav")
    bench.hear(4)
    [trouble] = bench.seen
    assert isinstance(trouble, Trouble)
    assert trouble.reason is Reason.INTERNAL_ERROR
    assert "no model" in trouble.detail
    assert bench.finished.is_set()


def test_a_suspected_person_is_not_recorded_until_it_was_none(tmp_path: Path) -> None:
    ear = FakeEar(
        Agent(at=1.0, phase=AgentPhase.SUSPECTED, onset=0.4, confidence=0.4),
        Agent(at=2.0, phase=AgentPhase.RETRACTED, onset=0.4, confidence=0.1),
    )
    bench = Bench(ear, tmp_path / "r.wav", hide_agent=True)
    bench.hear(150)
    bench.listener.finish()
    bench.listener.work_or_fail()
    with wave.open(str(tmp_path / "r.wav")) as sound:
        right = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")[1::2]
    assert len(right) == 24000
    assert right[:3200].all()
    assert not right[3200:15000].any()
    assert right[17000:].all()


def test_one_thread_hears_several_calls_and_one_failure_stays_alone() -> None:
    thread = HearingThread()
    ear = FakeEar()
    good, bad = Bench(ear), Bench(Deaf())
    for bench in (good, bad):
        for number in range(8):
            bench.frames.put(Heard(1000.0 + 0.02 * number, LOUD, SILENCE))
        thread.add(bench.listener)
    good.listener.tell(lambda each: each.listen_for_agent())
    assert bad.finished.wait(5)
    good.listener.finish()
    assert good.finished.wait(5)
    assert ear.armed
    assert sum(map(len, ear.samples)) == 8 * FRAME_SAMPLES


def places(bench: Bench) -> list[tuple[float, object]]:
    return [(round(o.at, 3), o.facts["second"]) for o in bench.seen if isinstance(o, Noted) and o.what == RECORDING]


def test_where_the_recording_lies_on_the_clock_is_told_once_and_again_when_it_has_moved(tmp_path: Path) -> None:
    bench = Bench(FakeEar(), tmp_path / "r.wav")
    at = bench.hear(48)
    assert places(bench) == []
    at = bench.hear(200, at)
    assert places(bench) == [(1000.0, 0)]
    bench.hear(120, at + 0.1)
    bench.listener.finish()
    bench.listener.work_or_fail()
    assert places(bench)[1:] == [(1005.1, 5)]


def test_a_call_that_is_not_recorded_has_no_place_of_its_recording() -> None:
    bench = Bench(FakeEar())
    bench.hear(200)
    assert places(bench) == []
