"""What is odd in a valid configuration: secrets not at hand, probes that can never be due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from probe.calendar import OpenTimes, Plan
from probe.setting import Secret, SecretUnavailableError
from probe.setting_errors import Loc, Place
from probe.settings import MAX_EVERY_S, ProbeSettings
from siaga.config_calendar import calendar_warnings
from siaga.config_sections import Sections

_SUNDAY = datetime(2026, 11, 15, tzinfo=UTC)
"""Any week will do: without exceptions each is like the other."""


def warn(parts: Sections) -> Iterator[Place]:
    """Every oddity; none of them keeps a verb from starting unless it needs that very thing."""
    yield from _secrets(parts.storage, ("storage",))
    yield from _secrets(parts.service, ("service",))
    yield from _secrets(parts.notify, ("notify",))
    for name, trunk in parts.trunks.items():
        yield from _secrets(trunk, ("trunk", name))
    for index, probe in parts.probes.items():
        yield from _never_due(parts, probe, ("probe", index))
        yield from _uneven(probe, ("probe", index))
        yield from _capped(probe, ("probe", index))
    yield from _unheard(parts)
    yield from calendar_warnings(parts, datetime.now(ZoneInfo(parts.general.timezone)).date())


def _secrets(setting: BaseModel, loc: Loc) -> Iterator[Place]:
    for name, field in type(setting).model_fields.items():
        secret = getattr(setting, name)
        if isinstance(secret, Secret):
            try:
                secret.value()
            except SecretUnavailableError as error:
                yield Place((*loc, field.alias or name), str(error))


def _never_due(parts: Sections, probe: ProbeSettings, loc: Loc) -> Iterator[Place]:
    if probe.every is None or not probe.enabled:
        return
    if probe.hours is None:
        if probe.when == "closed":
            yield Place((*loc, "when"), "never due: without `hours` it is never closed; set `hours`")
        return
    hours = parts.hours[probe.hours]
    times = OpenTimes(zone=ZoneInfo(hours.timezone or parts.general.timezone), hours=hours)
    plan = Plan(every_s=max(60.0, probe.every), times=times, when=probe.when)
    if not hours.except_ and plan.next_slot(_SUNDAY, within=timedelta(days=8)) is None:
        yield Place((*loc, "hours"), f"never due: no slot falls into the {probe.when} time of [hours.{probe.hours}]")


def _unheard(parts: Sections) -> Iterator[Place]:
    """Calls go on without their text, so this is no mistake."""
    stt = parts.listening.stt
    if stt is None:
        return
    from channels.voice.stt.model import lacking  # of what listens, readers load nothing that nobody asked for

    if wrong := lacking(stt.model):
        yield Place(("listening", "stt", "model"), wrong)


def _uneven(probe: ProbeSettings, loc: Loc) -> Iterator[Place]:
    if probe.every is not None and round(MAX_EVERY_S * 1000) % round(probe.every * 1000):
        yield Place(
            (*loc, "every"),
            "does not divide the day: slots start anew at midnight, so the last gap of a day is shorter",
        )


def _capped(probe: ProbeSettings, loc: Loc) -> Iterator[Place]:
    for index, step in enumerate(probe.script):
        within = getattr(step, "within", 0.0)
        if within >= probe.cap_s:
            message = f"the run ends after {probe.cap_s:g}s, before this deadline; set a longer `cap` on the probe"
            yield Place((*loc, "script", index, "within"), message)
