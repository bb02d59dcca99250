"""Tells alarms to the operators' webhook: at least once each, in order, undelivered ones again until they are taken."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from escalation.notices import Event, message
from escalation.settings import address_of
from escalation.web import NotTakenError, Web
from probe.setting import Secret, SecretUnavailableError
from probe.words import Language
from storage.alarms import Alarm
from storage.values import to_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who is told, and how: of the configuration that holds now."""

    language: Language
    zone: ZoneInfo
    webhook: str | Secret | None = None


def events(alarm: Alarm) -> list[Event]:
    """What the operators were not told yet of an alarm."""
    untold: list[Event] = [] if alarm.told is not None else ["opened"]
    return untold if alarm.over is None or alarm.over_told is not None else [*untold, "recovered"]


def idempotency_key(alarm: Alarm, event: Event) -> str:
    """The same for each attempt to tell the same thing, from whichever service."""
    told = f"{alarm.key}\n{to_ms(alarm.since)}\n{event}"
    return hashlib.sha256(told.encode()).hexdigest()[:32]


class Webhook:
    """The webhook of the configuration that holds now."""

    def __init__(self, web: Web, audience: Callable[[], Audience]) -> None:
        self._web = web
        self._audience = audience

    async def tell(self, alarm: Alarm) -> bool:
        """Tell what is untold of an alarm; False where there is no webhook. Raises NotTakenError."""
        audience = self._audience()
        if audience.webhook is None:
            return False
        try:
            address = address_of(audience.webhook)
        except (SecretUnavailableError, ValueError) as error:
            raise NotTakenError(str(error)) from error
        for event in events(alarm):
            body = message(alarm, event, audience.language, audience.zone)
            headers = {"Idempotency-Key": idempotency_key(alarm, event)}
            await self._web.send("POST", address, body=body, headers=headers)
        return True
