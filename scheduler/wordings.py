"""The two recordings of a prompt whose wording changed: the known one, and a cut of what was heard in its place."""

from __future__ import annotations

import io
import wave
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import structlog

from probe.drift import Change, changes, second_of, span
from probe.outcome import Evidence
from probe.walk import Walk
from scheduler.house import House
from scheduler.order import Order
from storage.evidence import EvidenceError, write

KNOWN, HEARD = "prompt_known", "prompt_heard"
"""Kinds of evidence."""
_MOST_BYTES: Final = 16 << 20
_STEREO: Final = 2
_QUIET: Final = 0.03
"""30 dB below the loudest sample: above the noise of a line, below all but moments of speech."""
_SOON, _PAUSE = 20, 15
"""In steps of 10 ms: a pause so long that begins so soon. The closure of a consonant is shorter."""

log = structlog.get_logger()


def stood(order: Order, house: House) -> frozenset[str]:
    """Steps that earlier runs of the order's probe met; none when the record cannot say so now."""
    if order.probe is None or not any("prompt:" in step.text for step in order.script):
        return frozenset()
    try:
        return house.stood(order.probe)
    except Exception:  # without it other words are simply a prompt that was not heard: the stricter judgement
        log.exception("earlier runs could not be read")
        return frozenset()


def recordings_of(walk: Walk, order: Order, kept: Iterable[Evidence], folder: Path) -> tuple[Evidence, ...]:
    """Both recordings of each change, written into the run's folder; what cannot be had is left out and logged."""
    recording = next((item.path for item in kept if item.kind == "recording"), None)
    first: dict[str, Change] = {}
    for change in changes(walk):
        first.setdefault(change.name, change)
    return tuple(file for change in first.values() for file in _pair(walk, change, order.prompts, recording, folder))


def _pair(walk: Walk, change: Change, prompts: Path | None, recording: Path | None, folder: Path) -> Iterator[Evidence]:
    try:
        if prompts is not None:
            with (prompts / f"{change.name}.wav").open("rb") as known:
                yield write(folder, f"known-{change.name}.wav", known.read(_MOST_BYTES), KNOWN)
        start, end = (second_of(walk, instant) for instant in span(walk, change))
        if recording is not None and start is not None and end is not None and (heard := cut(recording, start, end)):
            yield write(folder, f"heard-{change.name}.wav", heard, HEARD)
    except (OSError, EOFError, wave.Error, EvidenceError):  # the judgement does not rest on these files
        log.exception("the recordings of a changed prompt could not be kept", prompt=change.name)


def cut(recording: Path, from_s: float, until_s: float) -> bytes:
    """What the far end said in ``[from_s, until_s)`` of a call's recording, as a WAV file; nothing where it is silent.

    What rings on from before, up to a pause, is left out: no prompt would be recognised by it.
    Raises OSError, EOFError, wave.Error.
    """
    with wave.open(str(recording), "rb") as whole:
        rate, channels = whole.getframerate(), whole.getnchannels()
        start = min(round(from_s * rate), whole.getnframes())
        whole.setpos(start)
        frames = array("h", whole.readframes(max(0, round(until_s * rate) - start)))
    heard = frames[channels - 1 :: channels] if channels == _STEREO else frames
    if not any(heard):
        return b""
    heard = heard[_begins(heard, rate) :]
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(heard.tobytes())
    return out.getvalue()


def _begins(heard: array[int], rate: int) -> int:
    """The first sample after a pause that begins at once or after little sound; the first of all without one."""
    step, border = rate // 100, max(map(abs, heard)) * _QUIET
    quiet = [max(map(abs, heard[at : at + step]), default=0) <= border for at in range(0, rate, step)]
    begins = 0
    for first in range(_SOON):
        length = next((n for n, silent in enumerate(quiet[first:]) if not silent), len(quiet) - first)
        if length >= _PAUSE:
            begins = max(begins, (first + length) * step)
    return begins if begins < len(heard) else 0
