"""One object on stdout, every key always there, whatever became of the run."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from siaga.cli.app import run
from tests.siaga.ringing import Ringing

SIAGA = Path(sys.executable).with_name("siaga")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
KEYS = """run_id probe channel target service skill slot trigger started_at ended_at verdict stage reason owner message
accessibility availability timings steps agent media evidence""".split()
TIMINGS = "pdd_s setup_s time_to_greeting_s menu_s queue_s time_to_agent_s total_s".split()


def assert_contract(record: dict[str, Any]) -> None:
    assert list(record) == KEYS
    assert list(record["timings"]) == TIMINGS
    assert INSTANT.fullmatch(record["started_at"])
    assert INSTANT.fullmatch(record["ended_at"])
    assert record["started_at"] <= record["ended_at"]
    assert record["verdict"] in ("pass", "degraded", "fail", "inconclusive")
    assert record["trigger"] == "cli"
    assert record["slot"] is None
    assert record["message"]
    for step in record["steps"]:
        assert list(step) == ["step", "verdict", "at_s", "took_s", "detail"]
    for evidence in record["evidence"]:
        assert list(evidence) == ["kind", "path", "sha256"]
        assert Path(evidence["path"]).is_absolute()


def only_object(stdout: str) -> dict[str, Any]:
    assert stdout.count("\n") == 1
    record: dict[str, Any] = json.loads(stdout)
    return record


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_hangs_up_and_says_interrupted(nowhere: Path, number: signal.Signals) -> None:
    with Ringing() as far_end:
        call = subprocess.Popen(
            [SIAGA, "call", f"sip:1500@127.0.0.1:{far_end.port}", "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=nowhere,
        )  # fmt: skip
        assert far_end.ringing.wait(30)
        call.send_signal(number)
        stdout, stderr = call.communicate(timeout=30)
        assert far_end.cancelled.wait(5), stderr
    assert call.returncode == 3, stderr
    record = only_object(stdout)
    assert_contract(record)
    assert (record["verdict"], record["stage"], record["reason"]) == ("inconclusive", "probe", "interrupted")
    assert record["probe"] is None
    assert record["steps"][0]["verdict"] == "inconclusive"


def test_a_signal_before_anything_is_dialled_is_an_interruption_too(nowhere: Path) -> None:
    call = subprocess.Popen(
        [SIAGA, "call", "sip:1500@127.0.0.1:9", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=nowhere,
    )  # fmt: skip
    while b"SigCgt:\t0000000000000000" in (status := Path(f"/proc/{call.pid}/status").read_bytes()) or not (
        int(re.search(rb"SigCgt:\t([0-9a-f]+)", status)[1], 16) & 1 << (signal.SIGTERM - 1)  # type: ignore[index]
    ):
        assert call.poll() is None
    call.terminate()
    stdout, stderr = call.communicate(timeout=60)
    assert call.returncode == 3, stderr
    assert only_object(stdout)["reason"] == "interrupted"


@pytest.mark.usefixtures("config")
def test_our_own_exception_is_data_and_ours(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("something with 628112345678 in it")

    monkeypatch.setattr("siaga.parts.Parts.__init__", broken)
    assert run(["probe", "jawab", "--json"]) == 3
    said = capfd.readouterr()
    record = only_object(said.out)
    assert_contract(record)
    assert (record["verdict"], record["stage"], record["reason"]) == ("inconclusive", "probe", "internal_error")
    assert record["owner"] == "siaga"
    assert record["probe"] == "jawab"
    assert record["accessibility"] == record["availability"] == "not_judged"
    assert "628112345678" not in said.out + said.err
    assert "RuntimeError" in said.err


def test_a_place_for_evidence_that_cannot_be_used_is_ours(nowhere: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (nowhere / "evidence").write_text("a file where the folder should be")
    assert run(["call", "sip:1500@127.0.0.1:9", "--json"]) == 3
    record = only_object(capfd.readouterr().out)
    assert_contract(record)
    assert record["reason"] == "internal_error"
    assert "evidence" in record["message"]


def test_version_in_json(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["version", "--json"]) == 0
    told = only_object(capfd.readouterr().out)
    assert told["siaga"] == "0.1.0"
    assert all(told["libraries"].values())
