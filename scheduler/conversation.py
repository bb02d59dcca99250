"""The part of a run that the far end notices: leave, conversation, judgement. What was taken is given back."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from typing import Any, Final

import structlog

from probe.conclude import conclude
from probe.kept import kept
from probe.outcome import Evidence, Outcome
from probe.play import Listener, play
from probe.reasons import Reason, Stage, Verdict
from probe.session import Report, Session, Target
from probe.walk import Walk
from probe.words import Language, word
from scheduler.house import House, NotNowError
from scheduler.order import Order
from scheduler.unplayed import our_fault, unplayed
from scheduler.wordings import recordings_of, stood
from storage.database import DatabaseError
from storage.evidence import FULL, EvidenceError, write

CLOSE_S: Final = 15.0
"""A session promises to close within a few seconds; past this the run ends without its report."""
OWN_SIDE_S: Final = 45.0
"""A self-check that takes longer has not passed; one by a call takes 15 s, and may have to wait for another one."""

log = structlog.get_logger()


async def converse(
    order: Order,
    house: House,
    target: Target,
    stop: asyncio.Future[Reason] | None,
    on_event: Listener,
) -> Outcome:
    """Play the order and judge it; the caller holds the leave. Raises for our own mistakes."""
    known = await asyncio.to_thread(stood, order, house)
    channel = house.channel(order.channel)
    session = await channel.open(target)
    walk: Walk | Exception
    try:
        walk = await play(
            order.script,
            session,
            cap_s=order.cap_s,
            max_agent_s=house.max_agent_s,
            stop=stop,
            on_event=on_event,
            stood=known,
        )
    except Exception as error:  # close first, then say so: the recording of such a run is worth keeping
        log.exception("the player failed")
        walk = error
    finally:
        report = await _closed(session)
    if isinstance(walk, Exception):
        failed = unplayed(Reason.INTERNAL_ERROR, named(walk, order.language), order.script)
        return replace(failed, media=report.media, evidence=report.evidence)
    seen = await asyncio.to_thread(_observations, walk, target)
    said = await asyncio.to_thread(recordings_of, walk, order, report.evidence, target.evidence)
    report = replace(report, evidence=(*report.evidence, *seen, *said))
    usual_mos = await _usual_mos(order, house) if report.media is not None else None
    return await _proven(conclude(walk, report, order.language, house.limits, usual_mos), order, house)


def _observations(walk: Walk, target: Target) -> tuple[Evidence, ...]:
    try:
        return (write(target.evidence, "observations.jsonl", kept(walk).encode(), "observations"),)
    except EvidenceError:  # a full disk is told where the result is written; the judgement does not rest on this file
        log.exception("the observations could not be kept")
        return ()


async def enter(
    held: AsyncExitStack, order: Order, house: House, run_id: str, wait_s: float, stop: asyncio.Future[Reason] | None
) -> None:
    """Take leave for as long as ``held`` lasts. Raises NotNowError, also when somebody stops the run meanwhile."""
    await _unless_stopped(held.enter_async_context(house.leave(order, run_id, wait_s)), stop)


async def _proven(outcome: Outcome, order: Order, house: House) -> Outcome:
    """Nobody out there is blamed for what our own way to them may have done."""
    if outcome.verdict is not Verdict.FAIL or outcome.stage is not Stage.ACCESS or order.trunk is None:
        return outcome
    try:
        wrong = await asyncio.wait_for(house.own_side(order), OWN_SIDE_S)
    except Exception as error:  # a check that fails has not passed, whatever it was that failed
        log.exception("the self-check failed")
        wrong = word("detail.self_check_failed", order.language, cause=named(error, order.language))
    return our_fault(outcome, Reason.TRUNK_DOWN, wrong) if wrong else outcome


async def _usual_mos(order: Order, house: House) -> float | None:
    try:
        return await asyncio.to_thread(house.usual_mos, order)
    except DatabaseError:  # the limits hold without it, and the result is entered when the database is back
        log.warning("the record does not tell how the line usually sounds", exc_info=True)
        return None


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


def named(error: Exception, language: Language = "en") -> str:
    """The kind of an exception; its text may hold numbers and goes to the log only. A full disk is called that."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in FULL:
            return word("detail.disk_full", language)
        cause = cause.__cause__
    return type(error).__name__
