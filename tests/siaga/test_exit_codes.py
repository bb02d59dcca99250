"""Exit codes as the contract has them; on 64 and 78 stdout is empty, and nobody was called."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from siaga.cli import say
from siaga.cli.app import run

SIAGA = Path(sys.executable).with_name("siaga")

WRONG_USAGE = {
    "no verb at all": [],
    "an unknown verb": ["telepon"],
    "an unknown option": ["version", "--josn"],
    "an option of another verb": ["check", "--press", "1"],
    "a missing argument": ["probe"],
    "one argument too many": ["probe", "jawab", "jawab"],
    "an option without its value": ["call", "sip:1@127.0.0.1", "--within"],
    "a choice that is none": ["call", "sip:1@127.0.0.1", "--until", "coffee"],
    "a number out of range": ["lab", "--port", "70000"],
    "a duration without a unit": ["call", "sip:1@127.0.0.1", "--within", "60"],
    "a duration of nothing": ["call", "sip:1@127.0.0.1", "--within", "0s"],
    "a duration too short to be one": ["call", "sip:1@127.0.0.1", "--within", "0.1ms"],
    "a caller that is no SIP URI": ["call", "sip:1@127.0.0.1", "--from", "sip:a b@127.0.0.1"],
    "a caller with a password": ["call", "sip:1@127.0.0.1", "--from", "sip:siaga:rahasia@127.0.0.1"],
    "a wait longer than a call may be": ["call", "sip:1@127.0.0.1", "--within", "20m"],
    "keys that no telephone has": ["call", "sip:1@127.0.0.1", "--press", "1,x"],
    "a comma without a key": ["call", "sip:1@127.0.0.1", "--press", "1,,2"],
    "a target that is no SIP URI": ["call", "http://127.0.0.1/"],
    "an empty target": ["call", ""],
    "a number without a trunk": ["call", "+62215001234"],
    "an unknown trunk": ["call", "sip:1@127.0.0.1", "--trunk", "nowhere"],
    "prompts in no folder": ["call", "sip:1@127.0.0.1", "--prompts", "/nonexistent"],
    "a key to learn by that no telephone has": ["learn", "sip:1@127.0.0.1", "--keys", "x"],
    "a name that no prompt has": ["learn", "sip:1@127.0.0.1", "--names", "salam satu"],
    "the same name twice": ["learn", "sip:1@127.0.0.1", "--names", "salam,salam"],
    "a pause without a unit": ["learn", "sip:1@127.0.0.1", "--pause", "2"],
    "an emergency number to learn from": ["learn", "sip:112@127.0.0.1"],
    "an unknown probe": ["probe", "tidak-ada"],
    "an emergency number": ["call", "sip:112@127.0.0.1"],
    "an emergency number in disguise": ["call", "sip:%31%31%32@127.0.0.1"],
    "an emergency number through a trunk": ["call", "112", "--trunk", "line"],
    "an emergency number behind the country code": ["call", "+62112", "--trunk", "line"],
    "a host that is not the trunk's": ["call", "sip:+62215001234@elsewhere.example", "--trunk", "line"],
    "a number that is not allowed": ["call", "+628112345678", "--trunk", "line"],
    "a redirecting kind of address": ["call", "tel:+62215001234"],
    "an unknown fault of the lab": ["lab", "fault", "earthquake", "on"],
    "a switch that is neither on nor off": ["lab", "fault", "busy", "maybe"],
    "a language nobody here speaks": ["demo", "--language", "fr"],
}


@pytest.mark.usefixtures("config")
@pytest.mark.parametrize("arguments", WRONG_USAGE.values(), ids=WRONG_USAGE.keys())
def test_wrong_usage_is_64_with_a_sentence_on_stderr_only(
    arguments: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 64
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.strip()


@pytest.mark.parametrize("arguments", [["probe", "jawab"], ["probe", "jawab", "--json"], ["check"]])
def test_without_a_configuration_a_verb_that_needs_one_ends_with_78(
    nowhere: Path, arguments: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 78
    said = capfd.readouterr()
    assert said.out == ""
    assert "-c FILE" in said.err
    assert not list(nowhere.iterdir()), "nothing is created for a run that cannot be"


@pytest.mark.parametrize("verb", [["check"], ["probe", "jawab", "--json"], ["call", "sip:1@127.0.0.1", "--json"]])
def test_a_wrong_configuration_is_78_with_every_mistake_at_its_place(
    config: Path, verb: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    config.write_text(config.read_text("utf-8").replace('"2s"', '"2"', 2).replace("register = false", "registr = 1"))
    assert run([*verb, "-c", str(config)]) == 78
    said = capfd.readouterr()
    assert said.out == ""
    lines = [line for line in said.err.splitlines() if line.startswith(f"{config}:")]
    assert len(lines) >= 3
    assert lines == sorted(lines, key=lambda line: int(line.split(":")[1]))


def test_a_secret_that_is_not_set_is_78_only_for_the_verb_that_needs_it(
    config: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SIAGA_TEST_PASSWORD", raising=False)
    secret = 'username = "u"\npassword = { env = "SIAGA_TEST_PASSWORD" }\n'
    config.write_text(config.read_text("utf-8").replace("register = false\n", f"register = false\n{secret}"))
    assert run(["check"]) == 0
    assert "SIAGA_TEST_PASSWORD" in capfd.readouterr().err
    assert run(["probe", "lewat-trunk", "--json"]) == 78
    said = capfd.readouterr()
    assert said.out == ""
    assert "trunk.line.password" in said.err


def test_a_good_configuration_is_ok(config: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["check"]) == 0
    assert capfd.readouterr().out == f"OK: {config} (2 probes)\n"


def test_a_mistake_of_our_own_in_a_verb_is_3_and_shows_its_trace(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("siaga.cli.say.out", lambda _: 1 / 0)
    assert run(["version"]) == 3
    assert "ZeroDivisionError" in capfd.readouterr().err


@pytest.mark.parametrize(("arguments", "code"), [(["telepon"], 64), (["version"], 0), (["probe", "x"], 78)])
def test_the_program_itself_returns_these_codes(arguments: list[str], code: int, nowhere: Path) -> None:
    done = subprocess.run([SIAGA, *arguments], capture_output=True, text=True, timeout=60, check=False, cwd=nowhere)
    assert done.returncode == code, done.stderr
    assert (done.stdout == "") is (code != 0)


def test_a_reader_that_goes_away_does_not_change_the_exit_code(nowhere: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {SIAGA} version | true"],
        capture_output=True,
        timeout=60,
        check=False,
        cwd=nowhere,
    )
    assert done.returncode == 0, done.stderr


def test_a_number_that_must_not_be_dialled_ends_its_probe_with_64_and_a_check_with_78(
    config: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    darurat = (
        '\n[[probe]]\nname = "darurat"\nchannel = "sip"\nto = "sip:112@127.0.0.1"\nscript = [{ expect = "answer" }]\n'
    )
    config.write_text(config.read_text("utf-8") + darurat, "utf-8")
    assert run(["probe", "darurat", "--json"]) == 64
    assert run(["check"]) == 78
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.count("112 is an emergency number") == 2


@pytest.mark.parametrize("verb", [["check"], ["probe", "sapa", "--json"]])
def test_a_recording_that_nobody_could_recognise_is_told_before_anything_is_dialled(
    config: Path, verb: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    prompts = config.parent / "prompts"
    prompts.mkdir()
    with wave.open(str(prompts / "bisu.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(32000))
    keys = ['name = "sapa"', 'channel = "sip"', 'to = "sip:1@127.0.0.1:9"', 'script = [{ expect = "prompt:bisu" }]']
    config.write_text("\n".join([config.read_text("utf-8"), "[[probe]]", *keys, ""]), "utf-8")
    assert run(verb) == 78
    said = capfd.readouterr()
    assert said.out == ""
    assert "prompt bisu cannot be recognised: it is silent" in said.err


@pytest.mark.usefixtures("config")
def test_a_choice_that_is_none_is_told_in_plain_words(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["call", "sip:1@127.0.0.1", "--until", "coffee"]) == 64
    said = capfd.readouterr().err
    assert "'coffee' is not one of" in said
    assert "Value error" not in said


@pytest.mark.usefixtures("config")
def test_an_answer_that_cannot_be_written_is_one_sentence_and_our_own_fault() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([SIAGA, "log"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 3
    [line] = done.stderr.splitlines()
    assert "cannot be written" in line


@pytest.mark.usefixtures("config")
def test_a_terminal_of_few_letters_gets_the_others_spelled_out() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    order = [str(SIAGA), "maintenance", "add", "jawab", "--to", "é…"]
    done = subprocess.run(order, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 64
    assert "\\u2026" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_json_object_is_one_whatever_letters_stdout_has(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = {"pesan": "é … \U0001f600"}
    bytes_out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(bytes_out, encoding))
    say.soften(sys.stdout)
    say.out_json(letters)
    assert json.loads(bytes_out.getvalue().decode(encoding)) == letters
