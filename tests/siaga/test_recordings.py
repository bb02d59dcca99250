"""What ``siaga check`` says of recordings: those that nobody could recognise, and those that are odd."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from structlog.testing import capture_logs

from siaga.cli.app import run
from siaga.config import load
from siaga.service_recordings import unlistenable
from tests.channels.voice.listening.voices import Floats, say, silence

CONFIG = """
prompts = "prompts"
[[probe]]
name = "inbound"
channel = "sip"
to = "sip:100@127.0.0.1"
script = [{ expect = "answer" }, { expect = "prompt:salam" }, { end = true }]
"""


def installed(folder: Path, **sounds: Floats) -> Path:
    (folder / "prompts").mkdir()
    (folder / "siaga.toml").write_text(CONFIG)
    for name, sound in sounds.items():
        soundfile.write(folder / "prompts" / f"{name}.wav", sound.astype(np.int16), 8000, subtype="PCM_16")
    return folder / "siaga.toml"


def test_silence_aliases_and_common_beginnings_are_warnings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start, salam = say("Terima kasih telah menghubungi kami."), say("Selamat datang.")
    buka, tutup = (np.concatenate([start, say(end)]) for end in ("Silakan pilih menu.", "Kantor sedang tutup."))
    path = installed(tmp_path, salam=salam, sapa=salam, diam=silence(1.0), buka=buka, tutup=tutup)
    assert run(["check", "-c", str(path)]) == 0
    said = capsys.readouterr()
    assert "prompt diam cannot be recognised: it is silent (warning)" in said.err
    assert "prompts salam, sapa are the same recording (warning)" in said.err
    assert "prompts buka and tutup begin alike for" in said.err
    assert "3 warnings" in said.out


def test_a_service_begins_with_them_in_its_log(tmp_path: Path) -> None:
    start = say("Terima kasih telah menghubungi kami.")
    buka, tutup = (np.concatenate([start, say(end)]) for end in ("Silakan pilih menu.", "Kantor sedang tutup."))
    path = installed(tmp_path, salam=say("Selamat datang."), diam=silence(1.0), buka=buka, tutup=tutup)
    with capture_logs() as logged:
        assert unlistenable(load(path)) == ()
    assert {line["log_level"] for line in logged} == {"warning"}
    assert [line["odd"].partition("prompts: ")[2][:25] for line in logged] == [
        "prompt diam cannot be rec", "prompts buka and tutup be",
    ]  # fmt: skip
    silent = silenced(tmp_path)
    assert ["salam cannot be recognised" in one.message for one in unlistenable(load(silent))] == [True]


def silenced(folder: Path) -> Path:
    """The prompt that the probe expects is silent."""
    soundfile.write(folder / "prompts" / "salam.wav", silence(1.0).astype(np.int16), 8000, subtype="PCM_16")
    return folder / "siaga.toml"


def test_a_mistake_in_the_versions_is_a_mistake_of_the_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = installed(tmp_path, salam=say("Selamat datang."))
    (tmp_path / "prompts" / "prompts.toml").write_text('[lebaran]\nis = "salam"\n')
    assert run(["check", "-c", str(path)]) == 78
    assert "prompts.toml: lebaran: lebaran.wav does not exist in this folder" in capsys.readouterr().err
