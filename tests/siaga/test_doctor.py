"""The doctor finds what is missing, says how to get it, and is silent about what is well."""

from __future__ import annotations

import errno
import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from channels.voice import ports
from probe.words import LANGUAGES, catalogue, word
from siaga.cli import doctor_checks
from siaga.cli.app import run
from siaga.cli.doctor_checks import Finding, State
from tests.channels.voice.test_options import udp


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading the native library takes a second each time; one test does it."""
    monkeypatch.setattr(doctor_checks, "_engine", lambda: iter(()))


def checks(capfd: pytest.CaptureFixture[str], *arguments: str, code: int) -> dict[str, list[dict[str, Any]]]:
    assert run(["doctor", "--json", *arguments]) == code
    told = json.loads(capfd.readouterr().out)
    found: dict[str, list[dict[str, Any]]] = {}
    for check in told["checks"]:
        found.setdefault(check["check"], []).append(check)
    assert told["found"] == sum(c["state"] == "wrong" for c in told["checks"])
    return found


@pytest.mark.usefixtures("nowhere")
def test_a_fresh_place_lacks_nothing_that_keeps_it_from_calling(capfd: pytest.CaptureFixture[str]) -> None:
    found = checks(capfd, code=0)
    assert found["config"][0]["state"] == "note"
    assert {found[name][0]["state"] for name in ("ports", "clock", "evidence", "database", "silero", "espeak")} == {
        "ok"
    }


@pytest.mark.usefixtures("nowhere")
def test_people_get_sentences_and_what_to_do(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == 0
    said = capfd.readouterr().out
    assert "config.example.toml" in said
    assert said.rstrip().endswith(word("doctor.all_good", "id"))


def test_a_native_library_that_loads_tells_its_version(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.undo()
    monkeypatch.chdir(nowhere)
    assert checks(capfd, code=0)["pjsua2"][0]["found"].startswith("pjsua2 2.")


def test_a_native_library_that_crashes_is_found_and_does_not_take_the_doctor_along(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.undo()
    monkeypatch.chdir(nowhere)
    monkeypatch.setattr(doctor_checks, "_ASK_ENGINE", "import os; os.abort()")
    found = checks(capfd, code=1)["pjsua2"][0]
    assert found["state"] == "wrong"
    assert "-6" in found["found"]
    assert "3.11" in found["fix"]


def test_a_wrong_configuration_is_one_finding_among_others(config: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config.write_text("probe = 3")
    found = checks(capfd, "-c", str(config), code=1)
    assert f"{config}:1:" in found["config"][0]["found"]
    assert "ports" in found


def test_a_place_that_cannot_be_written_is_found(nowhere: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (nowhere / "evidence").write_text("in the way")
    found = checks(capfd, code=1)
    assert found["evidence"][0]["state"] == "wrong"
    assert str(nowhere / "evidence") in found["evidence"][0]["found"]


def test_a_full_disk_is_no_matter_of_rights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    [finding] = doctor_checks._folder("evidence", tmp_path)
    assert (finding.state, finding.key, finding.fix) == (State.WRONG, "disk_full", "space_fix")


def test_a_prompt_that_is_no_sound_is_found(nowhere: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (nowhere / "prompts").mkdir()
    (nowhere / "prompts" / "menu.wav").write_bytes(b"RIFF nonsense")
    found = checks(capfd, code=1)["prompts"]
    assert [f["state"] for f in found] == ["wrong", "ok"]
    assert "menu.wav" in found[0]["found"]


def test_a_secret_that_is_not_set_is_found(
    config: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    secret = 'register = false\nusername = "u"\npassword = { env = "SIAGA_TEST_PASSWORD" }'
    config.write_text(config.read_text("utf-8").replace("register = false", secret))
    monkeypatch.setattr(doctor_checks, "_trunks", lambda _: iter(()))
    monkeypatch.delenv("SIAGA_TEST_PASSWORD", raising=False)
    assert checks(capfd, code=1)["secrets"][0]["state"] == "wrong"
    monkeypatch.setenv("SIAGA_TEST_PASSWORD", "hunter2")
    found = checks(capfd, code=0)["secrets"][0]
    assert found["state"] == "ok"
    assert "hunter2" not in json.dumps(found)


def test_a_trunk_that_answers_tells_its_codecs(config: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with udp("200 OK") as port:
        config.write_text(config.read_text("utf-8").replace("sip:127.0.0.1:9", f"sip:127.0.0.1:{port}", 1))
        found = checks(capfd, code=0)["trunks"][0]
    assert "PCMU, PCMA, G722" in found["found"]


def test_a_trunk_that_is_not_there_is_found(config: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    config.write_text(config.read_text("utf-8").replace("sip:127.0.0.1:9", f"sip:127.0.0.1:{port}", 1))
    found = checks(capfd, code=1)["trunks"][0]
    assert (found["state"], found["fix"]) == ("wrong", word("doctor.trunk_down_fix", "en"))


def test_ports_that_others_hold_are_found(config: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ports = 'register = false\nchannels = 50\nrtp_ports = "47000-47099"'
    config.write_text(config.read_text("utf-8").replace("register = false", ports))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("", 47001))
        found = checks(capfd, code=1)["ports"][0]
    assert "99" in found["found"]
    assert found["fix"]


@pytest.mark.usefixtures("nowhere")
def test_without_a_configuration_the_ports_are_those_that_a_call_would_use(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert f"{ports.FIRST_PORT}-{ports.LAST_PORT}" in checks(capfd, code=0)["ports"][0]["found"]
    monkeypatch.setattr(ports, "is_free", lambda _: False)
    assert checks(capfd, code=1)["ports"][0]["fix"]


@pytest.mark.usefixtures("nowhere")
def test_a_machine_without_an_ipv6_route_is_told_so_and_lacks_nothing(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_checks, "_GLOBAL_IPV6", ("::1", 5060))
    assert checks(capfd, code=0)["ipv6"][0] == {
        "check": "ipv6", "state": "ok", "found": word("doctor.ipv6", "id", address="::1"), "fix": None,
    }  # fmt: skip
    monkeypatch.setattr(doctor_checks, "_GLOBAL_IPV6", ("ff02::1%nowhere", 5060))
    [told] = checks(capfd, code=0)["ipv6"]
    assert told["state"] == "note"
    assert told["fix"]


def test_every_finding_can_be_said_in_both_languages() -> None:
    keys = [key.removeprefix("doctor.") for key in catalogue() if key.startswith("doctor.")]
    assert all(f"{key}_fix" not in keys or key in keys for key in keys)
    finding = Finding("ports", State.WRONG, "ports", {"free": 1, "asked": 2, "range": "1-2"}, "ports_fix")
    assert len({finding.text(language) for language in LANGUAGES}) == len(LANGUAGES)
