"""Checks between the sections: names that must exist, words that a channel must know, files that must be there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from channels.declared import Declared, declared, words
from channels.dialguard import Refusal, guard
from probe.script import DISCLOSURE, PlayStep
from probe.setting import near_miss, offer
from probe.setting_errors import Place
from siaga.config_read import Document
from siaga.config_sections import Sections
from siaga.config_views import ProbeView, tables, views
from siaga.rest_days import unknown

BUILT_IN_SOUNDS = (DISCLOSURE,)
"""Sounds that need no file."""
Recordings = Callable[[Path], list[str]]
_ALLOW = 'needs [dial] allow = ["+6221*", …]: what may be dialled'


def check(document: Document, parts: Sections) -> Iterator[Place]:
    """Every mistake that only shows between sections; half-wrong probes are looked at as far as they can be read."""
    probes = views(document, parts)
    recordings = cache(_recordings)
    yield from _duplicates(document, probes)
    yield from _allow_list(document, parts, probes)
    for probe in probes:
        yield from _references(document.data, probe)
        yield from _channel(probe)
        yield from _prompts(document, probe, recordings)
        yield from _sounds(document, parts, probe, recordings)
    yield from _maintenance(document, parts)
    yield from _shifts(document, parts)
    yield from _countries(parts)


def _duplicates(document: Document, probes: list[ProbeView]) -> Iterator[Place]:
    seen: dict[str, ProbeView] = {}
    for probe in probes:
        if probe.name is None:
            continue
        if probe.name in seen:
            line = document.positions.of((*seen[probe.name].loc, "name")).line
            yield Place((*probe.loc, "name"), f"{probe.name!r} names another probe too (line {line}); names are unique")
        seen.setdefault(probe.name, probe)


def _allow_list(document: Document, parts: Sections, probes: list[ProbeView]) -> Iterator[Place]:
    if parts.dial.allow or any(place.loc[:2] == ("dial", "allow") for place in parts.wrong):
        return
    trunks = document.data.get("trunk", {})
    for name in trunks if isinstance(trunks, dict) else ():
        yield Place(("trunk", name), f"a trunk {_ALLOW}")
    for probe in probes:
        if probe.channel in words() and declared(probe.channel).needs_allow_list:
            yield Place((*probe.loc, "channel"), f"{probe.channel} {_ALLOW}")


def _references(data: dict[str, Any], probe: ProbeView) -> Iterator[Place]:
    for section, name in (("hours", probe.hours), ("trunk", probe.trunk)):
        known = list(raw) if isinstance(raw := data.get(section, {}), dict) else []
        if name is not None and name not in known:
            allowed = offer(name, known) if known else f"; write a table [{section}.{name}]"
            yield Place((*probe.loc, section), f"there is no [{section}.{name}]{allowed}")


def _channel(probe: ProbeView) -> Iterator[Place]:
    if probe.channel is None:
        return
    if probe.channel not in words():
        yield Place((*probe.loc, "channel"), f"unknown channel {probe.channel!r}{offer(probe.channel, words())}")
        return
    channel = declared(probe.channel)
    if probe.trunk is not None and not channel.uses_trunk:
        yield Place((*probe.loc, "trunk"), f"channel {probe.channel} uses no trunk; leave it out")
    if probe.to is not None and (wrong := channel.check_target(probe.to, probe.trunk is not None)):
        yield Place((*probe.loc, "to"), wrong)
    yield from _verbs(probe, channel)


def refused(document: Document, parts: Sections) -> Iterator[Place]:
    """Numbers that the dial guard refuses: `check` points at them, and only the probe that holds one cannot run."""
    for probe in views(document, parts):
        if probe.channel not in words():
            continue
        channel = declared(probe.channel)
        dials = channel.uses_trunk or channel.needs_allow_list
        if dials and probe.to is not None and not channel.check_target(probe.to, probe.trunk is not None):
            yield from _dialling(parts, probe)
    for name, trunk in parts.trunks.items() if parts.dial.allow else ():
        if trunk.self_check != "OPTIONS":
            answer = guard(trunk.self_check, parts.dial, through_trunk=True, template=trunk.dial)
            if isinstance(answer, Refusal):
                yield Place(("trunk", name, "self_check"), answer.sentence)


def _dialling(parts: Sections, probe: ProbeView) -> Iterator[Place]:
    """The dial guard's own answer, so that a refused number is told here and not first at night."""
    trunk = parts.trunks.get(probe.trunk or "")
    if probe.to is None or (probe.trunk is not None and (trunk is None or not parts.dial.allow)):
        return
    answer = guard(probe.to, parts.dial, through_trunk=trunk is not None, template=trunk.dial if trunk else None)
    if isinstance(answer, Refusal):
        yield Place((*probe.loc, "to"), answer.sentence)


def _verbs(probe: ProbeView, channel: Declared) -> Iterator[Place]:
    for loc, step, _ in probe.steps:
        verb = step.text.split(" ")[0]
        if verb not in channel.verbs:
            message = f"channel {probe.channel} does not know `{verb}`; allowed: {', '.join(sorted(channel.verbs))}"
            yield Place((*loc, verb), message, on_key=True)
    for loc, value in probe.expectations():
        if value.partition(":")[0] not in channel.expects:
            message = f"channel {probe.channel} cannot expect {value!r}; allowed: {', '.join(sorted(channel.expects))}"
            yield Place(loc, message)


def _prompts(document: Document, probe: ProbeView, recordings: Recordings) -> Iterator[Place]:
    known = recordings(probe.prompts)
    for loc, value in probe.expectations():
        name = value.removeprefix("prompt:")
        if name != value and name not in known:
            file = document.shown(probe.prompts / f"{name}.wav")
            close = near_miss(name, known)
            hint = f"; did you mean `prompt:{close}`?" if close else ""
            yield Place(loc, f"no recording of the prompt {name!r}: {file} does not exist{hint}")


def _sounds(document: Document, parts: Sections, probe: ProbeView, recordings: Recordings) -> Iterator[Place]:
    known = (*BUILT_IN_SOUNDS, *recordings(parts.general.sounds))
    for loc, step, _ in probe.steps:
        if isinstance(step, PlayStep) and step.play not in known:
            file = document.shown(parts.general.sounds / f"{step.play}.wav")
            yield Place((*loc, "play"), f"no sound {step.play!r}: {file} does not exist{offer(step.play, known)}")


def _recordings(folder: Path) -> list[str]:
    """Names of the WAV files in a folder; none when it is absent, no folder or not ours to read."""
    try:
        return sorted(path.stem for path in folder.iterdir() if path.suffix == ".wav" and path.is_file())
    except OSError:
        return []


def _maintenance(document: Document, parts: Sections) -> Iterator[Place]:
    raw = [table for _, table in tables(document, "probe")]
    known = dict.fromkeys(str(t[key]) for t in raw for key in ("name", "service", "channel") if t.get(key))
    for index, item in parts.maintenance.items():
        if item.target not in known:
            message = f"no probe, service or channel is called {item.target!r}{offer(item.target, known)}"
            yield Place(("maintenance", index, "target"), message)


def _shifts(document: Document, parts: Sections) -> Iterator[Place]:
    seen: dict[str, int] = {}
    for index, shift in parts.shifts.items():
        if shift.name in seen:
            line = document.positions.of(("shift", seen[shift.name], "name")).line
            yield Place(("shift", index, "name"), f"{shift.name!r} names another shift too (line {line})")
        seen.setdefault(shift.name, index)


def _countries(parts: Sections) -> Iterator[Place]:
    for name, hours in parts.hours.items():
        if hours.holidays is not None and (wrong := unknown(hours.holidays)):
            yield Place(("hours", name, "holidays"), wrong)
