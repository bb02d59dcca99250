"""From the ``-c`` option to a configuration, or to exit 78 with every located error."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from siaga.cli.exits import Exit, Stop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.script import Step
    from siaga.config import Config

NOWHERE = (
    "no configuration found: name one with -c FILE or $SIAGA_CONFIG, or write ./siaga.toml (see config.example.toml)"
)


def required(explicit: Path | None, *, strict: bool = False) -> Config:
    """The configuration. Raises Stop 78 when there is none or it is wrong; ``strict`` as ``siaga.config.verify``."""
    config = optional(explicit, strict=strict)
    if config is None:
        raise Stop(Exit.CONFIG, NOWHERE)
    return config


def or_default(explicit: Path | None) -> Config:
    """The configuration, or all defaults in the working folder; where that takes no file, the record is the user's own.

    Raises Stop 78 when there is a configuration and it is wrong.
    """
    from dataclasses import replace

    from siaga.config import default

    found = optional(explicit)
    if found is not None:
        return found
    here = default(Path.cwd())
    return here if _takes_files(Path.cwd()) else replace(here, storage=default(state_folder()).storage)


def state_folder() -> Path:
    """Where a user's programs keep what they did (XDG Base Directory Specification)."""
    import os

    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (named if named.is_absolute() else Path.home() / ".local" / "state") / "siaga"


def _takes_files(folder: Path) -> bool:
    """Tried rather than asked: permissions do not tell of a file system that is read-only."""
    import tempfile

    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def listenable(folder: Path | None, script: Sequence[Step]) -> None:
    """Raise Stop 78 when a recording that the script needs cannot be recognised by anybody."""
    from siaga.recordings import useless

    if wrong := useless(folder, script):
        raise Stop(Exit.CONFIG, "\n".join(wrong))


def optional(explicit: Path | None, *, strict: bool = False) -> Config | None:
    """The configuration, or None where there is none. Raises Stop 78 when it is wrong."""
    from siaga.config import ConfigError, find, load, verify
    from siaga.config_secrets import secret_values
    from siaga.redaction import hide

    found = find(explicit)
    if found is None:
        return None
    try:
        config = verify(found) if strict else load(found)
    except ConfigError as error:
        raise Stop(Exit.CONFIG, str(error)) from error
    hide(secret_values(config))
    return config
