"""Text of what was said in a run, beside its recording, where a house asks for it: a process of its own makes it.

Only speech is given to the back end, and only what is no known prompt: those are known by their names. What comes back
may name people, so it is a file that is erased with the media, never a part of a row.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from channels.voice.stt.transcribe import worker
from probe.outcome import Record
from storage import evidence

if TYPE_CHECKING:
    from reports.call_page_labels import Kept
    from reports.call_page_sound import Samples
    from siaga.config import Config

NAME: Final = "captions.jsonl"
KIND: Final = "captions"
SPARE_S: Final = 10.0
"""For reading the sound and writing the file."""
TOGETHER_S, LONGEST_S = 0.7, 28.0
"""Sentences are understood better together; Whisper hears 30 s at a time."""
YIELDS: Final = 10
"""Niceness: calls that still listen go before the text of those that ended."""
AROUND_S: Final = 0.15
HIDDEN: Final = 200
"""A stretch that never exceeds this 16 bit value was hidden by the recorder."""

log = structlog.get_logger()


def with_captions(record: Record, folder: Path, config: Config) -> Record:
    """The run with its text among the evidence, if the house wants it; without when there is none in time."""
    stt = config.listening.stt
    if stt is None or not any(item.kind == "recording" for item in record.outcome.evidence):
        return record
    order = {
        "folder": str(folder),
        "total_s": record.outcome.timings.total_s or 0.0,
        "model": str(stt.model),
        "command": worker(stt),
        "within_s": stt.within,
    }
    command = [sys.executable, "-P", "-m", __name__]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command,
            input=json.dumps(order),
            capture_output=True,
            encoding="utf-8",
            timeout=stt.within + SPARE_S,
            check=False,
        )
        if done.stderr.strip():
            log.error("the text of a run is not all there", said=done.stderr.strip()[-500:])
        if not (folder / NAME).is_file():
            return record
        text = evidence.seal(folder / NAME, KIND)
    except (OSError, subprocess.TimeoutExpired, evidence.EvidenceError):  # the run is judged and its evidence is kept
        log.exception("the text of a run could not be made")
        return record
    return replace(record, outcome=replace(record.outcome, evidence=(*record.outcome.evidence, text)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """Speech that no known prompt explains, seconds after t0, and its sound."""

    at_s: float
    until_s: float
    sound: bytes


def main(order: str) -> int:
    """Write the text of the run whose recording and observations lie in the folder of the order."""
    from channels.voice.stt.model import lacking
    from channels.voice.stt.transcribe import transcribe
    from reports import call_page_labels, call_page_sound
    from reports.call_page_captions import Caption, written

    os.nice(YIELDS)
    ordered = json.loads(order)
    place = Path(ordered["folder"])
    if wrong := lacking(Path(ordered["model"])):
        sys.stderr.write(f"{wrong}\n")
        return 1
    kept = call_page_labels.read((place / "observations.jsonl").read_text("utf-8"), ordered["total_s"])
    spoken = list(utterances(kept, call_page_sound.load(place / "recording.wav")))
    if not spoken:
        return 0
    heard = transcribe(ordered["command"], [one.sound for one in spoken], ordered["within_s"])
    captions = [
        Caption(at_s=one.at_s, until_s=one.until_s, text=heard.texts[number])
        for number, one in enumerate(spoken)
        if heard.texts.get(number)
    ]
    if captions:
        evidence.write(place, NAME, written(captions).encode(), KIND)
    if heard.trouble:
        sys.stderr.write(f"{heard.trouble}\n")
    return 0


def utterances(kept: Kept, pairs: Samples) -> Iterator[Utterance]:
    """What the far end said that is no known prompt; without what the recorder hid."""
    from reports.call_page_labels import Lane
    from reports.call_page_sound import RATE_HZ

    length_s = len(pairs) / RATE_HZ
    spoken = [(one.at_s, one.until_s) for one in kept.labels if one.lane is Lane.SPEECH and one.what == "speech"]
    for at_s, until_s in _together([(a, b) for a, b in spoken if b is not None]):
        from_s, to_s = (kept.second_of(at, length_s) for at in (at_s - AROUND_S, until_s + AROUND_S))
        sound = pairs[max(0, round(from_s * RATE_HZ)) : max(0, round(to_s * RATE_HZ)), 1]
        if len(sound) and abs(sound.astype(int)).max() > HIDDEN:
            yield Utterance(at_s=at_s, until_s=until_s, sound=sound.astype("<i2").tobytes())


def _together(spoken: list[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Neighbours joined, and what is too long in parts."""
    joined: list[tuple[float, float]] = []
    for at_s, until_s in sorted(spoken):
        if joined and at_s - joined[-1][1] < TOGETHER_S and until_s - joined[-1][0] <= LONGEST_S:
            joined[-1] = (joined[-1][0], max(joined[-1][1], until_s))
        else:
            joined.append((at_s, until_s))
    for at_s, until_s in joined:
        parts = max(1, math.ceil((until_s - at_s) / LONGEST_S))
        edges = [at_s + n * (until_s - at_s) / parts for n in range(parts)]
        yield from pairwise([*edges, until_s])


if __name__ == "__main__":
    sys.exit(main(sys.stdin.buffer.read().decode("utf-8")))
