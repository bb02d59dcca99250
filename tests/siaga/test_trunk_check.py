"""A trunk is believed only when it answers: to OPTIONS, or by the number that always answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from channels.sip import SipChannel
from channels.voice.pool import Pool
from channels.voice.trunk import Trunk
from probe.reasons import Reason
from probe.script import call_script
from probe.words import word
from scheduler.house import NotNowError, RefusedError
from scheduler.order import Order
from siaga import trunk_check
from siaga.trunk_check import TrunkChecks
from tests.channels.voice.uas import Uas, answering
from tests.farends import ports

pytestmark = pytest.mark.asyncio(loop_scope="module")
NUMBER = "+622150009999"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pool() -> AsyncIterator[Pool]:
    engines = Pool("siaga/test")
    yield engines
    await engines.close()


class Office:
    """What the checks need around them, with what they asked for."""

    def __init__(self, trunk: Trunk, pool: Pool | None = None, cache: Path | None = None) -> None:
        self.entered: list[tuple[str, float]] = []
        self.refuses = ""
        self.spent = False
        sip: Any = SipChannel({trunk.name: trunk}, pool, cache)
        self.checks = TrunkChecks({trunk.name: trunk}, admit=self.admit, channel=lambda _: sip, budget=self.budget)

    def admit(self, order: Order) -> str:
        if self.refuses:
            raise RefusedError(self.refuses)
        return order.to

    def budget(self, run_id: str, cap_s: float) -> AbstractAsyncContextManager[None]:
        return self._budget(run_id, cap_s)

    @asynccontextmanager
    async def _budget(self, run_id: str, cap_s: float) -> AsyncIterator[None]:
        if self.spent:
            raise NotNowError(Reason.BUDGET, "60 calls this hour")
        self.entered.append((run_id, cap_s))
        yield


def trunk(port: int, self_check: str = "OPTIONS", name: str = "pstn") -> Trunk:
    return Trunk(name=name, proxy=f"sip:127.0.0.1:{port}", self_check=self_check)


def order(trunk: str | None) -> Order:
    script = call_script((), "answer", 10.0)
    return Order(channel="sip", to="1500", script=script, cap_s=30.0, trunk=trunk, language="en")


async def test_a_trunk_that_answers_options_is_sound_whatever_it_answers() -> None:
    async with Uas(answering) as uas:
        assert await Office(trunk(uas.port)).checks.own_side(order("pstn")) == ""
        assert [request.method for request in uas.requests] == ["OPTIONS"]


async def test_a_dead_trunk_is_told_in_the_language_of_the_order() -> None:
    wrong = await Office(trunk(ports.free())).checks.own_side(order("pstn"))
    assert wrong == word("own_side.trunk_silent", "en", trunk="pstn", cause="Connection refused")


async def test_an_order_without_a_trunk_has_nothing_to_check() -> None:
    assert await Office(trunk(ports.free())).checks.own_side(order(None)) == ""


async def test_a_number_that_answers_proves_the_trunk_and_counts_as_a_call(pool: Pool, tmp_path: Path) -> None:
    async with Uas(answering) as uas:
        office = Office(trunk(uas.port, NUMBER), pool, tmp_path)
        assert await office.checks.own_side(order("pstn")) == ""
        assert f"sip:{NUMBER}@" in uas.requests[0].text.split("\r\n")[0]
        await uas.wait_for("BYE")
    ((run_id, cap_s),) = office.entered
    assert run_id.endswith("-check")
    assert cap_s == trunk_check.CALL_CAP_S


async def test_a_number_that_is_busy_proves_nothing(pool: Pool, tmp_path: Path) -> None:
    async with Uas(lambda uas, invite: [uas.answer(invite, "486 Busy Here")]) as uas:
        wrong = await Office(trunk(uas.port, NUMBER, "busy"), pool, tmp_path).checks.own_side(order("busy"))
    assert wrong == word("own_side.check_call", "en", trunk="busy", cause=word("reason.busy_486", "en"))
    assert NUMBER not in wrong


async def test_a_check_call_that_may_not_be_made_proves_nothing() -> None:
    office = Office(trunk(ports.free(), "110"))
    office.refuses = "110 is an emergency number"
    assert "110 is an emergency number" in await office.checks.own_side(order("pstn"))
    office.refuses, office.spent = "", True
    assert "60 calls this hour" in await office.checks.own_side(order("pstn"))
    assert office.entered == []


async def test_those_who_ask_at_once_share_one_check_and_the_next_one_asks_anew() -> None:
    async with Uas(answering) as uas:
        checks = Office(trunk(uas.port)).checks
        assert await asyncio.gather(*(checks.own_side(order("pstn")) for _ in range(5))) == [""] * 5
        assert len(uas.requests) == 1
        assert await checks.own_side(order("pstn")) == ""
        assert len(uas.requests) == 2


async def test_whoever_waits_for_a_check_that_is_given_up_checks_itself() -> None:
    async with Uas(answering, silent=True) as uas:
        checks = Office(trunk(uas.port)).checks
        first = asyncio.ensure_future(checks.own_side(order("pstn")))
        await uas.wait_for("OPTIONS")
        second = asyncio.ensure_future(checks.own_side(order("pstn")))
        await asyncio.sleep(0)
        uas.silent = False
        first.cancel()
        assert await second == ""
