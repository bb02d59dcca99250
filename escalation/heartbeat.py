"""The outgoing heartbeat: an address asked while the service is well, so that somebody else notices when it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from escalation.settings import address_of
from escalation.web import NotTakenError, Web
from probe.setting import Secret, SecretUnavailableError

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """Where and how often, of the configuration that holds now; nobody watches when ``url`` is None."""

    url: str | Secret | None
    every_s: float


class Heartbeat:
    """``keep`` runs as long as the service. ``well``: whether it is; while it is not, nothing is sent."""

    def __init__(self, pulse: Callable[[], Pulse], well: Callable[[], bool]) -> None:
        self._pulse = pulse
        self._well = well
        self._web = Web()
        self._failing = False

    async def keep(self) -> None:
        """Beat until cancelled."""
        try:
            while True:
                await self.beat()
                await asyncio.sleep(self._pulse().every_s)
        finally:
            await self._web.close()

    async def beat(self) -> bool:
        """One beat; whether it was taken. Failures are told in the log once per stretch."""
        url = self._pulse().url
        if url is None or not self._well():
            return False
        try:
            await self._web.send("GET", address_of(url))
        except (NotTakenError, SecretUnavailableError, ValueError) as error:
            if not self._failing:
                log.warning("the heartbeat is not taken; who watches us may think that we are down", cause=str(error))
            self._failing = True
            return False
        if self._failing:
            log.info("the heartbeat is taken again")
        self._failing = False
        return True
