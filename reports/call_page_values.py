"""What a page about a call is made of: frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from reports.call_page_captions import Caption
from reports.call_page_labels import Kept
from reports.call_page_ladder import Ladder
from reports.call_page_sound import Outline

AudioNote = Literal["absent", "unreadable", "altered", "none", "linked", "until_agent", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """What the reader gets of the sound. ``note`` says why it is not all of it; ``address`` holds the sound itself."""

    outline: Outline | None = None
    address: str = ""
    link: str = ""
    note: AudioNote = ""
    until_s: float | None = None
    """Second after t0 up to which sound is included, with the note ``until_agent``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file of evidence by name, and whether it still is what was recorded."""

    kind: str
    name: str
    sha256: str
    intact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call with all that is known about it. ``told`` is its JSON object of the contract."""

    told: Mapping[str, Any]
    stages: Sequence[tuple[str, float, float]]
    """Word in the section ``bar`` of the catalogue, and seconds after t0."""
    kept: Kept
    ladder: Ladder
    audio: Audio
    files: Sequence[KeptFile]
    chain: str
    version: str
    centre: str
    zone: ZoneInfo
    made: datetime
    captions: Sequence[Caption] = ()
