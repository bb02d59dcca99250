"""Where the engine gets its ears from: one bank of prompts per folder, kept while the engine lives."""

from __future__ import annotations

from pathlib import Path

from channels.voice.hearing import Hears
from channels.voice.listening.bank import PromptBank
from channels.voice.listening.ear import Ear
from channels.voice.listening.vad import Vad


class EarShop:
    """Makes ears. Used by the hearing thread alone, apart from its making, which loads what all calls share."""

    def __init__(self) -> None:
        # loads the network now: the first call must not wait for it
        Vad()
        self._banks: dict[str, PromptBank] = {}

    def make(self, prompts: str | None) -> Hears:
        """An ear that knows the prompts of that folder. Raises BankError."""
        if prompts is None or not Path(prompts).is_dir():
            return Ear()
        if prompts not in self._banks:
            self._banks[prompts] = PromptBank.load(Path(prompts))
        return Ear(self._banks[prompts])
