"""A new wording takes a prompt's name; the old recording stays beside it as a version, valid until today."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from channels.voice.listening.versions import NAME as TABLE
from channels.voice.listening.versions import read_versions

_SUFFIX: Final = ".wav"


class NotAcceptedError(Exception):
    """The folder stays as it was; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The old recording is now ``kept_as`` (without .wav) and a version of the prompt until ``until``, that day too."""

    kept_as: str
    until: date


def accept(folder: Path, name: str, heard: bytes, zone: str) -> Accepted:
    """Make ``heard`` the recording of a prompt. ``zone`` is for a folder without versions. Raises NotAcceptedError.

    In this order no crash loses a recording: copy the old one, say what it is, replace it.
    """
    current, files = folder / f"{name}{_SUFFIX}", frozenset(p.stem for p in folder.glob(f"*{_SUFFIX}"))
    if name not in files:
        raise NotAcceptedError(f"{current} does not exist; put the recording there by hand")
    versions, wrong = read_versions(folder, files)
    if wrong:
        raise NotAcceptedError("\n".join(wrong))
    if any(version.file == name for version in versions.versions):
        raise NotAcceptedError(f"{folder / TABLE}: {name} is a version of another prompt; accept the prompt it is of")
    known = (folder / TABLE).exists()
    until = versions.today() if known else replace(versions, zone=ZoneInfo(zone)).today()
    kept_as = next(
        unused
        for unused in (f"{name}-{until}{'' if n == 1 else f'-{n}'}" for n in range(1, len(files) + 2))
        if unused not in files
    )
    try:
        with _taking_place(folder / f"{kept_as}{_SUFFIX}", like=current) as fresh:
            shutil.copyfile(current, fresh)
        with _taking_place(folder / TABLE, like=current) as fresh:
            before = (folder / TABLE).read_text("utf-8") if known else f"timezone = {_text(zone)}\n"
            fresh.write_text(before + _version(kept_as, name, until), "utf-8")
        with _taking_place(current, like=current) as fresh:
            fresh.write_bytes(heard)
    except OSError as error:
        raise NotAcceptedError(f"{folder} takes no files ({error.strerror}); become its owner and try again") from error
    return Accepted(kept_as, until)


def _version(file: str, name: str, until: date) -> str:
    return f"\n[{_text(file)}]\nis = {_text(name)}\nuntil = {until}\n"


def _text(value: str) -> str:
    """A string of TOML: those of JSON are some."""
    return json.dumps(value, ensure_ascii=False)


@contextmanager
def _taking_place(path: Path, like: Path) -> Iterator[Path]:
    """A file to be written, which then takes the place of ``path`` as a whole, readable by whom ``like`` is."""
    fresh = path.with_name(f".{path.name}.partial")
    try:
        yield fresh
        shutil.copymode(like, fresh)
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
