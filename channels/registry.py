"""Which channels there are: the ``channel`` word of the config → a dotted name, imported on first use.

An optional library that is not installed costs only its own channel. A new channel adds one line here.
"""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import Any, Final

CHANNELS: Final = MappingProxyType({"manual": "channels.manual:ManualChannel", "sip": "channels.sip:SipChannel"})


class UnknownChannelError(Exception):
    """No channel has this name."""


class ChannelUnavailableError(Exception):
    """The channel exists, but a library that it needs is not installed here."""


def channel_class(word: str) -> Any:
    """The Channel class behind a ``channel`` word.

    Raises UnknownChannelError, and ChannelUnavailableError when a library it needs is missing.
    """
    if word not in CHANNELS:
        raise UnknownChannelError(f"unknown channel {word!r}; allowed: {', '.join(sorted(CHANNELS))}")
    module, _, name = CHANNELS[word].partition(":")
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name == module:
            raise  # the table above is wrong: our own mistake, not a missing library
        raise ChannelUnavailableError(
            f"channel {word!r} needs the library {error.name!r}, which is not installed here; run: uv sync"
        ) from error
