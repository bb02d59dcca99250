"""What ``siaga verify`` finds, and how it says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from probe.words import Language, printable, word

Found = Callable[..., "Finding"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the record is not what was written."""

    what: str
    """One word for programs: ``altered``, ``unlinked``, ``gone``, ``file_altered`` …"""
    where: str
    """The row or file: ``result 17 (20261120T083000Z-a1b2c3)``."""
    sentence: str


@dataclass(slots=True)
class Tally:
    """What was checked."""

    rows: int = 0
    """Of both chains."""
    files: int = 0
    head: str = ""
    """Hash of the last result, in hexadecimal."""


def teller(language: Language) -> Found:
    """``found("gone", where, first=3, last=4)``: a finding in words."""

    def found(what: str, where: str, **values: object) -> Finding:
        plain = {name: printable(str(value)) for name, value in values.items()}
        return Finding(what, printable(where), word(f"finding.{what}", language, **plain))

    return found
