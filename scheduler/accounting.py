"""The accounts of the planned tests: every slot gets a row, also what nobody was there for.

What was due while no service was alive is entered as missed before anything new begins: at the start, and after any
time that nobody lived through. What slipped through in spite of all is found once a minute.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, Self

import structlog

from probe.outcome import instant
from scheduler.books import SLACK, Book, Missed, Stretches, examine, unaccounted
from scheduler.neighbours import Neighbours
from scheduler.submitter import RETRY_S, Submitter
from scheduler.timepiece import Jump
from scheduler.timetable import ProbePlan
from scheduler.worker import Worker
from storage.alive import Alive
from storage.journal import Journal
from storage.plans import Plans
from storage.runs import CHUNK, Runs
from storage.values import Cause, Planned

__all__ = ["Accounting", "unaccounted"]

EVERY_S: Final = 60.0
ATTEMPTS: Final = 3
"""Names that a missed run may try, should another run of the same second have its name."""

log = structlog.get_logger()


class Accounting:
    """``async with Accounting(…)``: keeps a book for each planned probe, and submits for the clock."""

    def __init__(
        self,
        runs: Runs,
        plans: Plans,
        alive: Alive,
        worker: Worker,
        *,
        journal: Journal | None = None,
        on_submitted: Callable[[Sequence[Planned]], None] = lambda _: None,
    ) -> None:
        """``on_submitted`` is told of runs that were queued, in the event loop. ``journal``: where jumps are noted."""
        self._runs = runs
        self._plans = plans
        self._alive = alive
        self._worker = worker
        self._timepiece = worker.timepiece
        self._journal = journal
        self._submitter = Submitter(runs, worker.timepiece, on_submitted)
        self._neighbours = Neighbours(worker)
        self._books: dict[str, Book] = {}
        self._opened = asyncio.Event()
        self._keeping = asyncio.Lock()
        self._unsettled: set[asyncio.Task[None]] = set()
        self._others: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._timepiece.listen(self._jumped)
        self._spawn(self._each_minute(), self._others)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        for task in (*self._others, *self._unsettled):
            task.cancel()
        with suppress(Exception):  # the next start finds the same
            await self._account(self._timepiece.now(), alone=False)

    async def settled(self) -> None:
        """Returns when the plan is known, and everything missed entered: nothing new begins before."""
        await self._opened.wait()
        while self._unsettled:
            await asyncio.wait(self._unsettled)

    # --- the plan ----------------------------------------------------------------------------------------------

    async def replace(self, probes: Iterable[ProbePlan], since: datetime, config: str | None = None) -> None:
        """From ``since`` on (about now) these are the planned probes; what they lack of the time before is entered.

        That goes on in the background: ``settled`` tells when it is done. ``config``: the fingerprint of their file,
        told to other services on this database. Raises what the database raises.
        """
        wanted = {probe.name: probe for probe in probes}
        async with self._keeping:
            if config is not None:
                await self._worker.tell(config)  # first: whoever is of one mind with us may end what we do not know
            if not self._opened.is_set():
                self._books = await asyncio.to_thread(self._open, wanted, since)
                self._spawn(self._catch_up(since), self._unsettled)
                self._opened.set()
                return
            await self._submitter.flushed()
            await self._worker.made_up_for()
            ended = [book for name, book in self._books.items() if wanted.get(name) != book.probe]
            await asyncio.to_thread(self._enter_missing, ended, since, alone=True)
            fresh = await asyncio.to_thread(self._change, wanted, ended, since)
            ended_names = {book.probe.name for book in ended}
            kept = {name: book for name, book in self._books.items() if name not in ended_names}
            self._books = kept | fresh

    def _open(self, wanted: dict[str, ProbePlan], since: datetime) -> dict[str, Book]:
        self._close_all_but(wanted)
        known = self._open_unknown(wanted, since)
        return {name: Book(probe=probe, until=known.get(name, since)) for name, probe in wanted.items()}

    def _change(self, wanted: dict[str, ProbePlan], ended: Sequence[Book], since: datetime) -> dict[str, Book]:
        """Returns the books of probes that are new or changed."""
        self._close_all_but(wanted)
        changed = {book.probe.name: since for book in ended if book.probe.name in wanted}
        self._plans.advance_all(changed)
        added = {name: probe for name, probe in wanted.items() if name not in self._books}
        # what another service has planned already, by a file that we know only now, we account for from there on
        known = {name: min(until, since) for name, until in self._open_unknown(added, since).items()}
        return {name: Book(probe=wanted[name], until=known.get(name, since)) for name in (*changed, *added)}

    def _open_unknown(self, wanted: Iterable[str], since: datetime) -> dict[str, datetime]:
        """Plan what nobody planned; returns up to when that which somebody did is accounted for."""
        known = {plan.probe: plan.until for plan in self._plans.all()}
        self._plans.open_all(set(wanted) - known.keys(), since)
        return known

    def _close_all_but(self, wanted: Collection[str]) -> None:
        """What is in no file is planned no more; while another service plans by another file, we cannot tell."""
        if ended := self._plans.close_all_but(wanted, self._neighbours.agreed):
            log.warning("planned no more", probes=ended)

    # --- for the clock -----------------------------------------------------------------------------------------

    async def submit(self, name: str, slot: datetime) -> None:
        """Queue the run of a slot, or enter it as late. Returns when the row is there."""
        await self.settled()
        if (book := self._books.get(name)) is None:
            return
        if not await self._submitter.submit(book.probe.planned(slot)):
            await self._enter_late(book.probe, slot)

    def missed(self, name: str, slot: datetime) -> None:
        """The clock could not submit a slot."""
        if book := self._books.get(name):
            self._spawn(self._enter_late(book.probe, slot), self._others)

    async def _enter_late(self, probe: ProbePlan, slot: datetime) -> None:
        late = Missed(probe, probe.due(slot), Cause.LATE)
        try:
            await asyncio.to_thread(self._enter, [late])
        except Exception as error:  # noqa: BLE001 the minutely look finds it again
            log.warning("a missed slot cannot be entered; later again", probe=probe.name, error=str(error))

    # --- looking for what is missing ---------------------------------------------------------------------------

    def _jumped(self, jump: Jump) -> None:
        if jump.gap:
            self._spawn(self._catch_up(jump.to), self._unsettled)
        if self._journal is not None:
            self._spawn(self._note(self._journal, jump), self._others)

    async def _note(self, journal: Journal, jump: Jump) -> None:
        body = {"from": instant(jump.from_), "to": instant(jump.to), "lived_s": round(jump.lived_s, 1)}
        try:
            await asyncio.to_thread(journal.write, "clock", self._worker.owner, body, None, jump.to)
        except Exception as error:  # noqa: BLE001 the log has it as well
            log.warning("a jump of time cannot be noted in the journal", error=str(error))

    async def _catch_up(self, horizon: datetime) -> None:
        """Enter what was due until an instant and passed by; as often as it takes, for nothing begins before."""
        while True:
            try:
                alone = not await asyncio.to_thread(self._worker.others)
                await self._account(horizon, alone=alone)
                return
            except Exception as error:  # noqa: BLE001 a database out of reach: without it nothing begins anyway
                log.warning("missed slots cannot be entered; trying again", error=str(error))
                await asyncio.sleep(RETRY_S)

    async def _each_minute(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.look_through()
            except Exception as error:  # noqa: BLE001 the next minute finds the same
                log.warning("the accounts cannot be looked through", error=str(error))

    async def look_through(self) -> None:
        """Enter what slipped through, and end plans that are in no service's file any more."""
        await self._account(self._timepiece.now(), alone=False)
        async with self._keeping:
            if self._opened.is_set():
                await asyncio.to_thread(self._close_all_but, self._books.keys())

    async def _account(self, horizon: datetime, *, alone: bool) -> None:
        async with self._keeping:
            await self._worker.made_up_for()
            books = list(self._books.values())
            done = await asyncio.to_thread(self._enter_missing, books, horizon, alone=alone)
            self._books |= {book.probe.name: book for book in done}

    def _enter_missing(self, books: Sequence[Book], horizon: datetime, *, alone: bool) -> list[Book]:
        """In a thread: enter what the books lack; returns them brought forward."""
        if not books:
            return []
        since = min(book.until for book in books) - SLACK
        alive = Stretches(self._alive.stretches(since, horizon))
        idle, found = list[Book](), list[tuple[list[Missed], Book]]()
        done = list[Book]()
        for book in books:
            slots = unaccounted(book.probe.plan, book.until, horizon, ())
            if not slots:
                idle.append(book.to(horizon))
                continue
            known = self._runs.slots_with_a_run(book.probe.name, slots[0], slots[-1] + timedelta(milliseconds=1))
            found.append(examine(book, horizon, known, alive, alone=alone))
            if sum(len(missed) for missed, _ in found) >= CHUNK:
                done += self._close(found)
                found = []
        return [*idle, *done, *self._close(found)]

    def _close(self, found: Sequence[tuple[list[Missed], Book]]) -> list[Book]:
        missed = [one for several, _ in found for one in several]
        self._enter(missed)
        self._plans.advance_all({book.probe.name: book.until for _, book in found})
        if missed:
            log.warning("slots missed", count=len(missed), probes=len({one.probe.name for one in missed}))
        return [book for _, book in found]

    def _enter(self, missed: Sequence[Missed]) -> None:
        by_cause = defaultdict[Cause, list[Missed]](list)
        for one in missed:
            by_cause[one.cause].append(one)
        for cause, entering in by_cause.items():
            left = entering
            for attempt in range(ATTEMPTS):
                planned = [one.planned(attempt) for one in left]
                if self._runs.submit_missed(planned, cause) == len(left):
                    break
                left = list(self._without_a_row(left))

    def _without_a_row(self, missed: Iterable[Missed]) -> Iterator[Missed]:
        """Rows that were there already are fine; a name that another run has is tried anew."""
        for one in missed:
            slot = one.due.slot
            if not self._runs.slots_with_a_run(one.probe.name, slot, slot + timedelta(milliseconds=1)):
                yield one

    def _spawn(self, work: Coroutine[None, None, None], tasks: set[asyncio.Task[None]]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
