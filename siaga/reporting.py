"""From the configuration and the record to the reports: what each of them needs of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from reports.daily import Asked, daily
from reports.material import Material, gather, number_of, revision
from reports.values import DailyReport, KnownProbe, Letterhead, Period, Shift
from siaga.config import Config
from siaga.plans import plans_of
from siaga.windows import all_windows
from storage.database import Database
from storage.journal import Journal
from storage.plans import Plans
from storage.values import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A local day of the centre, ``[start, end)``, and when the report is printed."""

    day: date
    start: datetime
    end: datetime
    printed: datetime


def report_of(config: Config, database: Database, day: Day, version: str, service: str | None = None) -> DailyReport:
    """The daily report; nothing is written down yet."""
    material = material_of(config, database, day)
    number = number_of(day.day, service)
    exports = Journal(database).read(kind="export", subject=number)
    asked = Asked(
        period=Period(
            day=day.day,
            zone=ZoneInfo(config.timezone),
            start=day.start,
            end=day.end,
            printed=day.printed,
            waiting=sum(1 for _ in waiting(config, database, day, material.entries)),
        ),
        service=service,
        head=_letterhead(config),
        shifts=_shifts(config),
        tested=known_probes(config),
        version=version,
        config=config.fingerprint,
    )
    return daily(asked, material, lambda content: revision(exports, content))


def material_of(config: Config, database: Database, day: Day) -> Material:
    """Everything that the record has about the day."""
    names = [probe.name for probe in config.probes]
    windows = all_windows(config, database)
    return gather(database, config.storage.evidence, day.start, day.end, windows, names)


def waiting(config: Config, database: Database, day: Day, entries: Iterable[Entry]) -> Iterator[tuple[str, datetime]]:
    """Slots of the day that were due and have no row: still under way, or nobody has accounted for them yet."""
    plans = plans_of(config)
    spreads = {probe.name: probe.spread_s for probe in config.probes}
    known = {(entry.probe, entry.slot) for entry in entries if entry.slot is not None}
    for planned in Plans(database).all():
        plan = plans.get(planned.probe)
        if plan is None:
            continue
        for slot in plan.slots(max(day.start, planned.since), min(day.end, max(day.printed, day.start))):
            due = plan.start(planned.probe, slot, spreads[planned.probe])
            if slot > planned.since and due <= day.printed and (planned.probe, slot) not in known:
                yield planned.probe, slot


def known_probes(config: Config) -> dict[str, KnownProbe]:
    """What the configuration knows about each probe; the number is ours as the centre sees it."""
    found = {}
    for probe in config.probes:
        trunk = config.trunks.get(probe.trunk or "")
        found[probe.name] = KnownProbe(
            target=probe.to,
            every_s=probe.every,
            pic=probe.pic,
            tester=(trunk.from_ or trunk.username) if trunk is not None else None,
            route=probe.trunk,
        )
    return found


def _shifts(config: Config) -> tuple[Shift, ...]:
    return tuple(
        Shift(name=s.name, from_min=s.interval.start_min, to_min=s.interval.end_min, pic=s.pic, role=s.role)
        for s in config.shifts
    )


def _letterhead(config: Config) -> Letterhead:
    centre = config.centre
    logo: Path | None = centre.logo
    return Letterhead(
        centre=centre.name,
        code=centre.code,
        title=centre.title,
        document_code=centre.document_code,
        revision=centre.revision,
        effective=centre.effective_date,
        logo=logo,
    )
