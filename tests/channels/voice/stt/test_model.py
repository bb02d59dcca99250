"""What lies in a folder of a model, and one sentence about what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from channels.voice.stt.model import ModelMissingError, lacking, model_of

WHISPER = ("small-encoder.onnx", "small-decoder.onnx", "small-tokens.txt")


def folder(path: Path, *names: str) -> Path:
    path.mkdir(exist_ok=True)
    for name in names:
        (path / name).write_bytes(b"x" * len(name))
    return path


def test_whisper_is_known_by_its_files(tmp_path: Path) -> None:
    found = model_of(folder(tmp_path, *WHISPER))
    assert (found.kind, found.encoder.name, found.joiner) == ("whisper", "small-encoder.onnx", None)


def test_a_transducer_is_known_by_its_joiner(tmp_path: Path) -> None:
    found = model_of(folder(tmp_path, *WHISPER, "joiner-epoch-9.onnx"))
    assert found.kind == "transducer"
    assert found.joiner == tmp_path / "joiner-epoch-9.onnx"


def test_of_two_the_smaller_one_is_taken(tmp_path: Path) -> None:
    folder(tmp_path, *WHISPER)
    (tmp_path / "small-encoder.int8.onnx").write_bytes(b"")
    assert model_of(tmp_path).encoder.name == "small-encoder.int8.onnx"


@pytest.mark.parametrize("missing", WHISPER)
def test_what_is_not_whole_is_no_model(missing: str, tmp_path: Path) -> None:
    folder(tmp_path, *(name for name in WHISPER if name != missing))
    with pytest.raises(ModelMissingError, match="no model; a folder is expected with"):
        model_of(tmp_path)


def test_without_the_extra_one_sentence_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert "uv sync --extra stt" in lacking(folder(tmp_path, *WHISPER))


def test_with_the_extra_only_the_model_can_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sherpa_onnx.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert "no such folder" in lacking(tmp_path / "absent")
    assert lacking(folder(tmp_path / "model", *WHISPER)) == ""
