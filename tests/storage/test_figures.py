"""The arithmetic: nothing is counted twice, nothing is lost, and shares rest on what was judged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.reasons import Verdict
from storage.figures import Line, Share, account, by_line, percentile
from storage.maintenance import Window, inside
from storage.rows import entry_of
from storage.values import Cause, Entry
from tests.storage.entries import NOON, missed, row
from tests.storage.random_entries import rows, windows

HOUR = timedelta(hours=1)


def _entries(made: list[dict[str, Any]]) -> list[Entry]:
    whole = dict.fromkeys(Entry.__dataclass_fields__) | dict.fromkeys(
        "slot_ms at_ms ended_ms pdd_ms setup_ms greeting_ms menu_ms queue_ms agent_ms total_ms agent_held_ms".split()
    )
    chained = {"prev_hash": b"", "hash": b""}
    return [entry_of({**whole, **one, **chained, "seq": number}) for number, one in enumerate(made, 1)]


@given(st.lists(st.integers(-5, 5), min_size=1), st.integers(1, 100))
def test_a_percentile_is_the_least_value_that_so_many_percent_do_not_exceed(values: list[int], percent: int) -> None:
    found = percentile(values, percent)
    assert found in values

    def reaches(value: int) -> bool:
        return sum(v <= value for v in values) * 100 >= percent * len(values)

    assert found is not None
    assert reaches(found)
    assert not any(reaches(value) for value in values if value < found)


@pytest.mark.parametrize(
    ("values", "percent", "found"),
    [([], 50, None), ([7], 1, 7), ([1, 2], 50, 1), ([3, 1, 2], 50, 2), (list(range(1, 11)), 90, 9), ([1, 2], 100, 2)],
)
def test_percentiles_of_few_values_are_those_of_a_table(values: list[int], percent: int, found: int | None) -> None:
    assert percentile(values, percent) == found


@pytest.mark.parametrize("percent", [0, 101])
def test_what_is_no_percentile_is_refused(percent: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 100"):
        percentile([1], percent)


def test_a_share_of_nothing_has_no_percentage() -> None:
    assert Share(0, 0).percent is None
    assert (Share(3, 1).judged, Share(3, 1).percent) == (4, 75.0)


@given(rows(), windows())
def test_planned_is_done_and_lost_and_missed_and_each_verdict_is_of_those_done(
    made: list[dict[str, Any]], maintained: list[Window]
) -> None:
    found = account(_entries(made), inside(maintained))
    assert found.planned == found.done + found.lost + found.missed_all
    assert found.planned + sum(found.apart.values()) == len(made)
    assert sum(found.verdicts.values()) == found.done
    assert found.execution.judged == found.planned - found.left_out
    assert found.accessibility.judged <= found.execution.ok <= found.done
    assert found.availability.judged <= found.execution.ok
    assert found.to_agent <= found.availability.ok
    assert (set(found.missed), set(found.verdicts)) == (set(Cause), set(Verdict))


@given(rows())
def test_the_lines_add_up_to_the_whole(made: list[dict[str, Any]]) -> None:
    entries = _entries(made)
    whole, lines = account(entries), by_line(entries)
    assert sum(line.planned for line in lines.values()) == whole.planned
    assert sum(line.availability.ok for line in lines.values()) == whole.availability.ok
    assert sum(line.to_agent for line in lines.values()) == whole.to_agent


def test_the_golden_day_counts_as_the_rule_says() -> None:
    day = [
        row(1, agent_ms=20_000),
        row(2, NOON + HOUR, agent_ms=40_000, verdict="degraded", stage="queue", reason="slow", owner="ioc"),
        row(3, NOON + 2 * HOUR, verdict="fail", stage="ivr", reason="ivr_silent", owner="ioc", accessibility="not_ok")
        | {"availability": "not_judged", "agent_ms": None},
        row(4, NOON + 2 * HOUR, trigger="retest", retest_of="run-3"),
        row(5, NOON + 3 * HOUR, trigger="manual"),
        missed(6, NOON + 4 * HOUR, Cause.DOWN),
        missed(7, NOON + 5 * HOUR, None),
        missed(8, NOON + 6 * HOUR, Cause.MAINTENANCE),
        row(9, NOON + 7 * HOUR, mode="peak", agent_ms=1_000),
        row(10, NOON + 8 * HOUR, agent_ms=500_000),
        row(11, NOON + 9 * HOUR, verdict="inconclusive", stage="agent", reason="agent_unproven", owner="siaga")
        | {"availability": "not_judged"},
    ]
    repaired = Window(target="inbound", from_=NOON + 8 * HOUR, to=NOON + 9 * HOUR, reason="x", backdated=True)
    found = account(_entries(day), inside([repaired]))
    assert (found.planned, found.done, found.lost) == (9, 6, 1)
    assert {cause: n for cause, n in found.missed.items() if n} == {Cause.DOWN: 1, Cause.MAINTENANCE: 1}
    assert dict(found.verdicts) == {"pass": 3, "degraded": 1, "fail": 1, "inconclusive": 1}
    assert found.left_out == 2
    assert found.execution == Share(5, 2)
    assert found.accessibility == Share(4, 1)
    assert found.availability == Share(2, 0)
    assert (found.to_agent, found.median_ms, found.p90_ms) == (2, 20_000, 40_000)
    assert dict(found.apart) == {"retest": 1, "manual": 1, "cli": 0}


def test_lines_stand_in_order_those_without_a_name_last() -> None:
    lines = [("b", "sip", None), ("b", "sip", "x"), (None, "sip", None), ("a", "wa", "x")]
    made = [row(n, NOON + n * HOUR, service=s, channel=c, skill=k) for n, (s, c, k) in enumerate(lines)]
    assert list(by_line(_entries(made))) == [
        Line("a", "wa", "x"),
        Line("b", "sip", "x"),
        Line("b", "sip", None),
        Line(None, "sip", None),
    ]
