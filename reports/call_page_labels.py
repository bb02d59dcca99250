"""From kept observations to labels on the time of a call: what sounded from when to when, and what we did."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from probe.observation import RECORDING
from probe.words import printable

CUT_SHORT_S: Final = 0.6
"""A prompt's end is known at most so long after the silence that ended it began."""
SAME_S: Final = 0.1
"""Reports about one stretch of speech carry onsets that differ by less."""
LONGEST_NAME: Final = 80
_PHASES: Final = ("suspected", "confirmed", "retracted", "machine")


class Lane(StrEnum):
    """The rows of the drawing, from top to bottom."""

    AGENT = "agent"
    PROMPT = "prompt"
    SPEECH = "speech"
    MUSIC = "music"
    TONE = "tone"
    SILENCE = "silence"
    OURS = "ours"
    CALL = "call"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One thing on the time line, seconds after t0. ``what`` is its word in the section ``label`` of the catalogue.

    ``until_s`` is null for what has no length; ``name`` comes from configurations or far ends and is made printable.
    """

    lane: Lane
    what: str
    at_s: float
    until_s: float | None = None
    name: str = ""
    percent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A step of the script with its limits, seconds after t0; ``end`` as the walk has it."""

    step: str
    end: str
    started_s: float | None
    within_s: float | None
    slow_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What could be read of the observations of a call."""

    labels: tuple[Label, ...] = ()
    limits: tuple[Limit, ...] = ()
    places: tuple[tuple[float, float], ...] = ()
    """Second of the recording, and seconds after t0 at which it was heard; in order."""

    def recorded_at(self, second: float) -> float:
        """When a second of the recording was heard, seconds after t0."""
        if not self.places:
            return second
        at = max(0, bisect_right(self.places, (second, math.inf)) - 1)
        return second + self.places[at][1] - self.places[at][0]

    def second_of(self, at_s: float, length_s: float) -> float:
        """The second of a recording of this length at an instant of the call, as its drawing has it: evenly."""
        from_s, until_s = self.recorded_at(0.0), self.recorded_at(length_s)
        return (at_s - from_s) / (until_s - from_s) * length_s if until_s > from_s else 0.0

    def still_before(self, at_s: float, length_s: float) -> float:
        """The second of a recording by which what began at an instant is not heard yet, however the clocks drifted."""
        even = self.second_of(at_s, length_s)
        return min([even, *([second + at_s - at for second, at in self.places if at <= at_s][-1:])])


def read(text: str, end_s: float) -> Kept:
    """What the file says; lines that are none of ours are left out. What was going on at the end ends at ``end_s``."""
    lines = list(_lines(text))
    seen = [line for line in lines if isinstance(line.get("saw"), str) and _at(line, "at_s") is not None]
    labels = sorted(_labels(seen, end_s), key=lambda label: (label.at_s, list(Lane).index(label.lane)))
    places = sorted(_places(seen))
    return Kept(labels=tuple(labels), limits=tuple(_limits(lines)), places=tuple(places))


def _lines(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        try:
            made = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(made, dict):
            yield made


def _at(line: Mapping[str, Any], name: str) -> float | None:
    value = line.get(name)
    # a boolean is an int for Python
    known = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e7
    return float(value) if known and value is not None else None


def _text(line: Mapping[str, Any], name: str) -> str:
    value = line.get(name)
    return printable(str(value))[:LONGEST_NAME] if isinstance(value, str | int) else ""


def _limits(lines: Sequence[Mapping[str, Any]]) -> Iterator[Limit]:
    for line in lines:
        if isinstance(line.get("step"), str):
            yield Limit(
                step=_text(line, "step"),
                end=_text(line, "end"),
                started_s=_at(line, "started_s"),
                within_s=_at(line, "within_s"),
                slow_s=_at(line, "slow_s"),
            )


def _places(seen: Sequence[Mapping[str, Any]]) -> Iterator[tuple[float, float]]:
    for line in seen:
        facts = line.get("facts")
        if line["saw"] == "Noted" and line.get("what") == RECORDING and isinstance(facts, dict):
            second, at_s = _at(facts, "second"), _at(line, "at_s")
            if second is not None and at_s is not None:
                yield second, at_s


def _labels(seen: Sequence[Mapping[str, Any]], end_s: float) -> Iterator[Label]:
    sounds = _sounds(seen, end_s)
    yield from sounds
    yield from _prompts(seen, [s for s in sounds if s.lane is Lane.SILENCE], end_s)
    yield from _agents(seen, end_s)
    yield from _streams(seen, end_s)
    for line in seen:
        if label := _event(line):
            yield label


def _sounds(seen: Sequence[Mapping[str, Any]], end_s: float) -> list[Label]:
    """Each stretch as it was told last; what was taken back (it ends where it begins) never was."""
    found: list[Label] = []
    for line in seen:
        onset_s, kind = _at(line, "onset_s"), line.get("kind")
        if line["saw"] != "Sound" or onset_s is None or kind not in ("speech", "music", "silence"):
            continue
        lane = Lane(kind)
        what = "speech_known" if kind == "speech" and line.get("known") is True else str(kind)
        until_s = _at(line, "until_s") if line.get("ended") is True else None
        told = Label(lane=lane, what=what, at_s=onset_s, until_s=end_s if until_s is None else until_s)
        found = [one for one in found if not (one.what == what and abs(one.at_s - onset_s) < SAME_S)]
        if until_s is None or until_s > onset_s:
            found.append(told)
    # speech of a known prompt is told by the prompt itself
    return [one for one in found if one.what != "speech_known"]


def _prompts(seen: Sequence[Mapping[str, Any]], silences: Sequence[Label], end_s: float) -> Iterator[Label]:
    open_: dict[tuple[str, float], Label] = {}
    for line in seen:
        onset_s, at_s = _at(line, "onset_s"), _at(line, "at_s")
        if line["saw"] != "Prompt" or onset_s is None or at_s is None:
            continue
        key, phase = (_text(line, "name"), onset_s), line.get("phase")
        if phase == "confirmed":
            open_[key] = Label(lane=Lane.PROMPT, what="prompt", at_s=onset_s, until_s=end_s, name=key[0])
        elif phase in ("ended", "diverged") and key in open_:
            what = "prompt" if phase == "ended" else "prompt_diverged"
            until_s = _at(line, "until_s")
            quiet = [s.at_s for s in silences if max(onset_s, at_s - CUT_SHORT_S) < s.at_s <= at_s]
            open_[key] = replace(open_[key], what=what, until_s=min([at_s, *quiet]) if until_s is None else until_s)
    yield from open_.values()


def _agents(seen: Sequence[Mapping[str, Any]], end_s: float) -> Iterator[Label]:
    """From each onset on what was thought of it, phase by phase; and the instant at which somebody was suspected."""
    spans: dict[float, list[Label]] = {}
    for line in seen:
        onset_s, at_s, phase = _at(line, "onset_s"), _at(line, "at_s"), line.get("phase")
        if line["saw"] != "Agent" or onset_s is None or at_s is None or phase not in _PHASES:
            continue
        sure = _at(line, "confidence")
        told = Label(
            lane=Lane.AGENT, what=f"agent_{phase}", at_s=onset_s, until_s=end_s,
            percent=None if sure is None else round(100 * sure),
        )  # fmt: skip
        if phase == "suspected":
            yield replace(told, what="agent_suspected_at", at_s=at_s, until_s=None)
            spans[onset_s] = [told]
        elif phase == "confirmed":
            before = [replace(one, until_s=at_s) for one in spans.get(onset_s, [])]
            spans[onset_s] = [*before, replace(told, at_s=at_s if before else onset_s)]
        else:
            spans[onset_s] = [replace(told, until_s=at_s if phase == "retracted" else end_s)]
    for parts in spans.values():
        yield from parts


def _streams(seen: Sequence[Mapping[str, Any]], end_s: float) -> Iterator[Label]:
    """From where packets stopped to where they came again."""
    stopped: float | None = None
    for line in seen:
        since_s = _at(line, "since_s")
        if line["saw"] != "Media" or since_s is None:
            continue
        if line.get("state") == "stopped":
            stopped = since_s
        elif stopped is not None:
            yield Label(lane=Lane.SILENCE, what="media_stopped", at_s=stopped, until_s=since_s)
            stopped = None
    if stopped is not None:
        yield Label(lane=Lane.SILENCE, what="media_stopped", at_s=stopped, until_s=max(stopped, end_s))


def _event(line: Mapping[str, Any]) -> Label | None:
    at_s = _at(line, "at_s") or 0.0
    match line["saw"]:
        case "Tone":
            onset_s = _at(line, "onset_s")
            return Label(
                lane=Lane.TONE, what="tone", at_s=at_s if onset_s is None else onset_s, name=_text(line, "kind")
            )
        case "HeardBefore":
            onset_s = _at(line, "onset_s")
            return Label(lane=Lane.SPEECH, what="heard_before", at_s=at_s if onset_s is None else onset_s)
        case "KeysPressed":
            return Label(lane=Lane.OURS, what="keys", at_s=at_s, name=_text(line, "digits"))
        case "Played":
            began_s = _at(line, "began_s")
            start_s = at_s if began_s is None else began_s
            return Label(lane=Lane.OURS, what="play", at_s=start_s, until_s=at_s, name=_text(line, "name"))
        case "Progress":
            return Label(lane=Lane.CALL, what="ringing", at_s=at_s, name=_text(line, "code"))
        case "Refused":
            return Label(lane=Lane.CALL, what="refused", at_s=at_s, name=_text(line, "code"))
        case "Placed" | "Answered" | "Unreachable" | "Trouble" | "Unheard" as seen:
            return Label(lane=Lane.CALL, what=seen.lower(), at_s=at_s)
        case "Ended":
            return Label(
                lane=Lane.CALL, what="ended_by_us" if line.get("by_us") is True else "ended_by_them", at_s=at_s
            )
        case "Signalled":
            return Label(lane=Lane.CALL, what="signalled", at_s=at_s, name=_text(line, "method"))
        case _:
            return None
