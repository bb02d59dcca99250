"""Names of runs sort by time and do not repeat; an order knows what it excludes and what a planned run makes of it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from probe.script import call_script
from scheduler.order import new_run_id, until_agent
from tests.scheduler.house import order

START = datetime(2026, 11, 20, 8, 30, 0, tzinfo=UTC)


def test_a_run_is_named_after_its_second_in_utc() -> None:
    name = new_run_id(START.astimezone())
    assert re.fullmatch(r"20261120T083000Z-[0-9a-z]{6}", name)


def test_names_sort_like_their_instants_down_to_microseconds() -> None:
    instants = [START + timedelta(microseconds=499 * i) for i in range(2004)]
    names = [new_run_id(instant) for instant in instants]
    assert names == sorted(names)


def test_names_given_one_after_the_other_differ() -> None:
    assert len({new_run_id() for _ in range(1000)}) == 1000


def test_a_planned_run_gives_an_order_its_slot_trigger_and_mode() -> None:
    plain = replace(order(call_script(("1",), "agent", 10.0)), probe="ivr", service="inbound", skill="tier-1")
    planned = replace(plain, slot=START, trigger="schedule").planned("run-1", START, START + timedelta(minutes=30))
    assert (planned.run_id, planned.probe, planned.service, planned.skill) == ("run-1", "ivr", "inbound", "tier-1")
    made = plain.as_planned(planned)
    assert made == replace(plain, slot=START, trigger="schedule")
    again = plain.as_planned(replace(planned, slot=None, trigger="retest", retest_of="run-0"))
    assert (again.slot, again.trigger, again.retest_of) == (None, "retest", "run-0")


def test_in_peak_mode_the_script_ends_before_it_asks_for_an_agent() -> None:
    plain = order(call_script(("1",), "agent", 10.0))
    assert [step.text for step in plain.script] == ["expect answer", "press 1", "expect agent", "end"]
    peak = plain.as_planned(replace(plain.planned("run-1", START, START), mode="peak"))
    assert [step.text for step in peak.script] == ["expect answer", "press 1"]
    assert peak.mode == "peak"


def test_a_script_of_nothing_but_an_agent_still_waits_for_the_answer_in_peak_mode() -> None:
    script = tuple(step for step in call_script((), "agent", 10.0) if step.text == "expect agent")
    assert [step.text for step in until_agent(script)] == ["expect answer", "end"]


def test_tests_exclude_each_other_by_skill_and_without_one_by_address() -> None:
    plain = order()
    inbound = replace(plain, service="inbound", skill="tier-1")
    assert inbound.lease == replace(inbound, to="sip:1501@127.0.0.1", probe="another").lease
    assert len({o.lease for o in (plain, inbound, replace(inbound, service="digital"), replace(plain, to="x"))}) == 4
