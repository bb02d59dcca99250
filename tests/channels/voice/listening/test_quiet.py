"""Listening leaves no traces outside: no telemetry, no caches."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_loading_the_model_writes_nothing_into_the_home_folder(tmp_path: Path) -> None:
    """onnxruntime 1.31 for Linux keeps a device id and an event database there."""
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    code = "import numpy; from channels.voice.listening.vad import Vad; Vad().feed(numpy.zeros(2560, dtype='int16'))"
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)
    assert list(tmp_path.rglob("*")) == []
