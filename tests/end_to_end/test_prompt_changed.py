"""The centre says its menu in other words: the test is degraded, not failed, until a person accepts the new wording."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from channels.voice.listening.audiofile import read_audio
from channels.voice.listening.bank import PromptBank, sounding_part
from lab.voices import Voices
from probe.observation import Prompt, PromptPhase
from tests.channels.voice.listening.hearing import listen
from tests.channels.voice.listening.voices import mu_law, silence
from tests.end_to_end.program import Installation
from tests.end_to_end.serving import Lab, notes, probe, write

STEPS = (
    '{ expect = "answer", within = "10s" }',
    '{ expect = "prompt:selamat-datang", within = "8s" }',
    '{ expect = "prompt:menu-utama", within = "8s" }',
    '{ press = "1" }',
    '{ expect = "prompt:mohon-tunggu", within = "8s" }',
    "{ end = true }",
)
USUAL, CHANGED = "1500", "1500+unknown_prompt"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    box = Lab(tmp_path / "kotak")
    yield box
    box.close()


def dialling(lab: Lab, folder: Path, number: str) -> Installation:
    """One probe whose centre has recordings of its own, so that a test may change them."""
    prompts = folder / "prompts"
    if not prompts.exists():
        folder.mkdir()
        shutil.copytree(lab.folder / "prompts", prompts)
    return write(folder, lab, probe(lab, "ivr", number, STEPS, prompts='"prompts"'))


def told(record: dict[str, Any]) -> tuple[str, str | None, str | None]:
    return record["verdict"], record["stage"], record["reason"]


def is_said_in(clip: str, lab: Lab, cut: Path) -> bool:
    """Whether the cut holds a clip of the box from its beginning to its end, and nothing else."""
    truth, heard = Voices(lab.folder).clips[clip].astype(np.float32), read_audio(cut)
    start, end = sounding_part(heard)
    found = listen(mu_law(np.concatenate([silence(0.5), heard, silence(1.0)])), PromptBank.of({clip: truth}))
    known = [o.name for o in found if isinstance(o, Prompt) and o.phase is PromptPhase.CONFIRMED]
    return known == [clip] and abs(end - start - len(truth)) < 0.2 * 8000


def test_it_is_said_until_accepted(lab: Lab, tmp_path: Path) -> None:
    place = tmp_path / "siaga"
    first = dialling(lab, place, CHANGED).run("probe", "ivr", "--json")
    assert told(first.record) == ("fail", "ivr", "prompt_not_heard")  # it never stood there

    assert told(dialling(lab, place, USUAL).run("probe", "ivr", "--json").record)[0] == "pass"
    installed = dialling(lab, place, CHANGED)
    second = installed.run("probe", "ivr", "--json")
    assert (second.exit_code, told(second.record)) == (1, ("degraded", "ivr", "prompt_changed"))
    steps = {step["step"]: step["verdict"] for step in second.record["steps"]}
    assert [what for what, verdict in steps.items() if verdict != "pass"] == ["expect prompt:menu-utama"]
    files = {file["kind"]: Path(file["path"]) for file in second.record["evidence"]}
    assert files["prompt_known"].read_bytes() == (place / "prompts" / "menu-utama.wav").read_bytes()
    assert is_said_in("unknown", lab, files["prompt_heard"])

    run_id = second.record["run_id"]
    assert run_id in installed.run("prompts", "list").stdout
    assert installed.run("prompts", "accept", "menu-utama", run_id, "--by", "Dewi").exit_code == 0
    [note] = notes(installed, "prompt")
    assert note["body"]["run"] == run_id
    assert installed.run("check").exit_code == 0
    assert told(installed.run("probe", "ivr", "--json").record)[0] == "pass"
    assert told(dialling(lab, place, USUAL).run("probe", "ivr", "--json").record)[0] == "pass"  # until today
    assert installed.run("verify").exit_code == 0
