"""The watchdog is fed while the loop runs, the clock ticks and the database answers, and not when one of them fails."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from siaga.service_health import CLOCK_MAX_S, DATABASE_MAX_S, LAG_MAX_S, Answering, Lag, Vitals, Watch


def now() -> float:
    return time.monotonic()


class Fed:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


async def test_a_healthy_service_feeds_the_watchdog_each_time_it_looks() -> None:
    fed = Fed()
    watch = Watch(now, lambda: None, fed)
    await watch.look()
    await watch.look()
    assert fed.times == 2


async def test_a_clock_that_stopped_starves_the_watchdog_until_it_ticks_again() -> None:
    fed, ticked = Fed(), time.monotonic() - CLOCK_MAX_S
    watch = Watch(lambda: ticked, lambda: None, fed)
    assert "clock" in (await watch.look()).ills()[0]
    assert fed.times == 0
    ticked = time.monotonic()
    await watch.look()
    assert fed.times == 1


async def test_a_loop_that_was_blocked_is_late_once_and_then_no_more() -> None:
    lag = Lag()
    watching = asyncio.ensure_future(lag.watch())
    await asyncio.sleep(0)
    threading.Event().wait(1.0)
    await asyncio.sleep(0.05)
    watching.cancel()
    assert lag.worst_s() >= LAG_MAX_S
    assert lag.worst_s() == 0.0


async def test_a_database_that_hangs_is_asked_once_and_its_silence_grows() -> None:
    asked, free = [], threading.Event()

    def ask() -> None:
        asked.append(1)
        free.wait(60)

    answering = Answering(ask)
    try:
        first, second = await answering.silent_s(), await answering.silent_s()
        assert 0 < first < second
        assert len(asked) == 1
    finally:
        free.set()
    assert await answering.silent_s() == 0.0


async def test_a_database_that_refuses_is_silent_until_it_answers() -> None:
    broken = True

    def ask() -> None:
        if broken:
            raise OSError("disk I/O error")

    answering = Answering(ask)
    first = await answering.silent_s()
    assert 0 < first < await answering.silent_s()
    broken = False
    assert await answering.silent_s() == 0.0


@pytest.mark.parametrize(
    ("vitals", "named"),
    [
        (Vitals(lag_s=LAG_MAX_S, clock_s=0, database_s=0), "event loop"),
        (Vitals(lag_s=0, clock_s=CLOCK_MAX_S, database_s=0), "clock"),
        (Vitals(lag_s=0, clock_s=0, database_s=DATABASE_MAX_S), "database"),
    ],
)
def test_what_is_ill_is_named(vitals: Vitals, named: str) -> None:
    [ill] = vitals.ills()
    assert named in ill


def test_just_below_the_limits_all_is_well() -> None:
    below = 0.999
    assert not Vitals(lag_s=LAG_MAX_S * below, clock_s=CLOCK_MAX_S * below, database_s=DATABASE_MAX_S * below).ills()
