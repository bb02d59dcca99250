"""One run from the command line: what was judged is told, whatever breaks after it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from probe.observation import Answered, Placed
from probe.reasons import Verdict
from siaga.cli.running import until_stopped
from tests.scheduler.house import Surroundings, order


async def test_a_house_that_cannot_be_closed_costs_no_verdict(tmp_path: Path) -> None:
    tried = []

    async def broken() -> None:
        tried.append(True)
        raise OSError("an engine cannot be reaped")

    house = replace(Surroundings(tmp_path, (Placed(at=0), Answered(at=0))).house(), close=broken)
    record = await until_stopped(order(), house)
    assert tried
    assert record.outcome.verdict is Verdict.PASS
