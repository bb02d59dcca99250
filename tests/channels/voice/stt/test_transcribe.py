"""Whatever the process does that turns speech into text: we get what it answered, a sentence, and are done in time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from channels.listening import SttSettings
from channels.voice.stt.transcribe import LONGEST_TEXT, transcribe, worker
from tests.channels.voice.stt import package

SOUNDS = [b"\1\0" * 4000, b"\2\0" * 800_000, b"\3\0" * 8]
ALL = {0: "8000 bytes", 1: "1600000 bytes", 2: "16 bytes"}
SOON_S, LATER_S = 2.0, 60.0


def backend(how: str) -> list[str]:
    return [sys.executable, "-m", "tests.channels.voice.stt.backend", how]


@pytest.mark.parametrize("how", ["well", "garbage"])
def test_each_utterance_gets_its_text(how: str) -> None:
    heard = transcribe(backend(how), SOUNDS, LATER_S)
    assert (heard.texts, heard.trouble) == (ALL, "")


def test_nothing_to_hear_is_no_trouble() -> None:
    assert transcribe(backend("well"), [], LATER_S).texts == {}


@pytest.mark.parametrize(
    ("how", "said"), [("crash", "ended early: without a word"), ("exit", "ended early: onnxruntime: out of memory")]
)
def test_after_a_crash_the_text_so_far_is_kept(how: str, said: str) -> None:
    heard = transcribe(backend(how), SOUNDS, LATER_S)
    assert (heard.texts, heard.trouble) == ({0: "8000 bytes"}, f"speech to text {said}")


@pytest.mark.parametrize("how", ["hang", "deaf", "flood", "endless line"])
def test_one_that_never_ends_is_ended(how: str) -> None:
    heard = transcribe(backend(how), SOUNDS, SOON_S)
    assert heard.trouble == "speech to text took too long"
    assert set(heard.texts) <= {0}


def test_what_it_complains_of_is_told_printably() -> None:
    heard = transcribe(backend("refuses"), SOUNDS, LATER_S)
    assert (heard.texts, heard.trouble) == ({}, "the model\N{REPLACEMENT CHARACTER}[2J cannot be read")


def test_a_model_that_repeats_itself_fills_no_page() -> None:
    lengths = {len(text) for text in transcribe(backend("chatter"), SOUNDS[:1], LATER_S).texts.values()}
    assert lengths <= {LONGEST_TEXT}


def test_a_program_that_is_not_there_is_told() -> None:
    assert "could not be started" in transcribe(["/nonexistent/program"], SOUNDS, LATER_S).trouble


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SttSettings:
    """A model and a back end as the worker looks for them."""
    package.install(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return SttSettings(model=tmp_path, language="id", within="20s", threads=2)  # type: ignore[arg-type]


def test_the_worker_gives_the_back_end_each_utterance_and_keeps_its_chatter_apart(settings: SttSettings) -> None:
    quiet, loud = b"\0\0" * 16_000, b"\0\x40" * 8000
    heard = transcribe(worker(settings), [quiet, loud], LATER_S)
    assert (heard.texts, heard.trouble) == ({0: "heard 2.0 s at 0.00 (id 2)", 1: "heard 1.0 s at 0.50 (id 2)"}, "")


def test_the_worker_says_what_is_wrong_with_its_model(settings: SttSettings) -> None:
    (settings.model / "tokens.txt").unlink()
    assert "no model; a folder is expected" in transcribe(worker(settings), SOUNDS, LATER_S).trouble


def test_the_worker_says_that_the_extra_is_missing(settings: SttSettings) -> None:
    (settings.model / "sherpa_onnx.py").write_text("raise ImportError('no sherpa here')")
    assert transcribe(worker(settings), SOUNDS, LATER_S).trouble == "no sherpa here"


def test_a_worker_whose_asker_was_killed_ends_itself(settings: SttSettings) -> None:
    (settings.model / "sherpa_onnx.py").write_text("import time\ntime.sleep(3600)")
    command = [*worker(settings)[:-1], "1"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LATER_S, check=False)
    assert done.returncode < 0
