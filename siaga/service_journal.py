"""The journal of settings: which configuration held from when on, and which calendar its holidays came from."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version

from siaga.config import Config
from siaga.rest_days import calendar_version
from siaga.service_reload import Changes
from storage.journal import Journal

SUBJECT = "service"


def enter_config(journal: Journal, config: Config, changed: Changes | None = None) -> bool:
    """Enter that a configuration holds from now on, unless it is the one that held already. Raises DatabaseError."""
    last = journal.read("config")
    old = last[-1].body.get("new") if last else None
    made_by = {"version": version("siaga"), "calendar": calendar_version()}
    if old == config.fingerprint and all(last[-1].body.get(key) == value for key, value in made_by.items()):
        return False
    body = {"old": old, "new": config.fingerprint, **made_by, "probes": len(config.probes)}
    if changed is not None:
        body["changes"] = changed.to_json()
    journal.write("config", SUBJECT, body, None, datetime.now(UTC))
    return True
