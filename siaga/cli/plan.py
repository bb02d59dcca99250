"""``siaga plan``: what is due on a day, and what has come of it so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from siaga.cli.options import ConfigOption, probe_names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from siaga.cli.recorded import Recorded


def plan(
    day: Annotated[
        str | None, typer.Option("--day", metavar="DAY", help="Default: today; yesterday or 2026-11-20.")
    ] = None,
    probe: Annotated[
        str | None, typer.Option(metavar="NAME", autocompletion=probe_names, help="Only this probe.")
    ] = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per slot, nothing else.")] = False,
) -> int:
    """Show the tests that are planned for a day."""
    from datetime import UTC, datetime

    from probe.outcome import instant
    from probe.words import word
    from siaga.cli import say
    from siaga.cli.moments import bounds
    from siaga.cli.moments import day as day_of
    from siaga.cli.recorded import recorded
    from siaga.cli.table import table
    from storage.plans import Plans

    with recorded(config, reading=True) as found:
        now = datetime.now(UTC)
        wanted = day_of(day, "--day", found.zone, now)
        start, end = bounds(wanted, found.zone)
        states = _states(found, start, end)
        due = sorted(_due(found, start, end, probe), key=lambda one: (one[2], one[0]))
        since = {one.probe: one.since for one in Plans(found.database).all()}
        rows = [
            (name, slot, begins, states.get((name, slot)) or _open(slot, begins, since.get(name), now))
            for name, slot, begins in due
        ]
        if as_json:
            for name, slot, begins, state in rows:
                say.out_json({"probe": name, "slot": instant(slot), "due": instant(begins), "state": state})
            return 0
        if not rows:
            say.out(word("plan.none", found.language, day=wanted))
            return 0
        heads = [word(key, found.language) for key in ("plan.slot", "plan.start", "log.probe", "plan.state")]
        say.out(word("plan.head", found.language, day=wanted))
        say.out(table(heads, [_row(found, *row) for row in rows]))
        count = {state: sum(row[3] == state for row in rows) for state in ("done", "missed", "lost")}
        planned = sum(row[3] != "before" for row in rows)
        say.out(word("plan.total", found.language, count=planned, open=planned - sum(count.values()), **count))
    return 0


def _open(slot: datetime, begins: datetime, since: datetime | None, now: datetime) -> str:
    """What a slot without a row is: to come, from before its probe was planned, or still to be accounted for."""
    if begins > now:
        return "due"
    return "unaccounted" if since is not None and slot > since else "before"


def _due(found: Recorded, start: datetime, end: datetime, only: str | None) -> Iterator[tuple[str, datetime, datetime]]:
    """Probe, slot, and when its run is to begin."""
    from siaga.cli.exits import usage
    from siaga.plans import plan_of

    if only is not None and found.config.probe(only) is None:
        known = ", ".join(p.name for p in found.config.probes) or "none"
        raise usage(f"unknown probe {only!r}; {found.config.path} has: {known}")
    for probe in found.config.probes:
        planned = plan_of(found.config, probe) if only in (None, probe.name) else None
        if planned is not None:
            for slot in planned.slots(start, end):
                yield probe.name, slot, planned.start(probe.name, slot, probe.spread_s)


def _states(found: Recorded, start: datetime, end: datetime) -> dict[tuple[str, datetime], str]:
    """What has come of the day's slots: those that ended, and those on their way."""
    from storage.results import Results

    states: dict[tuple[str, datetime], str] = {}
    for entry in Results(found.database, found.evidence).on_day(start, end):
        if entry.probe and entry.slot:
            states[entry.probe, entry.slot] = entry.state.value
    for run in found.runs().live():
        if run.planned.probe and run.planned.slot:
            states[run.planned.probe, run.planned.slot] = run.state.value
    return states


def _row(found: Recorded, name: str, slot: datetime, begins: datetime, state: str) -> list[str]:
    from probe.words import word

    key = f"plan.{state}" if state in ("due", "unaccounted", "before") else f"state.{state}"
    return [
        f"{slot.astimezone(found.zone):%H.%M}",
        f"{begins.astimezone(found.zone):%H.%M.%S}",
        name,
        word(key, found.language),
    ]
