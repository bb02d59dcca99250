"""One run from the command line: signals, progress, the run path, the answer and its exit code."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

from probe.outcome import Record
from probe.play import Listener
from probe.reasons import Reason
from probe.words import printable, sentence
from scheduler.asked import perform
from scheduler.house import House, RefusedError
from scheduler.order import Order, new_run_id
from scheduler.unplayed import unplayed
from scheduler.worker import Worker, new_owner
from siaga.cli import say
from siaga.cli.exits import VERDICTS, Exit, Stop, usage
from siaga.cli.panel import evidence_rows, panel
from siaga.cli.progress import watch
from siaga.cli.signals import stop_request
from siaga.parts import SecretMissingError
from storage.database import DatabaseError


@dataclass(frozen=True, slots=True)
class Prepared:
    """An order and the house it is played in."""

    order: Order
    house: House


def answer(prepare: Callable[[], Prepared], fallback: Order, *, as_json: bool) -> int:
    """Prepare and play one run, print its Record, return the exit code of its verdict. As ``played``."""
    record, order = played(prepare, fallback, quiet=as_json)
    if as_json:
        say.out_json(record.to_json())
    else:
        show(record, order)
    return VERDICTS[record.outcome.verdict]


def played(prepare: Callable[[], Prepared], fallback: Order, *, quiet: bool) -> tuple[Record, Order]:
    """Prepare and play one run: its Record, and the order as it was prepared.

    ``fallback`` describes the run as far as the command line alone tells, for a Record when preparing it failed on us.
    ``quiet``: nothing on a stderr that is no terminal. Raises Stop (64, 78) with nothing on stdout.
    """
    order = fallback
    try:
        prepared = prepare()
        order = prepared.order
        prepared.house.admit(order)  # the run path asks again; here a refusal comes before any screen is up
        record = _play(prepared, quiet=quiet)
    except Stop:
        raise
    except RefusedError as error:
        raise usage(str(error)) from error
    except SecretMissingError as error:
        raise Stop(Exit.CONFIG, str(error)) from error
    except Exception as error:  # noqa: BLE001 - ours, whatever it is: told as data, never as the target's
        _explain(error)
        record = failed_inside(order, error)
    return record, order


def _play(prepared: Prepared, *, quiet: bool) -> Record:
    order = prepared.order
    if quiet and not sys.stderr.isatty():
        return asyncio.run(until_stopped(order, prepared.house))
    progress, screen = watch(tuple(step.text for step in order.script), order.language, order.to)
    with screen:
        return asyncio.run(until_stopped(order, prepared.house, progress))


async def until_stopped(order: Order, house: House, on_event: Listener = lambda _: None) -> Record:
    """Play the order; the first SIGINT or SIGTERM makes it hang up and end as ``interrupted``."""
    [record] = await until_all_stopped([Prepared(order, house)], [on_event])
    return record


async def until_all_stopped(prepared: Sequence[Prepared], listeners: Sequence[Listener]) -> list[Record]:
    """Play all orders at once; the first SIGINT or SIGTERM ends them all."""
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[Reason] = loop.create_future()

    def interrupt() -> None:
        if not stop.done():
            stop.set_result(Reason.INTERRUPTED)

    def wake() -> None:
        loop.call_soon_threadsafe(interrupt)

    stop_request.tell(wake)
    houses = {id(one.house): one.house for one in prepared}
    try:
        async with AsyncExitStack() as at_work:
            owners = {key: await _at_work(house, at_work) for key, house in houses.items()}
            return await asyncio.gather(
                *(
                    perform(one.order, one.house, owners[id(one.house)], stop=stop, on_event=listener)
                    for one, listener in zip(prepared, listeners, strict=True)
                )
            )
    finally:
        stop_request.tell(None)
        for house in houses.values():
            await _closed(house)


async def _at_work(house: House, held: AsyncExitStack) -> str:
    """Be a worker while ``held`` lasts: beat, and sweep what dead ones left. The name of the worker."""
    try:
        worker = Worker(await asyncio.to_thread(house.runs))
        return (await held.enter_async_context(worker)).owner
    except (DatabaseError, OSError) as error:  # whoever submits a run is told why it was not played
        _explain(error)
        return new_owner()


async def _closed(house: House) -> None:
    try:
        await house.close()
    except Exception as error:  # noqa: BLE001 - what was played has been judged and stored: that is what is told
        _explain(error)


def failed_inside(order: Order, error: Exception) -> Record:
    """The Record of a run that our own exception ended before the run path could make one."""
    outcome = unplayed(Reason.INTERNAL_ERROR, type(error).__name__, order.script)
    now = datetime.now(UTC)
    return Record(
        run_id=new_run_id(now),
        probe=order.probe,
        channel=order.channel,
        target=order.to,
        service=order.service,
        skill=order.skill,
        slot=None,
        trigger=order.trigger,
        started_at=now,
        ended_at=now,
        outcome=outcome,
        message=sentence(outcome, order.language),
    )


def show(record: Record, order: Order) -> None:
    """The result panel, on stdout."""
    from rich.console import Console

    console = Console()
    with console.capture() as told:
        console.print(panel(record, order.language))
    say.out(told.get().rstrip("\n"))
    for kind, path in evidence_rows(record, order.language):
        say.out(f"{kind:<14}{printable(path)}")


def _explain(error: Exception) -> None:
    import structlog

    if isinstance(error, DatabaseError):  # a sentence that says what to do; where it was raised is for -v
        say.err(str(error))
        structlog.get_logger().info("siaga failed", exc_info=error)
        return
    structlog.get_logger().error("siaga failed", exc_info=error)
