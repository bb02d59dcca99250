"""One run from the command line: what was judged is told, whatever breaks after it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from probe.observation import Answered, Placed
from probe.reasons import Verdict
from siaga.cli.app import run
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


def test_a_database_that_is_none_is_one_sentence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "siaga.db").write_bytes(b"no database at all " * 100)
    config = tmp_path / "siaga.toml"
    config.write_text(
        f'[storage]\nurl = "sqlite:///{tmp_path}/siaga.db"\nevidence = "{tmp_path}/evidence"\n'
        '[[probe]]\nname = "a"\nchannel = "sip"\nto = "sip:1500@127.0.0.1:9"\nscript = [{ expect = "answer" }]\n',
        "utf-8",
    )
    assert run(["probe", "a", "-c", str(config)]) == 3
    [line] = capfd.readouterr().err.splitlines()
    assert "file is not a database" in line
    assert "Traceback" not in line
