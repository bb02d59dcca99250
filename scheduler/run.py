"""The one run path: every way of starting a test (command line, service, remote worker) ends here.

submit → claim with the lease on the target → dial guard → trunk channel → budget → conversation → judgement →
evidence → one transaction, which gives the lease back. Whatever goes wrong on the way, the conversation ends, what was
taken is given back, and the record says what became of the run.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

import structlog

from probe.outcome import Outcome, Record
from probe.play import Listener
from probe.reasons import Reason
from probe.session import Target
from probe.words import sentence
from scheduler.conversation import converse, enter, named
from scheduler.house import CHANNEL_WAIT_S, House, NotNowError, RefusedError
from scheduler.order import Order
from scheduler.unplayed import our_fault, unplayed
from storage.database import DatabaseError
from storage.runs import NotOursError
from storage.values import Cause, Entry, Planned, Run

RETRY_S: Final = 1.0
"""Between two attempts to enter a result."""
NOT_TAKEN: Final = (DatabaseError, OSError)
"""A database that may take the same result a second later: busy, full, restarting, out of reach."""
CAUSES: Final = {Reason.LEASE_BUSY: Cause.BUSY, Reason.BUDGET: Cause.BUDGET}
"""Why a planned run of which nothing was played counts as missed; every other reason ends in a result."""

T = TypeVar("T")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Done:
    """The run has its result. ``entry`` is null when the database did not take it: the run is lost, now or later."""

    record: Record
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class Missed:
    """A planned run of which nothing was played."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Gone:
    """The run was no longer ours when its result came: it had been entered as lost. Nothing more was entered."""

    record: Record


End = Done | Missed | Gone


def ignore(_event: object) -> None:
    """The listener of a run that nobody watches."""


async def execute(
    run: Run,
    order: Order,
    house: House,
    *,
    stop: asyncio.Future[Reason] | None = None,
    on_event: Listener = ignore,
) -> End:
    """Play a run that ``run.owner`` has claimed, and enter what came of it. Raises only when cancelled.

    A planned run whose budget or trunk channel is refused before anything was played is missed.
    """
    planned = run.planned
    with structlog.contextvars.bound_contextvars(run_id=planned.run_id, probe=planned.probe):
        log.info("run started", channel=order.channel, trigger=order.trigger)
        started, folder = datetime.now(UTC), None
        try:
            folder = await asyncio.to_thread(house.folder, planned.run_id, started)
            async with AsyncExitStack() as held:
                address = house.admit(order)
                await enter(held, order, house, planned.run_id, _wait_s(run, started), stop)
                started = datetime.now(UTC)
                outcome = await converse(order, house, _target(order, address, planned.run_id, folder), stop, on_event)
        except NotNowError as no:
            if planned.trigger == "schedule" and no.reason in CAUSES:
                return await _missed(run, order, house, folder, no, stop)
            outcome = unplayed(no.reason, no.detail, order.script)
        except RefusedError as no:
            outcome = unplayed(Reason.INTERNAL_ERROR, str(no), order.script)
        except Exception as error:  # our own mistake is a result too: it must never read as the target's
            log.exception("run failed inside siaga")
            outcome = unplayed(Reason.INTERNAL_ERROR, named(error, order.language), order.script)
        return await _told(run, order, house, record_of(run, order, started, outcome), folder, stop)


async def give_up(run: Run, order: Order, house: House, reason: Reason, detail: str = "") -> End:
    """Enter a run that somebody waits for and that cannot be played now: as inconclusive, whoever holds its target.

    ``run`` is submitted and not claimed; ``run.owner`` is who enters it. Gone when somebody else has it.
    """
    now = datetime.now(UTC)
    record = record_of(run, order, now, unplayed(reason, detail, order.script))
    run_id, owner = run.planned.run_id, run.owner or ""
    # a lease on nothing but the run itself: it is not going to touch its target
    if await asyncio.to_thread(house.runs().claim, run_id, owner, f"run:{run_id}", now) != "claimed":
        return Gone(record)
    folder: Path | None = None
    with suppress(Exception):  # without a folder the row alone tells it
        folder = await asyncio.to_thread(house.folder, run_id, now)
    return await _told(run, order, house, record, folder)


def record_of(run: Run, order: Order, started: datetime, outcome: Outcome) -> Record:
    """The Record of a run that ends now."""
    return record_at(run.planned, order, started, max(started, datetime.now(UTC)), outcome)


def record_at(planned: Planned, order: Order, started: datetime, ended: datetime, outcome: Outcome) -> Record:
    """The Record of a run that took place at a known time."""
    return Record(
        run_id=planned.run_id,
        probe=order.probe,
        channel=order.channel,
        target=order.to,
        service=order.service,
        skill=order.skill,
        slot=planned.slot,
        trigger=planned.trigger,
        started_at=started,
        ended_at=ended,
        outcome=outcome,
        message=sentence(outcome, order.language),
    )


def failed_to_store(record: Record, order: Order, detail: str) -> Record:
    """The Record of a run whose result could not be stored: a failure of ours, with what was played."""
    failed = our_fault(record.outcome, Reason.INTERNAL_ERROR, detail)
    return replace(record, outcome=failed, message=sentence(failed, order.language))


def _wait_s(run: Run, now: datetime) -> float:
    """A planned run may wait for its trunk as long as it is not too late; nobody sits in front of it."""
    if run.planned.trigger != "schedule":
        return CHANNEL_WAIT_S
    return max(CHANNEL_WAIT_S, (run.planned.expires - now).total_seconds())


def _target(order: Order, address: str, run_id: str, folder: Path) -> Target:
    return Target(
        run_id=run_id,
        to=address,
        trunk=order.trunk,
        from_=order.from_,
        prompts=order.prompts,
        sounds=order.sounds,
        tones=order.tones,
        record=order.record,
        cap_s=order.cap_s,
        evidence=folder,
    )


async def _told(
    run: Run,
    order: Order,
    house: House,
    record: Record,
    folder: Path | None,
    stop: asyncio.Future[Reason] | None = None,
) -> End:
    """Files first, then the row that names them."""
    record = record if folder is None else await _kept(record, order, house, folder)
    end = await _entered(run, order, house, record, stop)
    outcome = end.record.outcome
    entered = isinstance(end, Done) and end.entry is not None
    log.info("run ended", verdict=outcome.verdict, reason=outcome.reason, entered=entered)
    return end


async def _kept(record: Record, order: Order, house: House, folder: Path) -> Record:
    try:
        return await asyncio.to_thread(house.keep, record, folder)
    except Exception as error:  # a full disk must not swallow the verdict's place: the run is told as our failure
        log.exception("the result could not be stored")
        return failed_to_store(record, order, named(error, order.language))


async def _entered(
    run: Run, order: Order, house: House, record: Record, stop: asyncio.Future[Reason] | None
) -> Done | Gone:
    run_id, owner = run.planned.run_id, run.owner or ""
    try:
        entry = await _patiently(lambda: house.runs().finish(run_id, owner, record), house, stop)
    except NotOursError:
        log.error("the run was entered as lost while it was played")  # noqa: TRY400 - nothing here went wrong
        return Gone(record)
    except Exception as error:  # told as ours: what is not in the record has not been tested
        log.exception("the result could not be entered")
        with suppress(Exception):  # its target is free again at once, if any database is there; else with its worker
            await asyncio.to_thread(house.runs().lose, run_id, owner)
        said = str(error) if isinstance(error, DatabaseError) else named(error, order.language)
        return Done(failed_to_store(record, order, said), None)
    return Done(record, entry)


async def _missed(
    run: Run, order: Order, house: House, folder: Path | None, no: NotNowError, stop: asyncio.Future[Reason] | None
) -> End:
    log.warning("run missed", cause=CAUSES[no.reason], detail=no.detail)
    run_id, cause = run.planned.run_id, CAUSES[no.reason]
    if folder is not None:
        with suppress(OSError):
            await asyncio.to_thread(folder.rmdir)
    try:
        entry = await _patiently(lambda: house.runs().miss(run_id, cause, run.owner), house, stop)
    except Exception as error:  # nothing was played, and the run becomes lost with its worker
        log.exception("a missed run could not be entered")
        record = record_of(run, order, datetime.now(UTC), unplayed(Reason.INTERNAL_ERROR, named(error, order.language)))
        return Done(record, None)
    if entry is None:
        return Gone(record_of(run, order, datetime.now(UTC), unplayed(no.reason, no.detail, order.script)))
    return Missed(entry)


async def _patiently(enter_it: Callable[[], T], house: House, stop: asyncio.Future[Reason] | None) -> T:
    """Try again while the database does not take it; not for long once we were told to end. Raises its last word."""
    began = time.monotonic()
    while True:
        try:
            return await asyncio.to_thread(enter_it)
        except NOT_TAKEN:
            patience_s = CHANNEL_WAIT_S if stop is not None and stop.done() else math.inf
            if time.monotonic() - began >= min(house.patience_s, patience_s):
                raise
            log.warning("the database does not take a result; trying again", exc_info=True)
        await asyncio.sleep(RETRY_S)
