"""Services with different files on one database: neither ends what only the other knows, and a change loses no slot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from scheduler.accounting import Accounting
from scheduler.neighbours import RETURN_WITHIN
from scheduler.timetable import ProbePlan
from storage.database import Database
from storage.plans import Plans
from storage.runs import Runs
from tests.scheduler.desk import Desk
from tests.scheduler.plans import SLOT, probe_plan
from tests.scheduler.process import STAMP

EVERY = timedelta(minutes=5)
IVR, WA, CHAT = (probe_plan(name, EVERY.total_seconds()) for name in ("ivr", "wa", "chat"))
OLD, NEW = "0" * 64, "f" * 64
STEP = timedelta(seconds=20)


@dataclass
class Shift:
    """One service of several, with what it plans now."""

    desk: Desk
    accounting: Accounting
    probes: dict[str, ProbePlan]
    stack: AsyncExitStack

    async def reload(self, *probes: ProbePlan, config: str) -> None:
        self.probes = {probe.name: probe for probe in probes}
        await self.accounting.replace(probes, self.desk.wall, config)


@dataclass
class House:
    """Services on one database, all living by the same clock."""

    database: Database
    folder: Path
    wall: datetime = SLOT
    shifts: list[Shift] = field(default_factory=list)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self, *probes: ProbePlan, config: str) -> Shift:
        desk = Desk(self.database, Runs(self.database, STAMP, self.folder), self.wall)
        stack = AsyncExitStack()
        accounting = await stack.enter_async_context(desk.open(*probes, config=config))
        shift = Shift(desk, accounting, {probe.name: probe for probe in probes}, stack)
        self.stack.push_async_callback(stack.aclose)
        self.shifts.append(shift)
        return shift

    async def stop(self, shift: Shift) -> None:
        self.shifts.remove(shift)
        await shift.stack.aclose()

    async def until(self, moment: datetime) -> None:
        """Everybody lives until then: looks, beats, submits what is due, and looks through the accounts."""
        while self.wall < moment:
            before, self.wall = self.wall, self.wall + STEP
            for shift in self.shifts:
                shift.desk.pass_by(seconds=STEP.total_seconds())
                shift.desk.timepiece.look()
                await shift.desk.worker.beat()
            for shift in self.shifts:
                for probe in shift.probes.values():
                    for due in probe.dues(before, self.wall):
                        await shift.accounting.submit(probe.name, due.slot)
                if self.wall.second == 0:
                    await shift.accounting.look_through()

    def planned(self) -> set[str]:
        return {plan.probe for plan in Plans(self.database).all()}

    def rows(self) -> Counter[tuple[str | None, datetime | None]]:
        """Every run and every missed slot."""
        runs = Runs(self.database, STAMP, self.folder)
        named = {"ivr", "wa", "chat"}
        day = (SLOT - timedelta(days=1), SLOT + timedelta(days=1))
        return Counter((name, slot) for name in named for slot in runs.slots_with_a_run(name, *day))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.close()


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path / "evidence")


def at(hour: int, minute: int = 0) -> datetime:
    """A time of the day in Jakarta."""
    return SLOT + timedelta(hours=hour - 8, minutes=minute)


def slots(first: datetime, last: datetime) -> list[datetime]:
    return [first + n * EVERY for n in range(round((last - first) / EVERY) + 1)]


async def test_a_change_that_rolls_through_two_services_loses_no_slot_and_plays_none_twice(house: House) -> None:
    async with house.stack:
        first = await house.start(IVR, WA, config=OLD)
        await house.until(at(8, 7))
        second = await house.start(IVR, CHAT, config=NEW)
        assert house.planned() == {"ivr", "wa", "chat"}
        await house.until(at(8, 17))
        assert house.planned() == {"ivr", "wa", "chat"}, "while the first lives by the old file, its plan stays"
        await first.reload(IVR, CHAT, config=NEW)
        assert house.planned() == {"ivr", "chat"}
        await house.until(at(8, 26))
        submitted = [(run.probe, run.slot) for shift in (first, second) for run in shift.desk.submitted]
    expected = {
        *(("ivr", slot) for slot in slots(at(8, 5), at(8, 25))),
        *(("wa", slot) for slot in slots(at(8, 5), at(8, 15))),
        *(("chat", slot) for slot in slots(at(8, 10), at(8, 25))),
    }
    assert Counter(submitted) == Counter(expected), "each slot is queued once, by one of them, and none is missed"
    assert set(house.rows()) == expected


async def test_a_service_that_starts_anew_beside_another_file_keeps_what_it_had_accounted(house: House) -> None:
    """It was the only one that knew its probe, and was away for some minutes: what was due then is not forgotten."""
    async with house.stack:
        first = await house.start(IVR, WA, config=OLD)
        await house.start(IVR, CHAT, config=NEW)
        await house.until(at(8, 3))
        await house.stop(first)
        await house.until(at(8, 8))
        again = await house.start(IVR, WA, config=OLD)
        await house.until(at(8, 9))
        assert ("wa", at(8, 5)) in house.rows(), "its slot of the time without it has a row"
        assert again.desk.submitted == []


async def test_the_plans_of_a_service_that_does_not_return_end_after_a_while(house: House) -> None:
    async with house.stack:
        first = await house.start(IVR, WA, config=OLD)
        await house.start(IVR, config=NEW)
        await house.until(at(8, 2))
        await house.stop(first)
        await house.until(at(8, 2) + RETURN_WITHIN - timedelta(minutes=1))
        assert house.planned() == {"ivr", "wa"}
        await house.until(at(8, 2) + RETURN_WITHIN + timedelta(minutes=1))
        assert house.planned() == {"ivr"}


async def test_alone_or_among_its_like_a_service_ends_what_is_in_no_file(house: House) -> None:
    async with house.stack:
        first = await house.start(IVR, WA, config=OLD)
        await house.stop(first)
        second = await house.start(IVR, CHAT, config=NEW)
        assert house.planned() == {"ivr", "chat"}, "nobody lives who plans the other"
        await house.start(IVR, CHAT, config=NEW)
        await second.reload(IVR, config=OLD)
        assert house.planned() == {"ivr", "chat"}


async def test_the_log_says_once_that_files_differ_and_once_that_they_agree_again(house: House) -> None:
    with capture_logs() as logs:
        async with house.stack:
            await house.start(IVR, WA, config=OLD)
            second = await house.start(IVR, config=NEW)
            await house.until(at(8, 2))
            await second.reload(IVR, WA, config=OLD)
            await house.until(at(8, 4))
    said = [entry["event"] for entry in logs if "configuration" in entry["event"]]
    assert Counter(said) == {
        "another service plans by another configuration; its plans stay": 2,
        "all services plan by one configuration again": 2,
    }, "each of the two for itself"
