"""From the record to the page of one call: which files may be shown, and how much of the sound."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from probe.outcome import Evidence
from reports import call_page_captions, call_page_labels, call_page_ladder, call_page_sound
from reports.call_page import page
from reports.call_page_captions import Caption
from reports.call_page_labels import Kept, Lane
from reports.call_page_values import Audio, Call, KeptFile
from reports.settings import AudioPolicy
from siaga.call_page_edition import Edition
from siaga.cli.waterfall import bars
from storage.evidence import intact
from storage.values import Entry, Figures

BEFORE_S: Final = 0.1
"""So much before a person's first word the sound ends: onsets are known to some hundredths of a second."""
MOST_BYTES: Final = 16 << 20
"""Of a text file that is read into a page; ours are smaller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The text of a page, and what there is to hear on it."""

    text: str
    audio: Audio


def made(entry: Entry, told: dict[str, Any], files: Sequence[Evidence], edition: Edition, out: Path) -> Made:
    """The page of a call. ``told`` is its JSON object, ``files`` its evidence, ``out`` where the page will lie."""
    row = Row(figures=entry.figures, chain=f"{entry.seq} · {entry.hash}", version=entry.version, config=entry.config)
    return made_of(row, told, files, edition, out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the record knows about a call beyond its JSON object. ``chain`` empty: it has no row yet."""

    figures: Figures
    chain: str
    version: str
    config: str


def made_of(row: Row, told: dict[str, Any], files: Sequence[Evidence], edition: Edition, out: Path) -> Made:
    """As ``made``, for a call that may not be in the record yet."""
    sound = {evidence.path: intact(evidence) for evidence in files}
    total_s = told["timings"]["total_s"] or 0.0
    kept = call_page_labels.read(_text(files, "observations", sound), total_s)
    audio = _audio(files, sound, kept, told["agent"], edition.audio, out)
    call = Call(
        told=told,
        stages=_stages(row.figures),
        kept=kept,
        ladder=call_page_ladder.read(_text(files, "sip_trace", sound)),
        audio=audio,
        captions=_captions(_text(files, "captions", sound), audio),
        files=[KeptFile(kind=e.kind, name=e.path.name, sha256=e.sha256, intact=sound[e.path]) for e in files],
        chain=row.chain,
        version=f"{row.version} · {row.config[:12]}",
        centre=edition.centre,
        zone=ZoneInfo(edition.zone),
        made=datetime.now(UTC),
    )
    return Made(text=page(call, edition.language), audio=call.audio)


def _stages(figures: Figures) -> list[tuple[str, float, float]]:
    if not figures.total_ms:
        return []
    return [(bar.key, bar.start_ms / 1000, bar.end_ms / 1000) for bar in bars(figures)]


def _text(files: Sequence[Evidence], kind: str, sound: dict[Path, bool]) -> str:
    """What a file says; nothing when it is gone or was altered."""
    evidence = next((e for e in files if e.kind == kind and sound[e.path]), None)
    if evidence is None:
        return ""
    try:
        with evidence.path.open("rb") as file:
            return file.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _audio(
    files: Sequence[Evidence],
    sound: dict[Path, bool],
    kept: Kept,
    agent: Mapping[str, Any] | None,
    policy: AudioPolicy,
    out: Path,
) -> Audio:
    recording = next((e for e in files if e.kind == "recording"), None)
    if recording is None:
        return Audio(note="absent")
    if not sound[recording.path]:
        return Audio(note="altered")
    try:
        pairs = call_page_sound.load(recording.path)
    except call_page_sound.NoSoundError:
        return Audio(note="unreadable")
    if not len(pairs):
        return Audio(note="absent")
    outline = call_page_sound.outline(pairs)
    if policy == "none":
        return Audio(outline=outline, note="none")
    link = recording.path.name if out.absolute().parent == recording.path.parent else recording.path.as_uri()
    if policy == "link" or (policy == "until_agent" and not kept.places):
        # without observations nobody can say where a person begins to speak
        return Audio(outline=outline, note="linked", link=link)
    person_s = _person(kept, agent) if policy == "until_agent" else None
    if person_s is None:
        return Audio(outline=outline, address=call_page_sound.embedded(pairs))
    shown = call_page_sound.without(pairs, max(0.0, kept.still_before(person_s, outline.length_s) - BEFORE_S))
    address = call_page_sound.embedded(shown)
    return Audio(outline=outline, address=address, link=link, note="until_agent", until_s=max(0.0, person_s - BEFORE_S))


def _captions(text: str, audio: Audio) -> tuple[Caption, ...]:
    """Text of what can be heard on the page, and of nothing else: the same voices, the same rule."""
    if not audio.address:
        return ()
    until_s = math.inf if audio.until_s is None else audio.until_s
    return tuple(one for one in call_page_captions.read(text) if one.until_s <= until_s)


def _person(kept: Kept, agent: Mapping[str, Any] | None) -> float | None:
    """When somebody began to speak who may be a person; as the recorder has it for ``record = "until_agent"``."""
    persons = ("agent_suspected", "agent_confirmed")
    onsets = [one.at_s for one in kept.labels if one.lane is Lane.AGENT and one.what in persons]
    if agent is not None:  # what was observed of a long call may have been cut
        onsets.append(float(agent["onset_s"]))
    return min(onsets, default=None)
