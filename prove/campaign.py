"""What a campaign is, what it finds, and what it may use."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.farends import certificates, voices
from tests.farends.asterisk import Asterisk


@dataclass(frozen=True)
class Finding:
    """One figure beside what was promised. ``good`` is the campaign's own judgement of it."""

    what: str
    promised: str
    found: str
    good: bool


@dataclass
class Result:
    """What a campaign found: a line per figure, and tables or notes for whoever wants to know more."""

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether everything promised was found, and anything at all was."""
        return bool(self.findings) and all(finding.good for finding in self.findings)

    def add(self, what: str, promised: str, found: str, good: bool) -> None:
        """Note one figure."""
        self.findings.append(Finding(what, promised, found, good))


class Room:
    """Far ends and a scratch folder for one campaign, made when first asked for and gone with it."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bukti-")))
        self.voices = self.folder / "suara"
        voices.make(self.voices)
        self.ca = certificates.make(self.folder / "sertifikat")

    def telephone(self) -> Asterisk:
        """An agent's telephone: an Asterisk of its own. Raises Absent."""
        return self._stack.enter_context(Asterisk(self.voices))

    def centre(self, telephone: Asterisk | None = None) -> Asterisk:
        """A contact centre: Asterisk with queues, trunks, TLS. Raises Absent."""
        agent = f"sip:agen@127.0.0.1:{telephone.ports.sip}" if telephone else None
        return self._stack.enter_context(Asterisk(self.voices, self.ca.parent, agent))

    def scratch(self, name: str) -> Path:
        """A fresh folder."""
        folder = self.folder / name
        folder.mkdir()
        return folder


@dataclass(frozen=True)
class Campaign:
    """One point of the issue and how it is proved."""

    name: str
    point: int
    promise: str
    run: Callable[[Room], Result]
