"""What is odd in a valid configuration: secrets not at hand, probes that can never be due."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from probe.setting import Secret, SecretUnavailableError
from probe.setting_errors import Loc, Place
from probe.settings import MAX_EVERY_S, ProbeSettings
from siaga.config_sections import Sections


def warn(parts: Sections) -> Iterator[Place]:
    """Every oddity; none of them keeps a verb from starting unless it needs that very thing."""
    yield from _secrets(parts.storage, ("storage",))
    for name, trunk in parts.trunks.items():
        yield from _secrets(trunk, ("trunk", name))
    for index, probe in parts.probes.items():
        yield from _never_due(parts, probe, ("probe", index))
        yield from _uneven(probe, ("probe", index))
        yield from _capped(probe, ("probe", index))


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
    spans = [span for day in (*hours.week.values(), *hours.except_.values()) for span in day]
    if probe.when == "open" and not spans:
        yield Place((*loc, "hours"), f"never due: [hours.{probe.hours}] has no open span")


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
