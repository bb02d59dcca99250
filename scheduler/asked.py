"""A run that somebody waits for: submitted, claimed and played by the one process that was asked."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from probe.outcome import Record
from probe.play import Listener
from probe.reasons import Reason
from probe.words import word
from scheduler.conversation import named
from scheduler.house import CHANNEL_WAIT_S, House
from scheduler.order import Order, new_run_id
from scheduler.run import Done, End, execute, give_up, ignore, record_of
from scheduler.unplayed import unplayed
from storage.database import DatabaseError
from storage.values import Run, RunState

POLL_S: Final = 0.25
"""Between two attempts to get the lease on a target under test."""

log = structlog.get_logger()


async def perform(
    order: Order,
    house: House,
    owner: str,
    *,
    stop: asyncio.Future[Reason] | None = None,
    on_event: Listener = ignore,
) -> Record:
    """Do what the order says, as the worker ``owner``. Raises RefusedError, and that before anything else happened."""
    house.admit(order)
    stop = stop or asyncio.get_running_loop().create_future()
    now = datetime.now(UTC)
    planned = order.planned(new_run_id(now), now, now + timedelta(seconds=CHANNEL_WAIT_S))
    run = Run(planned=planned, state=RunState.QUEUED, owner=owner, started_at=None)
    try:
        await asyncio.to_thread(lambda: house.runs().submit(planned, owner))
        end = await _played(run, order, house, stop, on_event)
    except DatabaseError as error:  # no record, no call: told as our failure, with the sentence that helps
        log.info("the run could not be entered", exc_info=True)
        return record_of(run, order, now, unplayed(Reason.INTERNAL_ERROR, str(error), order.script))
    except Exception as error:
        log.exception("the run could not be entered")
        return record_of(run, order, now, unplayed(Reason.INTERNAL_ERROR, named(error, order.language), order.script))
    if isinstance(end, Done):
        return end.record
    return record_of(run, order, now, unplayed(Reason.LOST, "", order.script))


async def _played(run: Run, order: Order, house: House, stop: asyncio.Future[Reason], on_event: Listener) -> End:
    """Wait for the target a while, but not longer than until somebody stops the run; then play it."""
    until = time.monotonic() + CHANNEL_WAIT_S
    runs, run_id, owner = house.runs(), run.planned.run_id, run.owner or ""
    # an engineer's ad-hoc call belongs to no skill, and whoever dials one address twice at once means it
    lease = order.lease if order.probe is not None else f"run:{run_id}"
    while not stop.done():
        claim = await asyncio.to_thread(runs.claim, run_id, owner, lease, datetime.now(UTC))
        if claim == "claimed":
            return await execute(run, order, house, stop=stop, on_event=on_event)
        if claim == "gone":
            break
        if time.monotonic() >= until:
            detail = word("detail.target_busy", order.language, seconds=f"{CHANNEL_WAIT_S:.0f}")
            return await give_up(run, order, house, Reason.LEASE_BUSY, detail)
        await asyncio.wait({stop}, timeout=POLL_S)
    return await give_up(run, order, house, stop.result() if stop.done() else Reason.LOST)
