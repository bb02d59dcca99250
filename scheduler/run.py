"""The one run path: every way of starting a test (command line, service, remote worker) ends here.

dial guard → budget → trunk channel → conversation → judgement → evidence → Record. Whatever goes wrong on the way, the
conversation ends, the trunk channel is given back and there is a Record. Only a refused number raises, before anything
is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import structlog

from probe.conclude import conclude
from probe.outcome import Outcome, Record
from probe.play import Listener, play
from probe.reasons import Reason
from probe.session import Channel, Report, Session, Target
from probe.walk import Walk
from probe.words import sentence
from scheduler.order import Order, new_run_id
from scheduler.unplayed import unplayed

CLOSE_S: Final = 15.0
"""A session promises to close within a few seconds; past this the run ends without its report."""

log = structlog.get_logger()


class NotNowError(Exception):
    """The run cannot be played now for a reason on our side; it becomes an inconclusive Record."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What the run path needs of its surroundings; the composition root puts it together."""

    channel: Callable[[str], Channel]
    """The channel behind a ``channel`` word."""
    admit: Callable[[Order], str]
    """The dial guard: what to dial for the order's ``to``. Raises its refusal for what must not be dialled."""
    leave: Callable[[Order, str], AbstractAsyncContextManager[None]]
    """Budget and trunk channel, held while the conversation lasts. Raises NotNowError on entry."""
    folder: Callable[[str, datetime], Path]
    """Makes the empty evidence folder of a run from its id and start."""
    keep: Callable[[Record, Path], Record]
    """Stores a finished run and returns it with its own result file among the evidence."""
    close: Callable[[], Awaitable[None]]
    """Gives back what the runs left running (engines, database), in their event loop, after the last of them."""


async def run(
    order: Order,
    house: House,
    *,
    stop: asyncio.Future[Reason] | None = None,
    on_event: Listener = lambda _: None,
) -> Record:
    """Do what the order says. Raises only what ``house.admit`` raises, and that before anything was sent."""
    address = house.admit(order)
    run_id, started = new_run_id(), datetime.now(UTC)
    with structlog.contextvars.bound_contextvars(run_id=run_id, probe=order.probe):
        log.info("run started", channel=order.channel, trigger=order.trigger)
        folder: Path | None = None
        try:
            folder = await asyncio.to_thread(house.folder, run_id, started)
            outcome = await _play(order, house, _target(order, address, run_id, folder), stop, on_event)
        except NotNowError as no:
            outcome = unplayed(no.reason, no.detail, order.script)
        except Exception as error:  # our own mistake is a result too: it must never read as the target's
            log.exception("run failed inside siaga")
            outcome = unplayed(Reason.INTERNAL_ERROR, _named(error), order.script)
        record = _record(order, run_id, started, outcome)
        record = record if folder is None else await _kept(record, order, house, folder)
        log.info("run ended", verdict=record.outcome.verdict, reason=record.outcome.reason)
        return record


def _target(order: Order, address: str, run_id: str, folder: Path) -> Target:
    return Target(
        run_id=run_id,
        to=address,
        trunk=order.trunk,
        from_=order.from_,
        prompts=order.prompts,
        sounds=order.sounds,
        record=order.record,
        cap_s=order.cap_s,
        evidence=folder,
    )


async def _play(
    order: Order,
    house: House,
    target: Target,
    stop: asyncio.Future[Reason] | None,
    on_event: Listener,
) -> Outcome:
    async with AsyncExitStack() as held:
        await _unless_stopped(held.enter_async_context(house.leave(order, target.run_id)), stop)
        channel = house.channel(order.channel)
        session = await channel.open(target)
        walk: Walk | Exception
        try:
            walk = await play(order.script, session, cap_s=order.cap_s, stop=stop, on_event=on_event)
        except Exception as error:  # close first, then say so: the recording of such a run is worth keeping
            log.exception("the player failed")
            walk = error
        finally:
            report = await _closed(session)
    if isinstance(walk, Exception):
        return replace(
            unplayed(Reason.INTERNAL_ERROR, _named(walk), order.script),
            media=report.media,
            evidence=report.evidence,
        )
    return conclude(walk, report, order.language)


async def _unless_stopped(waiting: Coroutine[None, None, None], stop: asyncio.Future[Reason] | None) -> None:
    """Wait for leave, but not longer than until somebody stops the run. Raises NotNowError then."""
    leave = asyncio.ensure_future(waiting)
    watched: set[asyncio.Future[Any]] = {leave} if stop is None else {leave, stop}
    try:
        await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
    finally:
        leave.cancel()  # without effect on leave that was given
    if stop is not None and stop.done():
        with suppress(asyncio.CancelledError):
            await leave
        raise NotNowError(stop.result(), "")
    await leave


async def _closed(session: Session) -> Report:
    """Close whatever happens around us: a cancelled run must not leave a call up."""
    closing = asyncio.ensure_future(asyncio.wait_for(session.close(), CLOSE_S))
    try:
        return await asyncio.shield(closing)
    except asyncio.CancelledError:
        await asyncio.wait({closing})
        raise
    except Exception:  # our fault, but the judgement of the target stands without the report
        log.exception("the session did not close")
        return Report()


def _record(order: Order, run_id: str, started: datetime, outcome: Outcome) -> Record:
    return Record(
        run_id=run_id,
        probe=order.probe,
        channel=order.channel,
        target=order.to,
        service=order.service,
        skill=order.skill,
        slot=order.slot,
        trigger=order.trigger,
        started_at=started,
        ended_at=max(started, datetime.now(UTC)),
        outcome=outcome,
        message=sentence(outcome, order.language),
    )


async def _kept(record: Record, order: Order, house: House, folder: Path) -> Record:
    try:
        return await asyncio.to_thread(house.keep, record, folder)
    except Exception as error:  # a full disk must not swallow the verdict's place: the run is told as our failure
        log.exception("the result could not be stored")
        failed = replace(
            unplayed(Reason.INTERNAL_ERROR, _named(error)),
            steps=record.outcome.steps,
            evidence=record.outcome.evidence,
        )
        return replace(record, outcome=failed, message=sentence(failed, order.language))


def _named(error: Exception) -> str:
    """The kind of an exception and where it speaks; its text may hold numbers and goes to the log only."""
    return type(error).__name__
