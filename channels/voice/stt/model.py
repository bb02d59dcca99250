"""Which model lies in a folder, and in one sentence what is missing."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

BACKEND: Final = "sherpa_onnx"
_EXTRA: Final = (
    "speech to text needs the package sherpa-onnx, which is not installed: run 'uv sync --extra stt' "
    "(or pip install sherpa-onnx into siaga's environment), or leave [listening.stt] out"
)
_EXPECTED: Final = (
    "a folder is expected with *encoder*.onnx, *decoder*.onnx and *tokens*.txt of a Whisper model, "
    "and *joiner*.onnx of a transducer, as sherpa-onnx offers them"
)


class ModelMissingError(Exception):
    """The text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The files of a model. ``joiner`` is null for Whisper."""

    kind: Literal["whisper", "transducer"]
    encoder: Path
    decoder: Path
    tokens: Path
    joiner: Path | None


def model_of(folder: Path) -> Model:
    """The model in a folder, the smaller one (int8) where there are two. Raises ModelMissingError."""
    if not folder.is_dir():
        raise ModelMissingError(f"{folder}: no such folder; {_EXPECTED}")
    files = {part: _smallest(folder, f"*{part}*.onnx") for part in ("encoder", "decoder", "joiner")}
    encoder, decoder, tokens = files["encoder"], files["decoder"], _smallest(folder, "*tokens*.txt")
    if encoder is None or decoder is None or tokens is None:
        raise ModelMissingError(f"{folder}: no model; {_EXPECTED}")
    joiner = files["joiner"]
    return Model(
        kind="transducer" if joiner else "whisper", encoder=encoder, decoder=decoder, tokens=tokens, joiner=joiner
    )


def lacking(folder: Path) -> str:
    """What keeps speech to text from working here; "" when nothing does."""
    if importlib.util.find_spec(BACKEND) is None:
        return _EXTRA
    try:
        model_of(folder)
    except (ModelMissingError, OSError) as error:
        return str(error)
    return ""


def _smallest(folder: Path, pattern: str) -> Path | None:
    return min(folder.glob(pattern), key=lambda path: (path.stat().st_size, path.name), default=None)
