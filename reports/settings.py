"""The section ``[evidence]``: what a page about a call shows. Importable without the libraries that make one."""

from __future__ import annotations

from typing import Literal

from probe.setting import Setting

AudioPolicy = Literal["until_agent", "embed", "link", "none"]


class EvidenceSettings(Setting):
    """``[evidence]``: pages about calls leave the house, as attachments and in tickets."""

    pages: Literal["none", "failures", "all"] = "none"
    """Whose page is written beside the recording as soon as a run ends; any other one is made when it is asked for."""
    audio: AudioPolicy = "until_agent"
    """How much of the sound stands in a page: up to an agent's first word, all of it, a link to it, or nothing."""
