"""Tables of supervisory tones: what may stand in one, and what is refused with which sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from channels.voice.listening.cadences import CadenceError, countries, read_own, tones_of
from probe.observation import ToneKind

HEAD = 'name = "PABX"\nsources = ["measured"]\n'
ROW = '[[tone]]\nkind = "busy"\nhz = [450]\nbeats_ms = [300, 300]\n'


def test_there_are_tables_for_indonesia_and_its_neighbours() -> None:
    assert {"id", "my", "sg"} <= set(countries())
    assert "international" not in countries()


@pytest.mark.parametrize("country", countries())
def test_every_country_has_the_tones_a_call_may_end_with(country: str) -> None:
    kinds = {cadence.kind for cadence in tones_of([country]).cadences}
    assert {ToneKind.RINGBACK, ToneKind.BUSY, ToneKind.CONGESTION} <= kinds


def test_tables_of_several_countries_are_put_together_without_doubles() -> None:
    both = tones_of(["id", "my"]).cadences
    assert len(both) == len(set(both))
    assert set(both) == set(tones_of(["id"]).cadences) | set(tones_of(["my"]).cadences)


def test_a_table_of_ones_own_joins_that_of_the_country(tmp_path: Path) -> None:
    own = tmp_path / "pabx.toml"
    own.write_text(HEAD + ROW, "utf-8")
    assert [(c.kind, c.hz, c.beats_ms) for c in read_own(own)] == [(ToneKind.BUSY, (450.0,), (300, 300))]
    assert set(tones_of(["id", str(own)]).cadences) > set(tones_of(["id"]).cadences)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (HEAD, "tone: missing; it is required"),
        (ROW, "name: missing; it is required"),
        (HEAD + ROW.replace("busy", "bussy"), "tone.0.kind: did you mean `busy`? allowed:"),
        (HEAD + ROW.replace("450", "45"), "tone.0.hz.0: allowed: 200 to 3400 Hz, which a telephone line carries"),
        (HEAD + ROW.replace("450", "450, 460"), "two frequencies of one tone lie at least 35 Hz apart"),
        (HEAD + ROW.replace("300, 300", "300, 20"), "tone.0.beats_ms.1: allowed: 80 to 20000 ms"),
        (HEAD + ROW.replace("300, 300", "300, 300, 300"), "tone and pause take turns, so their number is even"),
        (HEAD + ROW + "tolerance_hz = 200", "tone.0.tolerance_hz"),
        (HEAD + ROW + "modulated_hz = 12", "tone.0.modulated_hz"),
        (HEAD + ROW.replace("450", "400, 450") + "modulated_hz = 24", "a tone that is modulated has one frequency"),
        (HEAD + ROW + "[sit]\nms = 330", "unknown key `sit`"),
        (HEAD + ROW + "[answering]\nhz = 2100", "unknown key `answering`"),
        (HEAD + ROW + "hertz = 3", "unknown key `hertz`"),
        ("name = ", "the table of tones is not TOML"),
    ],
)
def test_what_no_exchange_sends_is_refused_with_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    own = tmp_path / "pabx.toml"
    own.write_text(text, "utf-8")
    with pytest.raises(CadenceError) as refused:
        read_own(own)
    assert sentence in str(refused.value)


def test_an_unknown_country_is_refused_with_those_there_are() -> None:
    with pytest.raises(CadenceError, match="no table of tones for the country 'idn'; did you mean `id`"):
        tones_of(["idn"])


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CadenceError, match="cannot be read: No such file"):
        tones_of([str(tmp_path / "none.toml")])
