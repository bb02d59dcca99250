"""What a configuration says of pages of calls; apart, because a page takes libraries that the service never loads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from probe.words import Language
from reports.settings import AudioPolicy

if TYPE_CHECKING:
    from siaga.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """In which language, with how much sound, and whose. ``zone`` is the name of a time zone."""

    language: Language
    audio: AudioPolicy
    centre: str
    zone: str

    @classmethod
    def of(cls, config: Config) -> Edition:
        """Of that configuration."""
        general, centre = config.general, config.centre
        return cls(language=general.language, audio=config.evidence.audio, centre=centre.name, zone=config.timezone)
