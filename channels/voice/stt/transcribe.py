"""Asks the process that turns speech into text, and is done in time whatever that process does."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import IO, Final

from channels.listening import SttSettings
from probe.words import printable

LONGEST_TEXT: Final = 2000
"""Letters of half a minute of speech are some 500; a model that repeats itself writes without end."""
LONGEST_LINE: Final = 64_000
WAITING: Final = 100
"""Lines that are kept for us while we do not read: a process that writes without end must not fill our memory."""
_SPARE_S: Final = 5.0
"""The process ends itself so long after we should have ended it: when we were killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What came back: text by the number of its utterance, and what went wrong, "" for nothing."""

    texts: dict[int, str]
    trouble: str


def worker(settings: SttSettings) -> list[str]:
    """The command of the process."""
    seconds = settings.within + _SPARE_S
    words = (str(settings.model), settings.language, str(settings.threads), str(seconds))
    return [sys.executable, "-P", "-m", "channels.voice.stt.worker", *words]


def transcribe(command: Sequence[str], utterances: Sequence[bytes], within_s: float) -> Heard:
    """The text of each utterance (PCM of 16 bits, 8 kHz, mono) that is ready within ``within_s``.

    Never raises for what the process does: what it did not answer is missing, and ``trouble`` says why.
    """
    deadline = time.monotonic() + within_s
    with tempfile.TemporaryFile() as complaints:
        try:
            process = subprocess.Popen(  # noqa: S603 - our own module, or what a test puts in its place
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints
            )
        except OSError as error:
            return Heard(texts={}, trouble=f"speech to text could not be started: {error}")
        try:
            texts, trouble = _talk(process, utterances, deadline)
        finally:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):  # what was not written yet goes nowhere
                    if pipe is not None:
                        pipe.close()
        return Heard(texts=texts, trouble=trouble or _unanswered(texts, utterances, complaints))


def _talk(process: subprocess.Popen[bytes], utterances: Sequence[bytes], deadline: float) -> tuple[dict[int, str], str]:
    """All answers up to the deadline; both pipes in threads of their own, so that neither can hold us up."""
    lines: Queue[bytes] = Queue(WAITING)
    assert process.stdin is not None  # noqa: S101 - asked for above
    assert process.stdout is not None  # noqa: S101 - asked for above
    threading.Thread(target=_write, args=(process.stdin, utterances), daemon=True).start()
    threading.Thread(target=_read, args=(process.stdout, lines, deadline), daemon=True).start()
    texts: dict[int, str] = {}
    for line in _until(lines, deadline):
        number, text, wrong = _answer(line)
        if wrong:
            return texts, wrong
        if number is not None and 0 <= number < len(utterances):
            texts[number] = text
        if len(texts) == len(utterances):
            return texts, ""
    return texts, "speech to text took too long" if time.monotonic() >= deadline else ""


def _until(lines: Queue[bytes], deadline: float) -> Iterator[bytes]:
    while (left_s := deadline - time.monotonic()) > 0:
        try:
            line = lines.get(timeout=left_s)
        except Empty:
            return
        if not line:
            return
        yield line


def _answer(line: bytes) -> tuple[int | None, str, str]:
    """Number, text, and what went wrong; (None, "", "") for a line that is no answer."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None, "", ""
    if not isinstance(told, dict):
        return None, "", ""
    if isinstance(wrong := told.get("error"), str):
        return None, "", printable(wrong)[:LONGEST_TEXT]
    number, text = told.get("number"), told.get("text")
    if isinstance(number, bool) or not isinstance(number, int) or not isinstance(text, str):
        return None, "", ""
    return number, printable(text.strip())[:LONGEST_TEXT], ""


def _write(pipe: IO[bytes], utterances: Sequence[bytes]) -> None:
    with contextlib.suppress(OSError, ValueError):  # the process is gone, or was ended
        for number, data in enumerate(utterances):
            pipe.write(json.dumps({"number": number, "bytes": len(data)}).encode() + b"\n" + data)
            pipe.flush()
        pipe.close()


def _read(pipe: IO[bytes], lines: Queue[bytes], deadline: float) -> None:
    line = b"so far so good"
    with contextlib.suppress(OSError, ValueError, Full):  # as above, or nobody listens any more
        while line:
            line = pipe.readline(LONGEST_LINE)
            lines.put(line, timeout=max(0.0, deadline - time.monotonic()))


def _unanswered(texts: dict[int, str], utterances: Sequence[bytes], complaints: IO[bytes]) -> str:
    if len(texts) == len(utterances):
        return ""
    complaints.seek(0)
    said = complaints.read()[-500:].decode("utf-8", "replace").strip().splitlines()
    return f"speech to text ended early: {printable(said[-1]) if said else 'without a word'}"
