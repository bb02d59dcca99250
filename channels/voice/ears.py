"""Where the engine gets its ears from: one bank of prompts per folder, kept while the engine lives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from channels.voice.hearing import Hears
from probe.observation import Observation


class NullEar:
    """Hears nothing."""

    def feed(self, samples: NDArray[np.int16]) -> Sequence[Observation]:
        return ()

    def listen_for_agent(self) -> None:
        return None

    def we_sent(self, kind: str, start_s: float, end_s: float) -> None:
        return None

    def signalled(self, method: str, detail: str) -> None:
        return None


class EarShop:
    """Makes ears. Used by the hearing thread alone."""

    def make(self, prompts: str | None) -> Hears:
        """An ear that knows the prompts of that folder."""
        return NullEar()
