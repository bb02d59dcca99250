"""What a session observed, as lines of JSON beside its recording: a call can be shown with its labels long after.

One object per line, all instants in seconds after t0, and no words of people: what they wrote stays out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from enum import Enum
from typing import Any, Final

from probe.conclude import t0
from probe.observation import Message, Observation, Sign
from probe.script import ExpectStep
from probe.walk import StepRun, Walk

FORMAT: Final = 1
MOST_LINES: Final = 20_000
"""A call of 15 minutes has some hundreds; a far end that floods us must not fill the disk."""
_INSTANTS: Final = frozenset({"at", "onset", "first_onset", "until", "since", "began"})


def kept(walk: Walk) -> str:
    """The steps with their limits, then everything observed, in order."""
    zero = t0(walk)
    lines: list[dict[str, Any]] = [{"format": FORMAT}]
    lines += [_step(run, zero) for run in walk.steps]
    lines += [_seen(seen, zero) for seen in walk.log[:MOST_LINES]]
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)


def _step(run: StepRun, zero: float) -> dict[str, Any]:
    step = run.step
    limits = {"within_s": step.within, "slow_s": step.slow} if isinstance(step, ExpectStep) else {}
    instants = {"started": run.started, "finished": run.finished, "onset": run.onset}
    after = {f"{name}_s": None if at is None else _after(at, zero) for name, at in instants.items()}
    return {"step": step.text, "end": run.end.value, **after, **limits}


def _seen(seen: Observation, zero: float) -> dict[str, Any]:
    return {"saw": type(seen).__name__, **dict(_facts(seen, zero))}


def _facts(seen: Observation, zero: float) -> Iterator[tuple[str, Any]]:
    for field in fields(seen):
        name, value = field.name, getattr(seen, field.name)
        if isinstance(seen, Message) and name == "text":
            continue
        if name in _INSTANTS:
            yield f"{name}_s", None if value is None else _after(value, zero)
        elif name == "signs":
            yield name, [_sign(sign, zero) for sign in value]
        else:
            yield name, _plain(value)


def _sign(sign: Sign, zero: float) -> dict[str, Any]:
    return {"sign": sign.sign, "at_s": _after(sign.at, zero), "weight": sign.weight}


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _after(at: float, zero: float) -> float:
    return round(at - zero, 3)
