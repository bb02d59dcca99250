"""The one place where the command line writes: answers to stdout, everything else to stderr."""

from __future__ import annotations

import json
import os
import sys
from io import TextIOWrapper
from typing import Any, TextIO

from siaga.cli.exits import Exit, Stop


def out(text: str) -> None:
    """Write a line of the answer to stdout."""
    _write(sys.stdout, text)


def err(text: str) -> None:
    """Write a line for people to stderr."""
    _write(sys.stderr, text)


def out_json(value: dict[str, Any]) -> None:
    """Write exactly one JSON object on one line to stdout; where it has few letters, others in JSON's own spelling."""
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    out(json.dumps(value, ensure_ascii=plain))


def soften(*streams: TextIO) -> None:
    """Letters that a terminal of few letters (``PYTHONIOENCODING=ascii``) does not have are spelled out."""
    for stream in streams:
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text + "\n")
        stream.flush()
    except BrokenPipeError:
        # The reader went away: the exit code still has to get out, and Python's own flush at exit must not fail.
        _silence(stream)
    except OSError as error:
        _silence(stream)
        if stream is sys.stdout:
            raise Stop(Exit.OUR_FAULT, f"the answer cannot be written ({error.strerror}): is the disk full?") from error


def _silence(stream: TextIO) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
