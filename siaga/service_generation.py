"""One configuration at work in a running service, until the last run that began with it has ended."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from channels.registry import channel_class
from probe.reasons import Reason
from probe.words import word
from scheduler.order import Order
from scheduler.places import NOTHING, Lane, Needs
from scheduler.run import End, execute, give_up
from scheduler.timetable import MANUAL, ProbePlan
from siaga.config import Config
from siaga.parts import Parts, order_of
from siaga.plans import plan_of
from storage.database import Database
from storage.values import Planned, Run

CLOSE_S: Final = 15.0

log = structlog.get_logger()


def planned_probes(config: Config) -> list[ProbePlan]:
    """The probes that are due by themselves, as the clock knows them."""
    return [
        ProbePlan(
            name=probe.name,
            channel=probe.channel,
            plan=plan,
            spread_s=probe.spread_s,
            service=probe.service,
            skill=probe.skill,
        )
        for probe in config.probes
        if (plan := plan_of(config, probe)) is not None
    ]


class Generation:
    """Runs begin with the newest generation and end with their own; an old one is closed when nobody needs it."""

    def __init__(self, config: Config, database: Database, before: Generation | None = None) -> None:
        """Raises SecretMissingError when a trunk's secret is not there."""
        trunks = {probe.trunk for probe in config.probes if probe.enabled and probe.trunk is not None}
        self.config = config
        self.parts = Parts(config, trunks, database)
        self._orders = {p.name: order_of(p, config) for p in config.probes if p.enabled and p.channel != MANUAL}
        # a run that was claimed while its probe was taken out is played all the same: it has a place in the record
        self._before = {} if before is None else before.orders()
        self._playing = 0
        self._retired = False

    def orders(self) -> dict[str, Order]:
        """Of every probe that there ever was, as it was last."""
        return {**self._before, **self._orders}

    def needs(self, planned: Planned) -> Needs:
        """What a run may not share with another. What nobody here can play waits until it expires."""
        order = self._orders.get(planned.probe or "")
        if order is None:
            return NOTHING
        trunk = order.trunk
        lane = None if trunk is None else Lane(trunk, self.config.trunks[trunk].channels)
        return Needs(lease=order.lease, lane=lane)

    async def play(self, run: Run, stop: asyncio.Future[Reason]) -> End:
        """Play a claimed run. Raises KeyError for a probe that there never was."""
        name = run.planned.probe or ""
        order = self._orders.get(name) or self._before[name]
        self._playing += 1
        try:
            # a channel's libraries take half a second to load, and the event loop has none to spare
            await asyncio.to_thread(channel_class, order.channel)
            return await execute(run, order.as_planned(run.planned), self.parts.house, stop=stop)
        finally:
            self._playing -= 1
            await self._close_when_done()

    async def give_up(self, run: Run) -> bool:
        """Enter a run whose target was busy until it expired; False for a probe that there never was."""
        order = self.orders().get(run.planned.probe or "")
        if order is None:
            return False
        waited_s = (run.planned.expires - run.planned.due).total_seconds()
        detail = word("detail.target_busy", order.language, seconds=f"{waited_s:.0f}")
        await give_up(run, order.as_planned(run.planned), self.parts.house, Reason.LEASE_BUSY, detail)
        return True

    async def retire(self) -> None:
        """No more runs begin; the engines end with the last one that plays."""
        self._retired = True
        await self._close_when_done()

    async def _close_when_done(self) -> None:
        if not self._retired or self._playing:
            return
        try:
            await asyncio.wait_for(self.parts.close(), CLOSE_S)
        except Exception:  # what was played has its result; engines end with us at the latest
            log.exception("the engines of an old configuration could not be ended")
