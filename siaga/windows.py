"""All maintenance windows that hold now: those of the configuration, and those said by hand."""

from __future__ import annotations

from siaga.config import Config
from storage.database import Database
from storage.maintenance import Window, Windows


def all_windows(config: Config, database: Database) -> tuple[Window, ...]:
    """Every window, past ones too: the KPI of an old day needs them."""
    planned = (Window(target=m.target, from_=m.from_, to=m.to, reason=m.reason) for m in config.maintenance)
    return (*planned, *Windows(database).list())
