"""Whether the probes of a configuration fit: on each target, on each trunk, into the service, into the agents' time.

Where it is not plain, the runs of an ordinary week are played on paper, each as long as its ``cap`` lets it be. Only
``siaga check`` and the service ask for this: it may take a moment.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final

from probe.calendar import Plan
from probe.script import expects_agent
from probe.setting_errors import Place
from probe.settings import ProbeSettings
from scheduler.capacity import Asked, busiest, crowd
from siaga.config import Config
from siaga.plans import plan_of

MONDAY: Final = datetime(2026, 11, 9, tzinfo=UTC)
"""Morning in Indonesia. Any week without holidays will do."""
WEEK: Final = timedelta(days=7)
MOST_RUNS: Final = 20_000
"""Half a second's work; of more runs a week only the first days or hours are played."""
MANUAL: Final = "manual"
"""The channel of tests that people do: they take no room."""


@dataclass(frozen=True, kw_only=True)
class _Load:
    """A probe that is planned. ``index`` is its place in the file, ``until`` the end of what is played on paper."""

    index: int
    probe: ProbeSettings
    plan: Plan
    until: datetime

    @property
    def target(self) -> str:
        """As ``Order.lease``: what is tested by one run at a time."""
        probe = self.probe
        return f"skill {'/'.join(filter(None, (probe.service, probe.skill)))}" if probe.skill else probe.to

    @cached_property
    def runs(self) -> tuple[Asked, ...]:
        """The runs of that time."""
        probe, every = self.probe, timedelta(seconds=self.plan.every_s)
        longest = timedelta(seconds=probe.cap_s)
        return tuple(
            Asked(self.plan.start(probe.name, slot, probe.spread_s), slot + every, longest, probe.name)
            for slot in self.plan.slots(MONDAY, self.until)
        )


def capacity_warnings(config: Config) -> Iterator[Place]:
    """A warning for each target, trunk or limit that the longest runs of its probes do not fit into."""
    planned = [
        (index, probe, plan)
        for index, probe in enumerate(config.probes)
        if (plan := plan_of(config, probe)) is not None and probe.channel != MANUAL
    ]
    a_week = sum(WEEK.total_seconds() / plan.every_s for _, _, plan in planned)
    until = MONDAY + WEEK * min(1.0, MOST_RUNS / max(1.0, a_week))
    loads = [_Load(index=index, probe=probe, plan=plan, until=until) for index, probe, plan in planned]
    yield from _targets(loads)
    yield from _trunks(config, loads)
    yield from _service(config, loads)
    yield from _courtesy(config, loads)


def _targets(loads: list[_Load]) -> Iterator[Place]:
    for group in _grouped(
        loads, lambda load: (load.probe.service, load.probe.skill) if load.probe.skill else load.target
    ):
        if told := _told(group, 1):
            shared = f"share {group[0].target}, one test at a time" if len(group) > 1 else "is tested once at a time"
            tightest = min(group, key=lambda load: load.plan.every_s)
            message = f"{_names(group)} {shared}: {told}; set a longer `every` or a shorter `cap`"
            yield Place(("probe", tightest.index, "every"), message)


def _trunks(config: Config, loads: list[_Load]) -> Iterator[Place]:
    for group in _grouped([load for load in loads if load.probe.trunk], lambda load: load.probe.trunk):
        name = group[0].probe.trunk or ""
        channels = config.trunks[name].channels
        if told := _told(group, channels):
            shared = f"{_names(group)} share {channels} channel{'s' * (channels != 1)}: {told}"
            message = f"{shared}; set more `channels`, a longer `every` or a shorter `cap`"
            yield Place(("trunk", name, "channels"), message)


def _service(config: Config, loads: list[_Load]) -> Iterator[Place]:
    rooms = config.service.max_parallel
    if told := _told(loads, rooms):
        message = (
            f"{_names(loads)} share room for {rooms} at once: {told}; set a higher `max_parallel` or a longer `every`"
        )
        yield Place(("service", "max_parallel"), message)


def _told(group: list[_Load], rooms: int) -> str:
    """What goes wrong in the worst case, with the figures; empty when every run finds room before its next slot."""
    together_s = sum(load.probe.cap_s for load in group)
    if all(load.probe.spread_s + together_s / rooms + load.probe.cap_s <= load.plan.every_s for load in group):
        return ""  # each run ends before the next slot of its probe even when all of them came first
    found = crowd((run for load in group for run in load.runs), rooms)
    if not found.missed:
        return ""
    share = sum(load.probe.cap_s / load.plan.every_s for load in group) / rooms
    each = " + ".join(f"{load.probe.cap_s:g}s of {load.plan.every_s:g}s" for load in group[:3])
    days = (group[0].until - MONDAY) / timedelta(days=1)
    return (
        f"the longest runs ({each}{' + …' * (len(group) > 3)}) take {share:.0%} of the time, "
        f"so at worst {found.missed} of {found.asked} runs in {days:.3g} days would be missed (busy)"
    )


def _courtesy(config: Config, loads: list[_Load]) -> Iterator[Place]:
    held_s, limit_s = config.courtesy.max_agent_s, config.courtesy.agent_seconds_per_hour
    reaching = [load for load in loads if load.probe.skill and expects_agent(load.probe.script)]
    for group in _grouped(reaching, lambda load: (load.probe.service, load.probe.skill)):
        if sum(math.ceil(3600 / load.plan.every_s) + 1 for load in group) * held_s <= limit_s:
            continue
        most = busiest([run.due for load in group for run in load.runs], timedelta(hours=1))
        if most * held_s > limit_s:
            message = (
                f"{_names(group)} may take {most} times {held_s:g}s = {most * held_s:g}s of agents' time of "
                f"{group[0].target} in an hour, and [courtesy] agent_seconds_per_hour is {limit_s:g}: what is over it "
                "is missed (courtesy); set a longer `every`, or a higher limit"
            )
            yield Place(("probe", group[0].index, "every"), message)


def _grouped(loads: list[_Load], key: Callable[[_Load], Hashable]) -> list[list[_Load]]:
    groups: dict[Hashable, list[_Load]] = {}
    for load in loads:
        groups.setdefault(key(load), []).append(load)
    return list(groups.values())


def _names(group: list[_Load]) -> str:
    names = [load.probe.name for load in group]
    return ", ".join(names) if len(names) <= 4 else f"{', '.join(names[:3])} and {len(names) - 3} more"
