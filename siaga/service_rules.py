"""What the dispatcher asks before a run begins: maintenance, peak mode, courtesy, and whether anybody was there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from scheduler.dispatch import Rules
from scheduler.gate import Limits, Surroundings
from siaga.service_generation import Generation
from siaga.windows import all_windows
from storage.alive import Alive
from storage.database import Database
from storage.peak import Peak
from storage.results import Results
from storage.values import Planned

HOUR: Final = timedelta(hours=1)


def rules(newest: Callable[[], Generation], database: Database, settled: Callable[[], Awaitable[None]]) -> Rules:
    """The rules of whatever configuration is the newest. ``settled`` as in ``Rules``."""
    alive, peak = Alive(database), Peak(database)

    def around(planned: Planned) -> Surroundings:
        config, now = newest().config, datetime.now(UTC)
        held_ms = 0
        if planned.skill is not None:
            results = Results(database, config.storage.evidence)
            held_ms = results.agent_held_ms(planned.service, planned.skill, now - HOUR)
        return Surroundings(
            windows=all_windows(config, database),
            peak=peak.at(now) is not None,
            agent_held_s=held_ms / 1000,
            was_alive=alive.was_alive(planned.due),
        )

    def limits() -> Limits:
        config = newest().config
        return Limits(agent_seconds_per_hour=config.courtesy.agent_seconds_per_hour, every_nth=config.peak.every_nth)

    return Rules(
        needs=lambda planned: newest().needs(planned),
        around=around,
        limits=limits,
        give_up=lambda run: newest().give_up(run),
        settled=settled,
    )
