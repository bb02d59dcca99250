"""What the tests of the front door share."""

from __future__ import annotations

import gc
import logging
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from siaga.cli.signals import stop_request


@pytest.fixture(autouse=True)
def own_process_settings() -> Iterator[None]:
    """A verb run inside this process sets signals, logging and garbage up for a process of its own: undo that."""
    pace = gc.get_threshold()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    yield
    gc.set_threshold(*pace)
    gc.enable()
    root.handlers[:] = kept
    root.setLevel(level)
    structlog.reset_defaults()
    stop_request.number = None
    stop_request.tell(None)
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder without a configuration."""
    folder = tmp_path / "nowhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("SIAGA_CONFIG", raising=False)
    return folder


@pytest.fixture
def config(nowhere: Path) -> Path:
    """A small valid configuration in the working folder, with one trunk that is allowed little."""
    path = nowhere / "siaga.toml"
    path.write_text(
        """
language = "en"
[trunk.line]
registrar = "sip:127.0.0.1:9"
register = false
dial = "0{national}"
[dial]
allow = ["+6221*"]
[[probe]]
name = "jawab"
channel = "sip"
to = "sip:1500@127.0.0.1:9"
script = [{ expect = "answer", within = "2s" }]
[[probe]]
name = "lewat-trunk"
channel = "sip"
to = "+62215001234"
trunk = "line"
script = [{ expect = "answer", within = "2s" }]
""",
        "utf-8",
    )
    return path
