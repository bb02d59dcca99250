"""From the configuration to when each probe is due: the one way to a Plan, for clock, log, report and check."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from probe.calendar import OpenTimes, Plan
from probe.settings import ProbeSettings
from siaga.config import Config
from siaga.rest_days import holidays_of


def plan_of(config: Config, probe: ProbeSettings) -> Plan | None:
    """When a probe is due; None for one that is only run on demand, or is switched off."""
    if probe.every is None or not probe.enabled:
        return None
    hours = config.hours[probe.hours] if probe.hours is not None else None
    zone = ZoneInfo((hours.timezone if hours else None) or config.timezone)
    times = OpenTimes(zone=zone, hours=hours, holidays=holidays_of(hours.holidays if hours else None))
    return Plan(every_s=probe.every, times=times, when=probe.when)


def plans_of(config: Config) -> dict[str, Plan]:
    """The plans of all probes that have one, by name."""
    found = {probe.name: plan_of(config, probe) for probe in config.probes}
    return {name: plan for name, plan in found.items() if plan is not None}
