"""A manual test on its way from the command line into the record, with its remark."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from probe.settings import ProbeSettings
from probe.words import NOTHING, word
from siaga.by_hand import Finding, NoSlotError, NotManualError, Occasion, keep
from siaga.cli import say
from siaga.cli.exits import usage
from siaga.cli.moments import moment
from siaga.cli.recorded import Recorded
from siaga.parts import order_of
from siaga.plans import plan_of
from storage.evidence import EvidenceError
from storage.journal import enter
from storage.results import Results
from storage.values import Entry

LATE: Final = timedelta(minutes=15)
"""A test entered later than this after it was done is marked as entered late."""


def kept(
    found: Recorded,
    probe: str,
    finding: Finding,
    times: tuple[str | None, str | None],
    remark: tuple[str | None, str],
    files: Sequence[Path],
    *,
    as_json: bool,
) -> int:
    """Enter the finding and say so. ``times``: when it was tested, and its slot; ``remark``: what and by whom."""
    now = datetime.now(UTC)
    occasion = _occasion(found, _probe(found, probe), times, now)
    text = {"text": remark[0] or word("record.manual", found.language), "by": remark[1]}

    def also(connection: Connection, entry: Entry, missed: bool) -> None:
        body = {"what": "manual", "late": missed or now - occasion.began > LATE}
        enter(connection, "remark", entry.run_id, body, text, now)

    try:
        day = occasion.began.astimezone(found.zone)
        entry, missed = keep(found.runs(), found.evidence, day, occasion, finding, files, also)
    except NotManualError as error:
        raise usage(word("record.not_manual", found.language, probe=probe, channel=occasion.order.channel)) from error
    except NoSlotError as error:
        near = f"{error.near.astimezone(found.zone):%Y-%m-%dT%H:%M}" if error.near else NOTHING
        raise usage(word("record.no_slot", found.language, probe=probe, slot=times[1], near=near)) from error
    except (OSError, EvidenceError) as error:
        raise usage(f"--evidence: {error}") from error
    _say(found, entry, occasion.slot if missed else None, as_json=as_json)
    return 0


def _probe(found: Recorded, name: str) -> ProbeSettings:
    probe = found.config.probe(name)
    if probe is None:
        known = ", ".join(p.name for p in found.config.probes) or "none"
        raise usage(f"unknown probe {name!r}; {found.config.path} has: {known}")
    return probe


def _occasion(found: Recorded, probe: ProbeSettings, times: tuple[str | None, str | None], now: datetime) -> Occasion:
    at, slot = times
    began = moment(at, "--at", found.zone, now) if at else now
    if began > now:
        raise usage("--at: this test lies in the future")
    return Occasion(
        order=order_of(probe, found.config),
        plan=plan_of(found.config, probe),
        began=began,
        slot=moment(slot, "--slot", found.zone, now) if slot else None,
        now=now,
    )


def _say(found: Recorded, entry: Entry, missed_slot: datetime | None, *, as_json: bool) -> None:
    results = Results(found.database, found.evidence)
    if missed_slot is not None:
        said = f"{missed_slot.astimezone(found.zone):%H.%M}"
        say.err(word("record.late", found.language, slot=said))
    if as_json:
        say.out_json(results.as_json(entry, results.detail(entry.seq), found.language))
    else:
        say.out(word("record.kept", found.language, run=entry.run_id))
