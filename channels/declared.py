"""What each channel declares about itself, without importing it: its verbs, what it can expect, its targets.

A channel ``channels/NAME.py`` has a light twin ``channels/NAME_settings.py`` with one value ``DECLARED``; finding
the twins is all the registration that the configuration needs.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import channels

_SUFFIX = "_settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What the configuration may ask of a channel."""

    verbs: frozenset[str]
    expects: frozenset[str]
    """``expect`` values without their arguments: ``answer``, ``prompt``, ``tone`` …"""
    check_target: Callable[[str, bool], str | None]
    """``(to, through_trunk)`` to what is wrong with it and allowed, or None."""
    needs_allow_list: bool = False
    """Every target leads into a telephone network, so ``[dial] allow`` is required."""
    uses_trunk: bool = False
    by_hand: bool = False
    """A person tests this and records it with ``siaga test record``; siaga only plans it and waits."""


@cache
def words() -> tuple[str, ...]:
    """The channels that exist, by the word of the configuration."""
    names = (module.name for module in pkgutil.iter_modules(channels.__path__))
    return tuple(sorted(n.removesuffix(_SUFFIX) for n in names if n.endswith(_SUFFIX)))


@cache
def declared(word: str) -> Declared:
    """What a channel declares. Raises KeyError for a channel that does not exist."""
    if word not in words():
        raise KeyError(word)
    found: Declared = importlib.import_module(f"channels.{word}{_SUFFIX}").DECLARED
    return found
