"""All maintenance windows that hold now: those of the configuration, and those said by hand."""

from __future__ import annotations

from datetime import UTC, datetime

from siaga.config import Config
from storage.database import Database
from storage.maintenance import Window, Windows


def all_windows(config: Config, database: Database) -> tuple[Window, ...]:
    """Every window, past ones too: the KPI of an old day needs them."""
    windows = Windows(database)
    return (*windows.marked(_configured(config), datetime.now(UTC)), *windows.list())


def enter_windows(config: Config, database: Database) -> int:
    """Enter those of the configuration that are new, before any figure follows from them. Raises DatabaseError."""
    return Windows(database).see(_configured(config), datetime.now(UTC))


def _configured(config: Config) -> tuple[Window, ...]:
    return tuple(Window(target=m.target, from_=m.from_, to=m.to, reason=m.reason) for m in config.maintenance)
