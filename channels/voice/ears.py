"""Where the engine gets its ears from: one bank of prompts per folder, where they have versions one per day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from channels.voice.hearing import Hears
from channels.voice.listening.bank import PromptBank
from channels.voice.listening.cadences import Tones, tones_of
from channels.voice.listening.ear import Ear
from channels.voice.listening.vad import Vad
from channels.voice.listening.versions import today


class EarShop:
    """Makes ears. Used by the hearing thread alone, apart from its making, which loads what all calls share."""

    def __init__(self) -> None:
        # loads the network now: the first call must not wait for it
        Vad()
        self._banks: dict[tuple[str, date], PromptBank] = {}
        self._tones: dict[tuple[str, ...], Tones] = {}

    def make(self, prompts: str | None, tones: tuple[str, ...]) -> Hears:
        """An ear that knows the prompts of that folder and these tables of tones. Raises BankError, CadenceError."""
        if tones not in self._tones:
            self._tones[tones] = tones_of(tones)
        if prompts is None or not Path(prompts).is_dir():
            return Ear(tones=self._tones[tones])
        day = today(Path(prompts))
        if (prompts, day) not in self._banks:
            fresh = PromptBank.load(Path(prompts), day)
            # yesterday's versions are nobody's any more
            self._banks = {key: bank for key, bank in self._banks.items() if key[0] != prompts}
            self._banks[prompts, day] = fresh
        return Ear(self._banks[prompts, day], self._tones[tones])
