"""Who watches siaga itself while it serves: its operators, told of its own trouble, and the outgoing heartbeat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from zoneinfo import ZoneInfo

from escalation.heartbeat import Heartbeat, Pulse
from escalation.operators import Operators
from escalation.webhook import Audience
from scheduler.worker import Worker
from siaga.service_generation import Generation
from siaga.trunk_check import OPTIONS
from storage.alarms import Alarms
from storage.database import Database
from storage.journal import Journal
from storage.results import Results
from storage.tail import Tail

Now = Callable[[], Generation]
"""The configuration at work now: a reload changes it under the watchers."""


def operators(now: Now, database: Database, worker: Worker) -> Operators:
    """The watch over siaga's own side."""

    def audience() -> Audience:
        config = now().config
        return Audience(language=config.general.language, zone=ZoneInfo(config.timezone), webhook=config.notify.webhook)

    def routes() -> Mapping[str, str | None]:
        return {probe.name: probe.trunk for probe in now().config.probes}

    return Operators(
        Alarms(database),
        Results(database, now().config.storage.evidence),
        Tail(database),
        Journal(database),
        audience=audience,
        routes=routes,
        asked=partial(_asked, now),
        files=lambda: files(worker, now().config.fingerprint),
    )


def files(worker: Worker, config: str) -> str:
    """Each living service, as its host, with the file it plans by, where one differs from ours; else empty."""
    others = worker.services()
    if not any(worker.differs(other) for other in others):
        return ""
    named = {f"{service.owner.partition('/')[0]} {service.config[:12]}" for service in others}
    return ", ".join(sorted(named | {f"{worker.owner.partition('/')[0]} {config[:12]}"}))


def heartbeat(now: Now, well: Callable[[], bool]) -> Heartbeat:
    """The sign of life for a watcher elsewhere, given while all is ``well``."""

    def pulse() -> Pulse:
        service = now().config.service
        return Pulse(url=service.heartbeat_url, every_s=service.heartbeat_every)

    return Heartbeat(pulse, well)


def _asked(now: Now) -> Mapping[str, Callable[[], Awaitable[str]]]:
    """The trunks in use that are asked by OPTIONS; a check by a call is kept for when it matters."""
    generation = now()
    config, checks = generation.config, generation.parts.checks
    used = {probe.trunk for probe in config.probes if probe.enabled and probe.trunk is not None}
    asked = sorted(name for name in used if config.trunks[name].self_check == OPTIONS)
    return {name: partial(checks.sound, name, config.general.language) for name in asked}
