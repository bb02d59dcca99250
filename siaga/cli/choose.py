"""Words of a closed set on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

from siaga.cli.exits import usage

E = TypeVar("E", bound=StrEnum)


def one_of(text: str | None, option: str, allowed: Sequence[E]) -> E | None:
    """The member that a word names, None for no word. Raises Stop 64 with what is allowed."""
    if text is None:
        return None
    for member in allowed:
        if text.strip().lower() == member.value:
            return member
    raise usage(f"{option}: {text!r} is not known; allowed: {', '.join(m.value for m in allowed)}")
