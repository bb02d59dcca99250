"""The section ``[listening]``: what listens beyond the ear that judges. Importable without any back end."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from probe.script import Seconds
from probe.setting import ConfigPath, Setting

LONGEST_S: Final = 120.0


def _bounded(value: float) -> float:
    if not 1.0 <= value <= LONGEST_S:
        raise ValueError(f"allowed: 1s to {LONGEST_S:.0f}s")
    return value


class SttSettings(Setting):
    """``[listening.stt]``: text of what was said, for people; a table is written only where that is wanted."""

    model: ConfigPath
    """Folder of a model for sherpa-onnx: Whisper, or a transducer."""
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] = "id"
    """Of the speech, where the model knows several: ISO 639."""
    within: Annotated[Seconds, AfterValidator(_bounded)] = 20.0
    """How long a run may wait for its text; what is not ready by then is left out."""
    threads: Annotated[int, Field(ge=1, le=16)] = 1


class ListeningSettings(Setting):
    """``[listening]``."""

    stt: SttSettings | None = None
