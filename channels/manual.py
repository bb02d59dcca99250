"""The channel ``manual``: a person is the prober. siaga plans the test and waits for ``siaga test record``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import ClassVar, Never

from channels.manual_settings import EXPECTS
from channels.voice.trunk import Trunk
from probe.script import VERBS
from probe.session import Target


class ByHandError(Exception):
    """Nothing can be played here; the sentence says what to do instead."""


class ManualChannel:
    """Declares everything a person can do, and plays nothing."""

    name: ClassVar[str] = "manual"
    verbs: ClassVar[Collection[str]] = frozenset(VERBS)
    expects: ClassVar[Collection[str]] = EXPECTS

    def __init__(self, _trunks: Mapping[str, Trunk]) -> None:
        pass

    async def open(self, target: Target) -> Never:
        """Raise ByHandError: no verb may have come this far."""
        raise ByHandError(f"{target.to} is tested by hand: test it and record it with `siaga test record`")

    async def close(self) -> None:
        """Nothing runs."""
