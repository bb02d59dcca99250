"""An agent is let go after a while, whatever the script still wants; that is no failure of anybody."""

from __future__ import annotations

import asyncio
from typing import Any

from probe.conclude import conclude
from probe.observation import AgentPhase
from probe.outcome import Outcome
from probe.play import play
from probe.reasons import Reason, Stage, Verdict
from probe.script import Step
from probe.session import End, Report
from probe.walk import StepEnd, Walk
from tests.probe.lines import PERSON, Timeline, agent, music, prompt
from tests.probe.test_play import ANSWER, ends, steps
from tests.probe.virtual import TimelineSession, run

TO_AGENT: tuple[dict[str, Any], ...] = ({"expect": "answer"}, {"expect": "agent", "within": "60s"})


def walk(script: tuple[Step, ...], timeline: Timeline, max_agent_s: float | None = 20.0) -> tuple[Walk, float]:
    """Play a script; the walk, and when we hung up."""
    session = TimelineSession([*ANSWER, *timeline])

    async def go() -> Walk:
        return await play(script, session, cap_s=900.0, max_agent_s=max_agent_s)

    walked = run(go())
    return walked, next(at for at, action in session.actions if isinstance(action, End))


def judged(walked: Walk) -> Outcome:
    return conclude(walked, Report(), "en")


def test_an_agent_is_let_go_after_the_onset_and_the_verdict_stays() -> None:
    script = steps(*TO_AGENT, {"expect": "prompt:survei", "within": "60s"}, {"press": "5"}, {"end": True})
    walked, hung_up = walk(script, agent(5.0, *PERSON))
    assert ends(walked) == ["met", "met", "let_go", "let_go", "let_go"]
    assert 25.0 <= hung_up < 25.1
    outcome = judged(walked)
    assert (outcome.verdict, outcome.reason) == (Verdict.PASS, None)
    assert [step.verdict for step in outcome.steps[2:]] == ["not_reached"] * 3
    assert {step.detail for step in outcome.steps[2:]} == {"the agent was let go early, to be free for customers"}


def test_a_slow_agent_stays_slow_when_let_go() -> None:
    script = steps(
        {"expect": "answer"}, {"expect": "agent", "within": "60s", "slow": "2s"}, {"expect": "silence", "within": "60s"}
    )
    outcome = judged(walk(script, agent(5.0, *PERSON))[0])
    assert (outcome.verdict, outcome.reason) == (Verdict.DEGRADED, Reason.SLOW)


def test_without_a_limit_the_script_decides() -> None:
    script = steps(*TO_AGENT, {"expect": "prompt:survei", "within": "60s"}, {"end": True})
    walked, hung_up = walk(script, [*agent(5.0, *PERSON), *prompt("survei", 40.0)], max_agent_s=None)
    assert ends(walked) == ["met"] * 4
    assert hung_up > 40.0


def test_what_is_over_in_time_is_not_touched() -> None:
    walked, _ = walk(steps(*TO_AGENT, {"play": "pemberitahuan"}, {"end": True}), agent(5.0, *PERSON))
    assert ends(walked) == ["met"] * 4


def test_an_agent_confirmed_late_is_let_go_at_once_and_the_end_of_the_script_is_its_end() -> None:
    walked, hung_up = walk(steps(*TO_AGENT, {"end": True}), agent(5.0, *PERSON, gap_s=22.0))
    assert ends(walked) == ["met", "met", "met"]
    assert 28.5 <= hung_up < 28.7


def test_a_suspicion_does_not_end_a_call() -> None:
    walked, hung_up = walk(
        steps({"expect": "answer"}, {"expect": "agent", "within": "100s"}),
        [*agent(5.0, AgentPhase.SUSPECTED, AgentPhase.RETRACTED), *agent(60.0, *PERSON)],
    )
    assert ends(walked) == ["met", "met"]
    assert hung_up > 60.0


def test_an_agent_who_comes_before_the_script_waits_for_one_is_let_go_and_nobody_is_judged() -> None:
    script = steps({"expect": "answer"}, {"press": "1"}, {"expect": "music", "within": "60s"}, {"expect": "agent"})
    walked, hung_up = walk(script, [*agent(5.0, *PERSON), *music(50.0)])
    assert walked.steps[2].end is StepEnd.STOPPED
    assert 25.0 <= hung_up < 25.1
    outcome = judged(walked)
    assert (outcome.verdict, outcome.stage, outcome.reason) == (
        Verdict.INCONCLUSIVE,
        Stage.PROBE,
        Reason.COURTESY,
    )


def test_a_far_end_that_takes_no_action_does_not_hold_its_agent() -> None:
    session = TimelineSession([*ANSWER, *agent(5.0, *PERSON)], acts_hang=True)

    async def go() -> Walk:
        return await asyncio.wait_for(play(steps(*TO_AGENT, {"play": "x"}), session, cap_s=900, max_agent_s=20), 30)

    assert ends(run(go())) == ["met", "met", "let_go"]
