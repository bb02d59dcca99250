"""Whether a run begins: maintenance before lateness before peak before courtesy, and never out of its time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.outcome import Trigger
from scheduler.gate import Cut, GiveUp, Limits, Miss, Start, Surroundings, Wait, decide
from scheduler.peak import stays
from scheduler.timetable import MANUAL, MANUAL_PATIENCE, grace_of
from storage.maintenance import Window
from storage.values import Cause, Planned
from tests.scheduler.plans import HALF_HOUR, SLOT, by_hand, scheduled

LIMITS = Limits(agent_seconds_per_hour=600, every_nth=2)
RUN = scheduled()
ON_TIME = RUN.due + timedelta(seconds=1)
STAYS = SLOT if stays(SLOT, HALF_HOUR, 2) else SLOT + HALF_HOUR


def window(target: str = "ivr", run: Planned = RUN) -> Window:
    return Window(target=target, from_=run.due, to=run.due + timedelta(seconds=1), reason="IVR baru")


def test_a_run_in_good_time_begins() -> None:
    assert decide(RUN, ON_TIME, Surroundings(), LIMITS) == Start()


def test_a_run_before_its_time_waits_for_it() -> None:
    assert decide(RUN, RUN.due - timedelta(seconds=3), Surroundings(), LIMITS) == Wait(RUN.due)


@pytest.mark.parametrize("target", ["ivr", "inbound", "sip"])
def test_maintenance_of_the_probe_its_service_or_its_channel_lets_it_be_missed(target: str) -> None:
    around = Surroundings(windows=(window(target),))
    assert decide(RUN, ON_TIME, around, LIMITS) == Miss(Cause.MAINTENANCE)


def test_maintenance_is_asked_for_the_time_it_was_due_and_not_for_now() -> None:
    after = Window(target="ivr", from_=RUN.due + timedelta(seconds=1), to=RUN.expires, reason="")
    assert decide(RUN, ON_TIME, Surroundings(windows=(after,)), LIMITS) == Start()
    assert decide(RUN, ON_TIME, Surroundings(windows=(window("other"),)), LIMITS) == Start()


def test_maintenance_tells_the_cause_even_when_nobody_was_there() -> None:
    around = Surroundings(windows=(window(),), was_alive=False)
    assert decide(RUN, RUN.expires, around, LIMITS) == Miss(Cause.MAINTENANCE)


@pytest.mark.parametrize(
    ("waited", "was_alive", "cause"),
    [(False, False, Cause.DOWN), (False, True, Cause.LATE), (True, True, Cause.BUSY), (True, False, Cause.BUSY)],
)
def test_an_expired_run_says_why_it_did_not_begin(waited: bool, was_alive: bool, cause: Cause) -> None:
    assert decide(RUN, RUN.expires, Surroundings(was_alive=was_alive), LIMITS, waited=waited) == Miss(cause)


def test_what_was_queued_while_the_service_was_down_begins_only_within_its_grace() -> None:
    down = Surroundings(was_alive=False)
    limit = RUN.due + grace_of(RUN)
    assert decide(RUN, limit, down, LIMITS) == Start()
    assert decide(RUN, limit + timedelta(seconds=1), down, LIMITS) == Miss(Cause.DOWN)


def test_a_run_that_waits_for_a_busy_target_may_begin_until_it_expires() -> None:
    last = RUN.expires - timedelta(milliseconds=1)
    assert decide(RUN, last, Surroundings(), LIMITS, waited=True) == Start()


@pytest.mark.parametrize("offset", [0, 1])
def test_in_peak_mode_every_second_slot_is_cut_and_the_others_are_left_out(offset: int) -> None:
    run = scheduled(STAYS + offset * HALF_HOUR)
    decision = decide(run, run.due, Surroundings(peak=True), LIMITS)
    assert decision == (Miss(Cause.COURTESY, "peak") if offset else Cut())


def test_a_run_planned_for_peak_mode_is_cut_when_that_is_over() -> None:
    run = scheduled(STAYS, mode="peak")
    assert decide(run, run.due, Surroundings(), LIMITS) == Cut()


def test_agents_who_gave_their_hour_are_left_alone_also_without_the_last_second() -> None:
    assert decide(RUN, ON_TIME, Surroundings(agent_held_s=599.9), LIMITS) == Start()
    assert decide(RUN, ON_TIME, Surroundings(agent_held_s=600), LIMITS) == Miss(Cause.COURTESY)


def test_a_cut_run_reaches_no_agent_and_needs_no_seconds() -> None:
    run = scheduled(STAYS)
    assert decide(run, run.due, Surroundings(peak=True, agent_held_s=9999), LIMITS) == Cut()


@pytest.mark.parametrize("trigger", ["manual", "retest", "cli"])
def test_whoever_asks_by_hand_gets_the_run_whatever_holds_back_the_clock(trigger: Trigger) -> None:
    run = by_hand(trigger)
    around = Surroundings(windows=(window(run=run),), peak=True, agent_held_s=9999, was_alive=False)
    assert decide(run, run.due, around, LIMITS) == Start()
    assert decide(run, run.expires, around, LIMITS) == Miss(Cause.LATE)
    assert decide(run, run.expires, around, LIMITS, waited=True) == GiveUp()


def test_a_test_that_a_person_does_waits_until_the_end_of_the_shift() -> None:
    run = scheduled(channel=MANUAL, expires=SLOT + HALF_HOUR + MANUAL_PATIENCE)
    around = Surroundings(peak=True, agent_held_s=9999, was_alive=False)
    assert decide(run, run.due + timedelta(hours=11), around, LIMITS) == Wait(run.expires)
    assert decide(run, run.expires, around, LIMITS) == Miss(Cause.LATE)
    assert decide(run, ON_TIME, Surroundings(windows=(window("manual"),)), LIMITS) == Miss(Cause.MAINTENANCE)


AROUND = st.builds(
    Surroundings,
    windows=st.sampled_from([(), (window(),)]),
    peak=st.booleans(),
    agent_held_s=st.floats(0, 2000),
    was_alive=st.booleans(),
)


@given(
    run=st.sampled_from(
        [RUN, scheduled(STAYS + HALF_HOUR), scheduled(channel=MANUAL), by_hand(), scheduled(skill=None)]
    ),
    seconds=st.floats(-4000, 60_000),
    around=AROUND,
    waited=st.booleans(),
)
def test_nothing_ever_begins_outside_its_time_and_nothing_waits_for_the_past(
    run: Planned, seconds: float, around: Surroundings, waited: bool
) -> None:
    now = run.due + timedelta(seconds=seconds)
    decision = decide(run, now, around, LIMITS, waited=waited)
    if isinstance(decision, Start | Cut):
        assert run.due <= now < run.expires
        assert run.channel != MANUAL
    if isinstance(decision, Wait):
        assert decision.until > now
    if now >= run.expires:
        assert isinstance(decision, Miss | GiveUp)
    if isinstance(decision, GiveUp):
        assert waited
        assert run.slot is None, "a planned run that waited in vain is missed, not played for nothing"


@given(around=AROUND, seconds=st.floats(0, 60))
def test_without_peak_mode_nothing_is_cut_and_in_it_no_agent_is_asked_for(around: Surroundings, seconds: float) -> None:
    now = RUN.due + timedelta(seconds=seconds)
    assert not isinstance(decide(RUN, now, replace(around, peak=False), LIMITS), Cut)
    assert not isinstance(decide(RUN, now, replace(around, peak=True), LIMITS), Start)
