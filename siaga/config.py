"""The configuration: finds the file, assembles the sections' own models, and locates every error at once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from channels.dialling import DialSettings
from channels.lines import LineSettings
from channels.listening import ListeningSettings
from channels.sip_settings import TrunkSettings
from escalation.settings import NotifySettings
from probe.hours import Hours
from probe.settings import MaintenanceSettings, ProbeSettings
from probe.shift import ShiftSettings
from reports.settings import EvidenceSettings
from scheduler.settings import CourtesySettings, PeakSettings
from siaga.config_check import check, refused
from siaga.config_errors import ConfigError, Located
from siaga.config_read import Document, read
from siaga.config_sections import Centre, General, Sections, sections
from siaga.config_warn import warn
from siaga.service_settings import ServiceSettings
from storage.settings import RetentionSettings, StorageSettings

__all__ = ["Config", "ConfigError", "Located", "find", "load"]

PLACES = ("siaga.toml", "/etc/siaga/siaga.toml")
"""Where the file is looked for after ``-c`` and ``$SIAGA_CONFIG``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A valid configuration. Paths are absolute, durations seconds; secrets stay references."""

    path: Path
    general: General
    centre: Centre
    storage: StorageSettings
    hours: Mapping[str, Hours]
    trunks: Mapping[str, TrunkSettings]
    dial: DialSettings
    line: LineSettings
    listening: ListeningSettings
    probes: tuple[ProbeSettings, ...]
    maintenance: tuple[MaintenanceSettings, ...]
    shifts: tuple[ShiftSettings, ...]
    courtesy: CourtesySettings
    peak: PeakSettings
    service: ServiceSettings
    notify: NotifySettings
    retention: RetentionSettings
    evidence: EvidenceSettings
    warnings: tuple[Located, ...]
    refused: tuple[Located, ...]
    """Numbers that the dial guard refuses: of probes, each of which ends with exit 64, and of trunks' self-checks."""
    fingerprint: str
    """SHA-256 of the file's bytes, in hexadecimal."""

    @property
    def timezone(self) -> str:
        return self.general.timezone

    @property
    def language(self) -> str:
        return self.general.language

    @property
    def prompts(self) -> Path:
        return self.general.prompts

    @property
    def sounds(self) -> Path:
        return self.general.sounds

    def probe(self, name: str) -> ProbeSettings | None:
        """The probe of that name, or None."""
        return next((probe for probe in self.probes if probe.name == name), None)

    def prompts_of(self, probe: ProbeSettings) -> Path:
        """The folder of what the centre says to this probe."""
        return probe.prompts or self.prompts


def find(explicit: Path | None = None) -> Path | None:
    """The file to use: ``-c``, ``$SIAGA_CONFIG``, ``./siaga.toml``, ``/etc/siaga/siaga.toml``; None if there is none.

    One that was named is returned even when it does not exist, so that ``load`` can say so.
    """
    if explicit is not None:
        return explicit
    if named := os.environ.get("SIAGA_CONFIG"):
        return Path(named)
    return next((path for path in map(Path, PLACES) if path.is_file()), None)


def load(path: Path) -> Config:
    """Read and check a configuration. Raises ConfigError with every mistake that can be found."""
    return _load(read(path))


def _load(document: Document) -> Config:
    parts = sections(document)
    wrong = (*parts.wrong, *check(document, parts))
    if wrong:
        raise ConfigError(document.locate((*wrong, *refused(document, parts))))
    return _config(document, parts)


def verify(path: Path) -> Config:
    """As ``load``, and numbers that must not be dialled are mistakes too: elsewhere only the probe that dials one ends.

    Warns, too, of probes that may not fit beside each other. Raises ConfigError.
    """
    from siaga.config_capacity import capacity_warnings

    document = read(path)
    config = _load(document)
    if config.refused:
        raise ConfigError(config.refused)
    return replace(config, warnings=tuple(sorted((*config.warnings, *document.locate(capacity_warnings(config))))))


def _config(document: Document, parts: Sections) -> Config:
    return Config(
        path=document.path.absolute(),
        general=parts.general,
        centre=parts.centre,
        storage=parts.storage,
        hours=parts.hours,
        trunks=parts.trunks,
        dial=parts.dial,
        line=parts.line,
        listening=parts.listening,
        probes=tuple(parts.probes.values()),
        maintenance=tuple(parts.maintenance.values()),
        shifts=tuple(parts.shifts.values()),
        courtesy=parts.courtesy,
        peak=parts.peak,
        service=parts.service,
        notify=parts.notify,
        retention=parts.retention,
        evidence=parts.evidence,
        warnings=document.locate(warn(parts)),
        refused=document.locate(tuple(refused(document, parts))),
        fingerprint=hashlib.sha256(document.raw).hexdigest(),
    )


def default(folder: Path) -> Config:
    """The configuration of a verb that needs none: all defaults, relative to ``folder``."""
    document = Document.empty(folder)
    return _config(document, sections(document))
