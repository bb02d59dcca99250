"""What a machine understood of what was said in a call: lines of JSON beside its recording, and back to values."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeGuard

from probe.words import printable

FORMAT: Final = 1
LONGEST_TEXT: Final = 2000
MOST: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """Text of a stretch of speech, seconds after t0. A machine wrote it: it may be wrong."""

    at_s: float
    until_s: float
    text: str


def written(captions: Iterable[Caption]) -> str:
    """The file's text: an object per line."""
    lines: list[dict[str, object]] = [{"format": FORMAT}]
    lines += [{"at_s": round(c.at_s, 3), "until_s": round(c.until_s, 3), "text": c.text} for c in captions]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def read(text: str) -> tuple[Caption, ...]:
    """What the file says, in order; lines that are none of ours are left out."""
    return tuple(sorted(_captions(text), key=lambda caption: caption.at_s)[:MOST])


def _captions(text: str) -> Iterator[Caption]:
    for line in text.split("\n"):  # other ends of lines may stand in what was said
        try:
            made = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if not isinstance(made, dict):
            continue
        at_s, until_s, said = (made.get(key) for key in ("at_s", "until_s", "text"))
        if _second(at_s) and _second(until_s) and isinstance(said, str) and said.strip():
            yield Caption(at_s=float(at_s), until_s=float(until_s), text=printable(said)[:LONGEST_TEXT])


def _second(value: object) -> TypeGuard[float]:
    # a boolean is an int for Python
    return isinstance(value, float | int) and not isinstance(value, bool) and math.isfinite(value)
