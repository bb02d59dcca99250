"""Text of what was said in a run: only where a house wants it, only of speech, and never in a row of the record."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from probe.outcome import Evidence, Record
from siaga.cli.app import run
from siaga.config import Config, load
from siaga.parts import Parts
from tests.channels.voice.stt import package
from tests.reports import heard
from tests.siaga.test_watching import RECORD


@pytest.fixture(scope="module")
def to_agent(tmp_path_factory: pytest.TempPathFactory) -> heard.Heard:
    return heard.to_agent(tmp_path_factory.mktemp("heard"))


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model, and a back end that this process and those below it find."""
    folder = package.install(tmp_path / "model")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


def wanted(config: Path, model: Path, more: str = "") -> Config:
    stt = f'[listening.stt]\nmodel = "{model}"\n{more}\n'
    config.write_text(f"{config.read_text('utf-8')}\n{stt}", "utf-8")
    return load(config)


def kept(found: Config, call: heard.Heard, folder: Path) -> Record:
    """The run as the house keeps it."""
    folder.mkdir()
    files = []
    for kind, name in (("recording", "recording.wav"), ("observations", "observations.jsonl")):
        (folder / name).write_bytes((call.folder / name).read_bytes())
        files.append(Evidence(kind, folder / name, ""))
    timings = replace(RECORD.outcome.timings, total_s=call.at("end"))
    outcome = replace(RECORD.outcome, evidence=tuple(files), timings=timings)
    return Parts(found).house.keep(replace(RECORD, outcome=outcome), folder)


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "captions.jsonl").read_text("utf-8").splitlines()]


def kinds(record: Record) -> list[str]:
    return [item.kind for item in record.outcome.evidence]


def test_what_people_said_is_written_down_and_what_prompts_said_is_not(
    config: Path, model: Path, to_agent: heard.Heard, tmp_path: Path
) -> None:
    record = kept(wanted(config, model), to_agent, tmp_path / "run")
    assert kinds(record) == ["recording", "observations", "captions", "result"]
    head, *said = lines(tmp_path / "run")
    assert head == {"format": 1}
    truth = [("agent_start", "agent_end"), ("reply_start", "reply_end")]
    for one, (begins, ends) in zip(said, truth, strict=True):
        assert (one["at_s"], one["until_s"]) == pytest.approx((to_agent.at(begins), to_agent.at(ends)), abs=0.1)
        length_s = one["until_s"] - one["at_s"] + 0.3
        assert one["text"].startswith(f"heard {length_s:.1f} s at ")
        assert one["text"].endswith("(id 1)")
    assert "heard" not in json.dumps(record.to_json())  # nothing that becomes a row holds it
    assert "heard" not in (tmp_path / "run" / "result.json").read_text("utf-8")


def test_nothing_is_written_down_where_nobody_asked(config: Path, to_agent: heard.Heard, tmp_path: Path) -> None:
    assert kinds(kept(load(config), to_agent, tmp_path / "run")) == ["recording", "observations", "result"]


def test_what_the_recorder_hid_is_given_to_nobody(
    config: Path, model: Path, to_agent: heard.Heard, tmp_path: Path
) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    data = bytearray((to_agent.folder / "recording.wav").read_bytes())
    from_s = to_agent.at("agent_start") - heard.RECORDED_S - 0.2
    data[44 + 4 * int(from_s * 8000) :] = bytes(len(data) - 44 - 4 * int(from_s * 8000))
    (hidden / "recording.wav").write_bytes(data)
    (hidden / "observations.jsonl").write_bytes((to_agent.folder / "observations.jsonl").read_bytes())
    call = replace(to_agent, folder=hidden)
    assert "captions" not in kinds(kept(wanted(config, model), call, tmp_path / "run"))


@pytest.mark.parametrize(
    ("broken", "more"),
    [
        ("raise ImportError('not here')", ""), ("import os\nos.abort()", ""),
        ("import time\ntime.sleep(3600)", 'within = "1s"'), ("import sys\nsys.exit(255)", ""),
    ],
    ids=["import", "crash", "hang", "exit"],
)  # fmt: skip
def test_a_back_end_that_fails_costs_the_text_alone(
    config: Path, model: Path, to_agent: heard.Heard, tmp_path: Path, broken: str, more: str
) -> None:
    package.install(model, broken)
    record = kept(wanted(config, model, more), to_agent, tmp_path / "run")
    assert kinds(record) == ["recording", "observations", "result"]
    assert record.outcome.verdict is RECORD.outcome.verdict


def test_without_a_model_the_run_goes_on_and_everybody_says_what_to_do(
    config: Path, model: Path, to_agent: heard.Heard, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found = wanted(config, model / "absent")
    assert "captions" not in kinds(kept(found, to_agent, tmp_path / "run"))
    assert run(["check"]) == 0
    assert re.search(r"listening\.stt\.model: .*absent: no such folder; a folder is expected", capfd.readouterr().err)
    assert run(["doctor"]) == 1
    assert "no speech to text: " in capfd.readouterr().out


def test_doctor_names_the_model_that_is_there(config: Path, model: Path, capfd: pytest.CaptureFixture[str]) -> None:
    wanted(config, model)
    run(["doctor", "--json"])
    [found] = [one for one in json.loads(capfd.readouterr().out)["checks"] if one["check"] == "stt"]
    assert (found["state"], str(model) in found["found"]) == ("ok", True)
