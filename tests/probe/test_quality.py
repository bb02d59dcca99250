"""How a line must sound: what is measured against the limits, and what becomes of the verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.conclude import conclude
from probe.judge import judge
from probe.observation import Unheard
from probe.outcome import MediaFigures, SoundFigures
from probe.quality import Measured, QualityLimits, poor
from probe.reasons import Judged, Owner, Reason, Stage, Verdict
from probe.session import Report
from probe.walk import Walk
from tests.probe.lines import PERSON, agent
from tests.probe.test_judge import MENU
from tests.probe.test_play import ANSWER, WALK_TO_AGENT, steps, walk

GOOD = MediaFigures(codec="PCMA", packets=990, lost=10, jitter_ms=1.0, rtt_ms=4.0, mos=4.2)
CLEAR = SoundFigures(level_dbm0=-20.0, clipped=0.001)


def passed() -> Walk:
    return walk(WALK_TO_AGENT, MENU, agent(5.0, *PERSON))[0]


@pytest.mark.parametrize(
    ("measured", "sentence"),
    [
        (Measured(media=replace(GOOD, mos=3.59)), "MOS 3.59, limit 3.60; 1.0 % of the packets lost"),
        (Measured(media=replace(GOOD, mos=3.8), usual_mos=4.35), "MOS 3.80, usually 4.35; 1.0 % of the packets lost"),
        (Measured(media=GOOD, sound=replace(CLEAR, level_dbm0=-41.0)), "too quiet: -41 dBm0, limit -40 dBm0"),
        (Measured(media=GOOD, sound=replace(CLEAR, level_dbm0=-4.0)), "too loud: -4 dBm0, limit -5 dBm0"),
        (
            Measured(media=GOOD, sound=replace(CLEAR, clipped=0.05)),
            "clipped: 5.0 % of the samples at the peak, limit 2 %",
        ),
    ],
)
def test_a_call_that_went_well_on_a_poor_line_is_degraded(measured: Measured, sentence: str) -> None:
    found = judge(passed(), measured)
    assert (found.verdict, found.stage, found.reason, found.owner) == (
        Verdict.DEGRADED,
        Stage.MEDIA,
        Reason.QUALITY_LOW,
        Owner.IOC,
    )
    assert found.detail.say("en") == sentence
    assert (found.accessibility, found.availability) == (Judged.OK, Judged.OK)


@pytest.mark.parametrize(
    "measured",
    [
        Measured(),
        Measured(media=GOOD, sound=CLEAR, usual_mos=4.4),
        Measured(media=replace(GOOD, mos=None), sound=SoundFigures(), usual_mos=4.4),
        Measured(media=replace(GOOD, mos=3.6)),
    ],
)
def test_a_good_line_and_one_of_which_nothing_is_known_pass(measured: Measured) -> None:
    assert judge(passed(), measured).verdict is Verdict.PASS


def test_the_limits_are_those_of_the_configuration() -> None:
    measured = Measured(media=GOOD, sound=CLEAR)
    assert judge(passed(), measured, QualityLimits(mos=4.3)).reason is Reason.QUALITY_LOW
    assert judge(passed(), measured, QualityLimits(quiet_dbm0=-10.0)).reason is Reason.QUALITY_LOW


def test_slow_comes_before_poor_sound() -> None:
    slow = steps({"expect": "answer", "slow": "500ms"})
    assert judge(walk(slow, ANSWER)[0], Measured(media=replace(GOOD, mos=1.0))).reason is Reason.SLOW


def test_a_failure_stays_what_it_is_on_a_poor_line() -> None:
    walked = walk(WALK_TO_AGENT, MENU, [])[0]
    poor_line = Measured(media=replace(GOOD, mos=1.0))
    assert judge(walked, poor_line).reason is judge(walked).reason is not Reason.QUALITY_LOW


def test_what_our_own_machine_had_no_time_for_says_nothing_about_the_line() -> None:
    walked = passed()
    deaf = replace(walked, log=(*walked.log, Unheard(at=3.0, lost_s=0.5)))
    assert judge(deaf, Measured(media=replace(GOOD, mos=1.0))).verdict is Verdict.PASS


def test_the_report_of_a_session_is_what_is_judged() -> None:
    report = Report(media=GOOD, sound=replace(CLEAR, level_dbm0=-2.0))
    assert conclude(passed(), report).reason is Reason.QUALITY_LOW
    assert conclude(passed(), Report(media=GOOD), "en", usual_mos=4.9).detail.startswith("MOS 4.20, usually 4.90")


@given(
    mos=st.none() | st.floats(1, 4.5),
    usual=st.none() | st.floats(1, 4.5),
    level=st.none() | st.floats(-90, 6),
    clipped=st.none() | st.floats(0, 1),
)
def test_a_line_is_poor_exactly_when_a_figure_is_beyond_its_limit(
    mos: float | None, usual: float | None, level: float | None, clipped: float | None
) -> None:
    limits = QualityLimits()
    beyond = [
        mos is not None and mos < limits.mos,
        mos is not None and usual is not None and mos < usual - limits.mos_drop,
        level is not None and not limits.quiet_dbm0 <= level <= limits.loud_dbm0,
        clipped is not None and 100 * clipped > limits.clipped_percent,
    ]
    sound = SoundFigures(level_dbm0=level, clipped=clipped)
    found = poor(Measured(media=replace(GOOD, mos=mos), sound=sound, usual_mos=usual), limits)
    assert (found is not None) is any(beyond)
