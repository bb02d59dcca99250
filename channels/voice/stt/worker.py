"""The process that turns speech into text: ``python -m channels.voice.stt.worker FOLDER LANGUAGE THREADS SECONDS``.

It gets, again and again, a line ``{"number": 3, "bytes": 16000}`` and so many bytes of PCM (16 bits, 8 kHz, mono), and
answers each with a line ``{"number": 3, "text": "…"}``; first of all ``{"ready": true}`` or ``{"error": "…"}``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import IO, Any, Final

from channels.voice.stt.model import Model, ModelMissingError, model_of

RATE_HZ: Final = 8000
NICENESS: Final = 15
"""Calls that go on beside it come first."""


def main(folder: str, language: str, threads: str, seconds: str) -> int:
    """Serve until the other side ends, or for ``seconds``: then the system ends us, whatever native code is at."""
    signal.setitimer(signal.ITIMER_REAL, float(seconds))
    os.nice(NICENESS)
    # libraries write to stdout what they like: the answers get a file of their own
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    try:
        recogniser = _recogniser(model_of(Path(folder)), language, int(threads))
    except (ModelMissingError, ImportError, RuntimeError, ValueError) as error:
        _say(answers, {"error": str(error)})
        return 1
    _say(answers, {"ready": True})
    _serve(recogniser, sys.stdin.buffer, answers)
    return 0


def _serve(recogniser: Any, asked: IO[bytes], answers: IO[str]) -> None:
    import numpy as np  # noqa: PLC0415 - after the model: what is wrong with it is told at once

    while line := asked.readline():
        head = json.loads(line)
        samples = np.frombuffer(asked.read(head["bytes"]), dtype="<i2").astype(np.float32) / 32768.0
        stream = recogniser.create_stream()
        stream.accept_waveform(RATE_HZ, samples)
        recogniser.decode_stream(stream)
        _say(answers, {"number": head["number"], "text": stream.result.text.strip()})


def _recogniser(model: Model, language: str, threads: int) -> Any:
    import sherpa_onnx  # noqa: PLC0415 - an extra, and native: only this process has it

    files = {"encoder": str(model.encoder), "decoder": str(model.decoder), "tokens": str(model.tokens)}
    if model.joiner is None:
        return sherpa_onnx.OfflineRecognizer.from_whisper(**files, language=language, num_threads=threads)
    return sherpa_onnx.OfflineRecognizer.from_transducer(**files, joiner=str(model.joiner), num_threads=threads)


def _say(answers: IO[str], what: dict[str, object]) -> None:
    answers.write(json.dumps(what, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
