"""What differs between two configurations of a running service, so that only that is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from siaga.config import Config, ConfigError, Located, verify


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Names of what a new configuration adds, takes away or changes."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    """Probes whose next run differs: their own settings, hours, time zone, prompts, sounds or language."""
    trunks: tuple[str, ...]
    """Trunks that are new, gone or different."""

    def to_json(self) -> dict[str, list[str]]:
        """For the journal: names out of the configuration, nothing personal."""
        return {name: list(getattr(self, name)) for name in ("added", "removed", "changed", "trunks")}


def changes(old: Config, new: Config) -> Changes:
    """What differs for the runs to come."""
    before, after = _meanings(old), _meanings(new)
    trunks = {name for name in (*old.trunks, *new.trunks) if old.trunks.get(name) != new.trunks.get(name)}
    return Changes(
        added=tuple(_without(after, before)),
        removed=tuple(_without(before, after)),
        changed=tuple(name for name in after if name in before and before[name] != after[name]),
        trunks=tuple(sorted(trunks)),
    )


def reread(running: Config, path: Path) -> Config:
    """The configuration anew. Raises ConfigError when it is wrong, or asks for what only a restart can do."""
    new = verify(path)
    old, moved = running.storage, new.storage
    wrong = [key for key in ("url", "evidence") if getattr(old, key) != getattr(moved, key)]
    if wrong:
        message = "cannot change while the service runs: restart it (systemctl restart siaga)"
        raise ConfigError([Located(str(path), 0, 0, f"storage.{key}", message) for key in wrong])
    return new


def _meanings(config: Config) -> Mapping[str, object]:
    shared = (config.timezone, config.language, config.sounds)
    return {
        probe.name: (probe, config.hours.get(probe.hours or ""), config.prompts_of(probe), *shared)
        for probe in config.probes
    }


def _without(names: Mapping[str, object], others: Mapping[str, object]) -> list[str]:
    return [name for name in names if name not in others]
