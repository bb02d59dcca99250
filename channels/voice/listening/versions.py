"""Which recordings are versions of one prompt, and from when until when: ``prompts.toml`` beside the recordings."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

NAME: Final = "prompts.toml"
DEFAULT_ZONE: Final = "Asia/Jakarta"
_KEYS: Final = ("is", "from", "until")


@dataclass(frozen=True, slots=True)
class Version:
    """The recording ``file`` (without .wav) is heard as the prompt ``name`` from a day to a day, both included."""

    file: str
    name: str
    begins: date | None = None
    ends: date | None = None

    def holds(self, day: date) -> bool:
        """Is it a version of the prompt on that day? On any other it is known under its own name: a wrong prompt."""
        return (self.begins is None or self.begins <= day) and (self.ends is None or day <= self.ends)


@dataclass(frozen=True, slots=True)
class Versions:
    """All versions of a folder, and the time zone of their days."""

    zone: ZoneInfo
    versions: tuple[Version, ...] = ()

    def today(self) -> date:
        """The day it is now."""
        return datetime.now(self.zone).date()

    def names(self, day: date) -> Mapping[str, str]:
        """By the file's name: the prompt that it is on that day."""
        return {v.file: v.name for v in self.versions if v.holds(day)}

    def warnings(self, day: date) -> tuple[str, ...]:
        """What may be out of date."""
        over = [v for v in self.versions if v.ends is not None and v.ends < day]
        return tuple(
            f"prompt {v.file} was a version of {v.name} until {v.ends}: heard now, it is a wrong prompt" for v in over
        )


def read_versions(folder: Path, files: frozenset[str]) -> tuple[Versions, list[str]]:
    """The versions of a folder that has those recordings, and a sentence for each mistake."""
    path = folder / NAME
    if not path.exists():
        return Versions(ZoneInfo(DEFAULT_ZONE)), []
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return Versions(ZoneInfo(DEFAULT_ZONE)), [f"{path}: cannot be read: {error}"]
    wrong: list[str] = []
    zone = ZoneInfo(DEFAULT_ZONE)
    named = tables.pop("timezone", DEFAULT_ZONE)
    try:
        zone = ZoneInfo(str(named))
    except (ValueError, OSError, ZoneInfoNotFoundError):  # OSError: the name of a folder
        wrong.append(f"{path}: timezone: no such time zone {named!r}; write one like {DEFAULT_ZONE!r}")
    versions: list[Version] = []
    for file, table in tables.items():
        found = _version(file, table, files)
        if isinstance(found, Version):
            versions.append(found)
        else:
            wrong += [f"{path}: {file}: {said}" for said in found]
    chained = {v.file for v in versions}
    loops = (v for v in versions if v.name in chained)
    wrong += [f"{path}: {v.file}: {v.name!r} is a version itself; name what it is of" for v in loops]
    return Versions(zone, tuple(versions)), wrong


def today(folder: Path) -> date:
    """The day it is in the time zone of a folder's versions; any day will do where it has none."""
    return read_versions(folder, frozenset())[0].today() if (folder / NAME).exists() else date.min


def _version(file: str, table: object, files: frozenset[str]) -> Version | list[str]:
    if not isinstance(table, dict):
        return ['write a table: { is = "NAME", from = 2026-12-24, until = 2027-01-02 }']
    wrong = [f"{key}: unknown, allowed: {', '.join(_KEYS)}" for key in table if key not in _KEYS]
    if file not in files:
        wrong.append(f"{file}.wav does not exist in this folder")
    name, begins, ends = (table.get(key) for key in _KEYS)
    if not isinstance(name, str) or name not in files or name == file:
        wrong.append("is: the name of another recording of this folder, without .wav")
    for key, day in (("from", begins), ("until", ends)):
        if day is not None and (not isinstance(day, date) or isinstance(day, datetime)):
            wrong.append(f"{key}: a day without quotes: 2026-12-24")
    if wrong or not isinstance(name, str):
        return wrong
    if begins and ends and begins > ends:
        return ["until: lies before `from`"]
    return Version(file, name, begins, ends)
