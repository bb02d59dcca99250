"""Where the engine gets its ears from: one bank of prompts per folder, kept as long as the day and its files last."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

from channels.voice.hearing import Hears
from channels.voice.listening.bank import BankError, PromptBank
from channels.voice.listening.cadences import Tones, tones_of
from channels.voice.listening.ear import Ear
from channels.voice.listening.vad import Vad
from channels.voice.listening.versions import today

Stamp = frozenset[tuple[str, int, int]]
"""Name, time of the last change and size of each file of a folder."""


class EarShop:
    """Makes ears. Used by the hearing thread alone, apart from its making, which loads what all calls share."""

    def __init__(self) -> None:
        # loads the network now: the first call must not wait for it
        Vad()
        self._banks: dict[tuple[str, date, Stamp], PromptBank] = {}
        self._tones: dict[tuple[str, ...], Tones] = {}

    def make(self, prompts: str | None, tones: tuple[str, ...]) -> Hears:
        """An ear that knows the prompts of that folder and these tables of tones. Raises BankError, CadenceError."""
        if tones not in self._tones:
            self._tones[tones] = tones_of(tones)
        if prompts is None or not Path(prompts).is_dir():
            return Ear(tones=self._tones[tones])
        return Ear(self._bank(prompts), self._tones[tones])

    def _bank(self, prompts: str) -> PromptBank:
        key = prompts, today(Path(prompts)), stamp(prompts)
        if key not in self._banks:
            before = {old: bank for old, bank in self._banks.items() if old[:2] == key[:2]}
            try:
                fresh = PromptBank.load(Path(prompts), key[1])
            except BankError:
                if not before:
                    raise
                return next(iter(before.values()))  # somebody is copying files there: the next call looks again
            # yesterday's versions are nobody's any more, and neither is what was replaced
            self._banks = {old: bank for old, bank in self._banks.items() if old[0] != prompts}
            self._banks[key] = fresh
        return self._banks[key]


def stamp(folder: str) -> Stamp:
    """What changes with any file of a folder: a prompt that was accepted or learnt is known from the next call on."""
    with os.scandir(folder) as files:
        seen = ((file.name, file.stat()) for file in files if not file.name.startswith("."))
        return frozenset((name, found.st_mtime_ns, found.st_size) for name, found in seen)
