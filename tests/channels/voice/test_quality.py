"""Figures of the stream: summed over rebuilds, never absurd; MOS as G.107 has it."""

from __future__ import annotations

import pytest

from channels.voice.quality import Figures, StreamFigures, mos


def reading(packets: int, lost: int = 0, rtt_ms: float | None = None) -> StreamFigures:
    return StreamFigures(packets=packets, lost=lost, jitter_ms=1.26, rtt_ms=rtt_ms, delay_ms=40.0)


def test_no_stream_has_no_figures() -> None:
    assert Figures().total() is None


def test_packets_of_rebuilt_streams_are_summed() -> None:
    figures = Figures()
    assert figures.read(reading(100, 1, 20.0))
    assert figures.read(reading(150, 2))
    assert not figures.read(reading(0))
    assert figures.read(reading(50, 1))
    total = figures.total()
    assert total is not None
    assert (total.packets, total.lost, total.jitter_ms, total.rtt_ms) == (200, 3, 1.3, 20.0)


def test_jitter_and_delay_are_those_of_the_whole_call_not_of_the_last_stream() -> None:
    figures = Figures()
    figures.read(StreamFigures(packets=900, lost=0, jitter_ms=10.0, rtt_ms=20.0, delay_ms=300.0))
    figures.read(StreamFigures(packets=100, lost=0, jitter_ms=0.0, rtt_ms=None, delay_ms=40.0))
    total = figures.total()
    assert total is not None
    assert total.jitter_ms == 9.0
    assert total.mos == pytest.approx(mos(20.0 / 2 + 274.0 + 20.0, 0.0), abs=0.005)


def test_an_absurd_loss_is_clamped() -> None:
    figures = Figures()
    figures.read(reading(300, 3_397_234))
    total = figures.total()
    assert total is not None
    assert total.lost == 300


def test_a_stream_without_a_packet_has_no_mos() -> None:
    figures = Figures()
    figures.read(reading(0))
    total = figures.total()
    assert total is not None
    assert total.mos is None


@pytest.mark.parametrize(
    ("delay_ms", "loss_percent", "expected"),
    [(0, 0, 4.41), (100, 0, 4.36), (400, 0, 3.05), (50, 5, 3.87), (50, 100, 1.15)],
)
def test_the_e_model_gives_what_was_worked_out_by_hand(delay_ms: float, loss_percent: float, expected: float) -> None:
    assert mos(delay_ms, loss_percent) == pytest.approx(expected, abs=0.01)
