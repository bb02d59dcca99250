"""``siaga serve``: the parts of the service in the order in which they begin; they end in the reverse order."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import structlog
from sqlalchemy import text

from probe.reasons import Reason
from probe.words import word
from scheduler.accounting import Accounting
from scheduler.clock import Clock
from scheduler.dispatch import LocalDispatcher
from scheduler.run import End
from scheduler.worker import Worker
from siaga.config import Config, ConfigError
from siaga.config_secrets import secret_values
from siaga.parts import SecretMissingError, open_database
from siaga.redaction import hide
from siaga.service_generation import Generation, planned_probes
from siaga.service_health import EVERY_S, Watch
from siaga.service_journal import enter_config
from siaga.service_nightly import Nightly
from siaga.service_notify import Notifier, watchdog_s
from siaga.service_operators import heartbeat, operators
from siaga.service_recordings import unlistenable
from siaga.service_reload import changes, reread
from siaga.service_rules import rules
from siaga.service_signals import Orders
from siaga.service_tasks import Background
from siaga.windows import enter_windows
from storage.alive import Alive
from storage.database import Database, DatabaseError
from storage.journal import Journal
from storage.plans import Plans
from storage.values import Run

log = structlog.get_logger()


class Service:
    """Everything that runs inside one ``siaga serve``."""

    def __init__(self, config: Config, database: Database, orders: Orders, notifier: Notifier) -> None:
        """Raises SecretMissingError."""
        self._database = database
        self._generation = Generation(config, database)
        self._orders = orders
        self._notifier = notifier
        self._journal = Journal(database)
        self._ills: list[str] = []

    @property
    def config(self) -> Config:
        """What new runs begin with."""
        return self._generation.config

    async def run(self) -> bool:
        """Serve until told to stop, then drain. False when a part failed and only a fresh start can help."""
        runs, alive = self._generation.parts.runs(), Alive(self._database)
        await asyncio.to_thread(enter_config, self._journal, self.config)
        await asyncio.to_thread(enter_windows, self.config, self._database)
        try:
            async with (
                Worker(runs, alive=alive) as worker,
                Background(self._orders.stop.set) as background,
                Accounting(
                    runs,
                    Plans(self._database),
                    alive,
                    worker,
                    journal=self._journal,
                    on_submitted=lambda planned: dispatcher.offer(planned),  # noqa: PLW0108 - made after it
                ) as accounting,
                LocalDispatcher(
                    runs,
                    worker,
                    self._play,
                    rules(lambda: self._generation, self._database, accounting.settled),
                    max_parallel=self.config.service.max_parallel,
                ) as dispatcher,
            ):
                async with Clock(accounting.submit, accounting.missed, timepiece=worker.timepiece) as clock:
                    background.keep(self._watch(clock))
                    background.keep(operators(lambda: self._generation, self._database, worker).keep())
                    background.keep(heartbeat(lambda: self._generation, lambda: not self._ills).keep())
                    background.keep(Nightly(lambda: self.config, self._database).keep())
                    await self._plan(accounting, clock)
                    background.keep(self._reload_when_told(accounting, clock, dispatcher))
                    self._notifier.ready(self._status())
                    log.info("ready", probes=len(self.config.probes), config=self.config.fingerprint)
                    await self._orders.stop.wait()
                await self._drain(dispatcher)
        finally:
            await self._generation.retire()
        return not background.failed

    async def _play(self, run: Run, stop: asyncio.Future[Reason]) -> End:
        return await self._generation.play(run, stop)

    async def _plan(self, accounting: Accounting, clock: Clock) -> None:
        """From now on the probes of the newest configuration are due; what was missed before is entered first."""
        probes, now = planned_probes(self.config), datetime.now(UTC)
        await accounting.replace(probes, now, self.config.fingerprint)
        clock.replace(probes, now)
        await accounting.settled()

    async def _watch(self, clock: Clock) -> None:
        def ticked_at() -> float:
            return time.monotonic() if self._orders.stop.is_set() else clock.ticked_at

        def ask() -> None:
            with self._database.read() as connection:
                connection.execute(text("SELECT 1"))

        def told(ills: list[str]) -> None:
            self._ills = ills
            said = word("service.ill", self.config.general.language, ills="; ".join(ills)) if ills else self._status()
            self._notifier.status(said)

        patience_s = watchdog_s()
        await Watch(ticked_at, ask, self._notifier.well, told).keep(min(EVERY_S, (patience_s or 60.0) / 4))

    # --- reload ----------------------------------------------------------------------------------------------------

    async def _reload_when_told(self, accounting: Accounting, clock: Clock, dispatcher: LocalDispatcher) -> None:
        while True:
            await self._orders.reload.wait()
            self._orders.reload.clear()
            self._notifier.reloading()
            try:
                old, new = self._generation, await self._read_again()
            except ConfigError as error:
                self._refuse([str(wrong) for wrong in error.errors])
                continue
            except (SecretMissingError, DatabaseError) as error:
                self._refuse([str(error)])
                continue
            self._generation = new
            await self._plan(accounting, clock)
            dispatcher.places.max_parallel = self.config.service.max_parallel
            dispatcher.notify()
            await old.retire()
            self._notifier.ready(self._status())
            log.info("reloaded", config=self.config.fingerprint, **changes(old.config, new.config).to_json())

    async def _read_again(self) -> Generation:
        """Everything that can be wrong is found before anything changes."""
        config = await asyncio.to_thread(reread, self.config, self.config.path)
        if wrong := await asyncio.to_thread(unlistenable, config):
            raise ConfigError(wrong)
        hide(secret_values(config))
        new = Generation(config, self._database, self._generation)
        await asyncio.to_thread(enter_config, self._journal, config, changes(self.config, config))
        await asyncio.to_thread(enter_windows, config, self._database)
        return new

    def _refuse(self, wrong: list[str]) -> None:
        for line in wrong:
            log.error("new configuration refused, the old one stays", wrong=line)
        said = word("service.refused", self.config.general.language, count=len(wrong), first=wrong[0])
        self._notifier.ready(said)

    # --- the end ---------------------------------------------------------------------------------------------------

    async def _drain(self, dispatcher: LocalDispatcher) -> None:
        """What is played may end within ``drain_s``; told to stop a second time, it ends now."""
        language, drain_s = self.config.general.language, self.config.service.drain_s
        self._notifier.stopping(
            word("service.stopping", language, running=dispatcher.playing, seconds=f"{drain_s:.0f}")
        )
        log.info("stopping", running=dispatcher.playing, drain_s=drain_s)
        draining = asyncio.ensure_future(dispatcher.drain(drain_s))
        hurry = asyncio.ensure_future(self._orders.hurry.wait())
        try:
            await asyncio.wait({draining, hurry}, return_when=asyncio.FIRST_COMPLETED)
            if not draining.done():
                self._notifier.status(word("service.hanging_up", language, running=dispatcher.playing))
                await dispatcher.drain(0.0)
            await draining
        finally:
            hurry.cancel()
        log.info("drained")

    def _status(self) -> str:
        count, short = len(planned_probes(self.config)), self.config.fingerprint[:12]
        return word("service.ready", self.config.general.language, probes=count, config=short)


async def serve(config: Config) -> bool:
    """Run the service of a configuration. Raises DatabaseError, SecretMissingError, ConfigError before it stands."""
    orders, notifier = Orders(), Notifier()
    if wrong := await asyncio.to_thread(unlistenable, config):
        raise ConfigError(wrong)
    database = await asyncio.to_thread(open_database, config)
    try:
        return await Service(config, database, orders, notifier).run()
    finally:
        await asyncio.to_thread(database.close)
