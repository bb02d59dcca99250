"""Times that siaga tells agree with Asterisk's own instants (the campaign ``times`` does it twenty times)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.end_to_end import table, truth
from tests.end_to_end.rows import ANSWER, GREETING, PRESS, Row, agent, pbx
from tests.farends import dialplan
from tests.farends.asterisk import Asterisk

pytestmark = pytest.mark.farend

CALLS = {
    "agen-lokal": dialplan.LOCAL_AGENT + "501",
    "agen-sip": dialplan.SIP_AGENT + "502",
}
ROWS = [Row(name, pbx(number), (ANSWER, GREETING, PRESS, agent(40)), "pass") for name, number in CALLS.items()]


@pytest.fixture(scope="module")
def compared(
    asterisk: Asterisk, telephone: Asterisk, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, list[truth.Compared]]]:
    with table.staged(ROWS, asterisk, tmp_path_factory.mktemp("waktu")) as stage, ThreadPoolExecutor() as pool:
        runs = list(pool.map(lambda row: table.play_one(row, stage), ROWS))
        agents = {"agen-lokal": asterisk, "agen-sip": telephone}
        yield {
            row.name: truth.compare(run.record, row.number, asterisk, agents[row.name])
            for row, run in zip(ROWS, runs, strict=True)
        }


@pytest.mark.parametrize("name", CALLS)
def test_setup_queue_and_time_to_agent_are_true_to_a_quarter_of_a_second(
    name: str, compared: dict[str, list[truth.Compared]]
) -> None:
    wrong = [f"{c.name}: told {c.told_s:.3f} s, true {c.true_s:.3f} s" for c in compared[name] if not c.within]
    assert not wrong
