"""A recorded walk becomes pieces, and named pieces a probe that a configuration accepts."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from channels.voice.listening.audiofile import read_audio
from channels.voice.listening.bank import PromptBank
from channels.voice.listening.cutting import Cut
from probe.script import learn_script
from probe.settings import ProbeSettings
from scheduler.order import Order
from siaga.learning import Piece, Walked, free_name, probe_of, walked, write
from tests.reports import heard

ORDER = Order(channel="sip", to="sip:1500@pbx.example", script=learn_script(["1"], 1.5, 4.0, 60.0), cap_s=200.0)


@pytest.fixture(scope="module")
def to_agent(tmp_path_factory: pytest.TempPathFactory) -> heard.Heard:
    return heard.to_agent(tmp_path_factory.mktemp("heard"))


def walk_of(call: heard.Heard, known: PromptBank | None = None, pause_s: float = 0.7) -> Walked:
    text = (call.folder / "observations.jsonl").read_text("ascii")
    return walked(call.folder / "recording.wav", text, call.at("end"), known, pause_s)


def piece(number: int, from_s: float, until_s: float, *, same_as: int = 0, known: str = "") -> Piece:
    cut = Cut(from_s=from_s, until_s=until_s, known=known)
    return Piece(number=number, cut=cut, samples=np.zeros(8, np.int16), after="", same_as=same_as or number)


def probe(walk: Walked, names: dict[int, str], order: Order = ORDER, probes: tuple[str, ...] = ()) -> dict[str, Any]:
    """What a configuration reads of it; ``names`` by number."""
    text = probe_of(walk, names, order, probes, "{length} s", None)
    [table] = tomllib.loads(text)["probe"]
    ProbeSettings.model_validate(table)
    assert isinstance(table, dict)
    return table


def test_the_pieces_stand_where_the_centre_spoke_and_after_which_key(to_agent: heard.Heard) -> None:
    walk = walk_of(to_agent)
    truth = [
        (to_agent.at("prompt_start", "selamat-datang"), to_agent.at("prompt_end", "menu-utama"), "", False),
        (to_agent.at("prompt_start", "mohon-tunggu"), to_agent.at("prompt_end", "mohon-tunggu"), "1", False),
        (to_agent.at("agent_start"), to_agent.at("agent_end"), "1", True),
    ]
    assert len(walk.pieces) == 3  # and none of what was said while or after we said who we were
    for found, (from_s, until_s, after, after_music) in zip(walk.pieces, truth, strict=True):
        assert found.cut.from_s == pytest.approx(from_s - heard.RECORDED_S, abs=0.2)
        assert found.cut.until_s == pytest.approx(until_s - heard.RECORDED_S, abs=0.2)
        assert len(found.samples) / 8000 == pytest.approx(found.length_s, abs=0.01)
        assert (found.after, found.cut.after_music) == (after, after_music)
        assert found.new
    [(key_s, digits)] = walk.keys
    assert digits == "1"
    assert key_s == pytest.approx(to_agent.at("key", "1") - heard.RECORDED_S, abs=0.05)
    assert walk.answered_s == 0.0


def test_what_is_known_is_not_new_and_keeps_its_name(to_agent: heard.Heard) -> None:
    walk = walk_of(to_agent, PromptBank.load(to_agent.folder / "lab" / "prompts"))
    assert [one.cut.known for one in walk.pieces] == ["selamat-datang", "menu-utama", "mohon-tunggu", ""]
    assert [one["expect"] for one in probe(walk, {})["script"] if "expect" in one] == [
        "answer", "prompt:selamat-datang", "prompt:menu-utama", "prompt:mohon-tunggu",
    ]  # fmt: skip


def test_a_recording_without_observations_is_cut_at_its_pauses(to_agent: heard.Heard) -> None:
    walk = walked(to_agent.folder / "recording.wav", "", 0.0, None, 0.2)
    assert walk.keys == ()
    assert len(walk.pieces) >= 5


def test_a_written_piece_is_a_prompt_and_never_overwrites_one(tmp_path: Path, to_agent: heard.Heard) -> None:
    first = walk_of(to_agent).pieces[0]
    write(tmp_path / "salam.wav", first.samples)
    assert np.array_equal(read_audio(tmp_path / "salam.wav"), first.samples.astype(np.float32))
    with pytest.raises(FileExistsError):
        write(tmp_path / "salam.wav", first.samples)


def test_the_script_expects_and_presses_in_the_order_of_the_walk() -> None:
    walk = Walked(pieces=(piece(1, 0.5, 8.0), piece(2, 12.0, 15.0)), keys=((9.7, "1"),), answered_s=0.0)
    assert probe(walk, {1: "salam", 2: "tunggu"})["script"] == [
        {"expect": "answer", "within": "30s"},
        {"expect": "prompt:salam", "within": "8s"},
        {"press": "1"},
        {"expect": "prompt:tunggu", "within": "8s"},
        {"end": True},
    ]


def test_a_step_may_take_half_as_long_again_as_it_took_and_three_seconds() -> None:
    walk = Walked(pieces=(piece(1, 0.5, 20.0), piece(2, 21.0, 25.0)), keys=(), answered_s=0.0)
    # the second step begins when the first prompt is confirmed, at 1.5 s, and lasts until 22 s: 20.5 s
    assert probe(walk, {1: "a", 2: "b"})["script"][2] == {"expect": "prompt:b", "within": "34s"}


def test_what_was_said_again_is_expected_again_only_after_a_key() -> None:
    again = (piece(1, 1.0, 3.0), piece(2, 8.0, 10.0, same_as=1), piece(3, 14.0, 16.0, same_as=1))
    script = probe(Walked(pieces=again, keys=((12.0, "9"),), answered_s=0.0), {1: "menu"})["script"]
    assert [one.get("expect", one.get("press")) for one in script[:-1]] == ["answer", "prompt:menu", "9", "prompt:menu"]


def test_a_piece_without_a_name_leaves_a_remark() -> None:
    walk = Walked(pieces=(piece(1, 0.5, 3.0), piece(2, 5.0, 8.1)), keys=(), answered_s=0.0)
    text = probe_of(walk, {1: "salam"}, ORDER, (), "{length} dtk", None)
    assert "  # 3.1 dtk\n" in text


@pytest.mark.parametrize(
    ("to", "name"),
    [
        ("sip:1500@pbx.example", "ivr-1500"), ("sip:+62215001234@pbx", "ivr-62215001234"),
        ("sip:[::1]:5060", "ivr-1-5060"), ("sips:Layanan.CS@pbx", "ivr-layanan-cs"),
        (f"sip:{'9' * 200}@x", "ivr-" + "9" * 56),
    ],
)  # fmt: skip
def test_the_probe_has_a_name_that_is_allowed_and_free(to: str, name: str) -> None:
    nothing, order = Walked(pieces=(), keys=(), answered_s=0.0), Order(channel="sip", to=to, script=(), cap_s=1.0)
    assert probe(nothing, {}, order)["name"] == name
    assert probe(nothing, {}, order, (name, f"{name}-2"))["name"] == f"{name}-3"


def test_the_probe_names_its_trunk_and_a_folder_that_is_not_the_usual_one() -> None:
    order = Order(channel="sip", to="+62215001234", script=(), cap_s=1.0, trunk="utama")
    text = probe_of(Walked(pieces=(), keys=(), answered_s=0.0), {}, order, (), "", Path('/srv/"suara"'))
    [table] = tomllib.loads(text)["probe"]
    assert (table["trunk"], table["prompts"]) == ("utama", '/srv/"suara"')


def test_numbered_names_spare_those_that_are_there() -> None:
    assert free_name(1, {"ucapan-1", "ucapan-2"}) == "ucapan-3"
