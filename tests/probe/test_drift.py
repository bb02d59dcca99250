"""The wording of a known prompt changed: other words where it always stood, and the rest of the script as before."""

from __future__ import annotations

import pytest

from probe.conclude import conclude
from probe.drift import Change, changes, second_of
from probe.judge import Judgement, judge
from probe.observation import (
    RECORDING,
    Agent,
    AgentPhase,
    Noted,
    Prompt,
    PromptPhase,
    Sound,
    SoundKind,
    Unheard,
)
from probe.reasons import Judged, Owner, Reason, Stage, Verdict
from probe.session import Press, Report
from probe.walk import Walk
from tests.probe.lines import PERSON, Timeline, agent, music, prompt, rtp, speech
from tests.probe.test_play import ANSWER, ends, steps, walk

GREETING, MENU = "expect prompt:salam", "expect prompt:menu"
SCRIPT = steps(
    {"expect": "answer", "within": "10s"},
    {"expect": "prompt:salam", "within": "15s"},
    {"expect": "prompt:menu", "within": "15s"},
    {"press": "1"},
    {"expect": "prompt:tunggu", "within": "8s"},
    {"expect": "agent", "within": "60s"},
)
STOOD = frozenset(step.text for step in SCRIPT)
AFTER_KEY: Timeline = [*prompt("tunggu", 1.0), *music(5.0), *agent(12.0, *PERSON)]
NEW_GREETING: Timeline = [*ANSWER, *speech(2.0, 3.0), *prompt("menu", 5.4)]
NEW_MENU: Timeline = [*ANSWER, *prompt("salam", 2.0), *speech(5.4, 4.0)]


def played(timeline: Timeline, after_key: Timeline | None = None, stood: frozenset[str] = STOOD) -> Walk:
    return walk(SCRIPT, timeline, AFTER_KEY if after_key is None else after_key, stood=stood)[0]


def only(walked: Walk) -> Change:
    [change] = changes(walked)
    return change


def left(name: str, onset: float, at: float, until: float) -> Timeline:
    """A known prompt that goes on with other words from ``at`` to ``until``."""
    return [
        (onset + 1.0, Prompt(at=0, name=name, phase=PromptPhase.CONFIRMED, onset=onset)),
        (at + 0.5, Prompt(at=0, name=name, phase=PromptPhase.DIVERGED, onset=onset, until=at)),
        *speech(at, until - at),
    ]


def found(judged: Judgement) -> tuple[str, str | None, str | None, str | None]:
    return judged.verdict, judged.stage, judged.reason, judged.owner


def test_a_new_greeting_before_the_known_menu_is_degraded_and_says_from_when_to_when() -> None:
    walked = played(NEW_GREETING)
    assert ends(walked) == ["met", "changed", "met", "met", "met", "met"]
    assert found(judge(walked)) == (Verdict.DEGRADED, Stage.IVR, Reason.PROMPT_CHANGED, Owner.IOC)
    assert (only(walked).name, only(walked).onset, only(walked).until) == ("salam", 2.0, 5.0)


def test_the_menu_that_follows_tells_at_once_that_the_greeting_is_over() -> None:
    walked = played(NEW_GREETING)
    assert walked.steps[1].finished == pytest.approx(6.4)  # the menu's confirmation, long before the 15 s are over


def test_after_a_new_menu_the_key_is_pressed_once_the_far_end_waits_for_it() -> None:
    walked, session = walk(SCRIPT, NEW_MENU, AFTER_KEY, stood=STOOD)
    pressed = next(at for at, action in session.actions if isinstance(action, Press))
    assert 12.4 <= pressed < 12.8  # 3 s after its end
    assert found(judge(walked)) == (Verdict.DEGRADED, Stage.IVR, Reason.PROMPT_CHANGED, Owner.IOC)
    assert (only(walked).onset, only(walked).until) == (5.4, 9.4)


def test_words_longer_than_the_deadline_are_waited_for_before_the_key() -> None:
    walked, session = walk(SCRIPT, [*ANSWER, *prompt("salam", 2.0), *speech(5.4, 20.0)], AFTER_KEY, stood=STOOD)
    pressed = next(at for at, action in session.actions if isinstance(action, Press))
    assert 25.4 < pressed < 26.2
    assert judge(walked).reason is Reason.PROMPT_CHANGED


def test_two_new_sentences_with_a_pause_are_one_wording() -> None:
    walked = played([*ANSWER, *speech(2.0, 2.0), *speech(5.0, 2.0), *prompt("menu", 7.5)])
    assert (only(walked).onset, only(walked).until) == (2.0, 7.0)


def test_without_an_earlier_run_that_heard_the_prompt_it_was_not_heard() -> None:
    for stood in (frozenset[str](), STOOD - {GREETING}):
        walked = played(NEW_GREETING, stood=stood)
        assert found(judge(walked))[1:3] == (Stage.IVR, Reason.WRONG_PROMPT)
        walked = played([*ANSWER, *speech(2.0, 3.0)], stood=stood)
        assert found(judge(walked))[1:3] == (Stage.IVR, Reason.PROMPT_NOT_HEARD)


def test_other_words_are_no_new_wording_when_nothing_of_the_rest_comes() -> None:
    walked = played(NEW_MENU, after_key=[])
    assert found(judge(walked)) == (Verdict.FAIL, Stage.IVR, Reason.PROMPT_NOT_HEARD, Owner.IOC)
    assert ends(walked)[2] == "deadline"
    assert changes(walked) == ()


def test_what_fails_later_is_blamed_when_the_rest_was_as_before_until_then() -> None:
    walked = played(NEW_MENU, after_key=[*prompt("tunggu", 1.0), *music(5.0)])
    assert found(judge(walked)) == (Verdict.FAIL, Stage.QUEUE, Reason.AGENT_TIMEOUT, Owner.TEAM_LEADER)
    assert only(walked).name == "menu"


def test_a_known_prompt_in_the_wrong_place_stays_a_failure() -> None:
    skipped = played([*ANSWER, *prompt("menu", 2.0)])
    assert found(judge(skipped))[:3] == (Verdict.FAIL, Stage.IVR, Reason.WRONG_PROMPT)
    before = played([*ANSWER, *prompt("menu", 2.0), *speech(6.0, 3.0)])
    assert found(judge(before))[:3] == (Verdict.FAIL, Stage.IVR, Reason.WRONG_PROMPT)
    strange = played([*ANSWER, *speech(2.0, 3.0), *prompt("tutup", 5.5)])
    assert found(judge(strange))[:3] == (Verdict.FAIL, Stage.IVR, Reason.WRONG_PROMPT)


def test_a_prompt_that_comes_after_all_was_heard_if_it_came_in_time() -> None:
    start: Timeline = [*ANSWER, *speech(2.0, 3.0), *prompt("menu", 5.4)]
    in_time, too_late = played([*start, *prompt("salam", 9.5)]), played([*start, *prompt("salam", 15.5)])
    assert judge(in_time).verdict is Verdict.PASS
    assert found(judge(too_late))[:3] == (Verdict.FAIL, Stage.IVR, Reason.PROMPT_NOT_HEARD)
    assert changes(in_time) == changes(too_late) == ()


def test_silence_means_that_the_far_end_waits_only_where_a_key_is_due() -> None:
    later: Timeline = [*speech(1.0, 2.0), *music(3.5), *prompt("tunggu", 7.0), *agent(15.0, *PERSON)]
    walked = played([*ANSWER, *prompt("salam", 2.0), *prompt("menu", 5.4)], after_key=later)
    assert judge(walked).verdict is Verdict.PASS


def test_a_script_that_ends_with_the_prompt_has_nothing_to_bear_it_out() -> None:
    for script in (SCRIPT[:2], SCRIPT[:2] + steps({"press": "1"}, {"end": True})):
        walked = walk(script, [*ANSWER, *speech(2.0, 3.0)], stood=STOOD)[0]
        assert judge(walked).reason is Reason.PROMPT_NOT_HEARD
        assert walked.steps[1].waited_s == pytest.approx(15.0)


def test_an_agent_in_the_place_of_an_announcement_is_no_new_wording_and_nothing_of_it_is_cut() -> None:
    walked = played(
        [*ANSWER, *prompt("salam", 2.0), *prompt("menu", 5.4)], after_key=[*speech(1.0), *agent(1.0, *PERSON)]
    )
    assert changes(walked) == ()
    assert judge(walked).reason is Reason.PROMPT_NOT_HEARD


def test_a_new_announcement_that_was_suspected_and_retracted_is_a_new_wording() -> None:
    later: Timeline = [
        *speech(1.0, 3.0),
        *agent(1.0, AgentPhase.SUSPECTED, AgentPhase.RETRACTED),
        *music(5.0),
        *agent(20.0, *PERSON),
    ]
    walked = played([*ANSWER, *prompt("salam", 2.0), *prompt("menu", 5.4)], after_key=later)
    assert found(judge(walked)) == (Verdict.DEGRADED, Stage.MENU, Reason.PROMPT_CHANGED, Owner.IOC)


def test_what_our_own_machine_missed_is_no_new_wording() -> None:
    walked = played([*NEW_GREETING, (2.5, Unheard(at=0, lost_s=0.4))])
    assert found(judge(walked)) == (Verdict.INCONCLUSIVE, Stage.PROBE, Reason.OVERLOADED, Owner.SIAGA)


def test_a_prompt_that_goes_on_with_other_words_has_a_new_wording() -> None:
    timeline: Timeline = [*ANSWER, *left("salam", 2.0, 4.0, 7.0), *prompt("menu", 7.4)]
    walked = played(timeline)
    assert set(ends(walked)) == {"met"}
    assert judge(walked).reason is Reason.PROMPT_CHANGED
    assert (only(walked).onset, only(walked).until) == (2.0, 7.0)
    assert conclude(walked, Report()).steps[1].verdict == "degraded"
    assert judge(played(timeline, stood=frozenset())).verdict is Verdict.PASS


def test_a_prompt_that_our_key_or_a_short_word_interrupts_has_not() -> None:
    short = played([*ANSWER, *left("salam", 2.0, 4.0, 4.6), *prompt("menu", 5.4)])
    assert judge(short).verdict is Verdict.PASS
    script = (*SCRIPT[:3], *steps({"press": "1", "barge_in": True}), *SCRIPT[4:])
    menu: Timeline = [
        (6.4, Prompt(at=0, name="menu", phase=PromptPhase.CONFIRMED, onset=5.4)),
        (7.4, Prompt(at=0, name="menu", phase=PromptPhase.DIVERGED, onset=5.4, until=6.7)),
        *speech(6.7, 4.0),
    ]
    cut = walk(script, [*ANSWER, *prompt("salam", 2.0), *menu], AFTER_KEY, stood=STOOD)[0]
    assert judge(cut).verdict is Verdict.PASS


def test_an_announcement_that_ends_in_another_number_or_in_an_agent_has_not() -> None:
    walked = played(
        [*ANSWER, *prompt("salam", 2.0), *prompt("menu", 5.4)],
        after_key=[*left("tunggu", 1.0, 3.0, 6.0), *music(7.0), *agent(12.0, *PERSON)],
    )
    assert judge(walked).verdict is Verdict.PASS


def test_a_new_wording_proves_the_service_all_the_same() -> None:
    judged = judge(played(NEW_GREETING))
    assert (judged.accessibility, judged.availability) == (Judged.OK, Judged.OK)


def test_the_step_and_the_message_say_where_to_listen() -> None:
    outcome = conclude(played(NEW_GREETING), Report(), "en")
    assert outcome.steps[1].verdict == "degraded"
    assert "prompt:salam" in outcome.steps[1].detail
    assert "siaga prompts list" in outcome.detail


def test_an_instant_is_found_again_in_the_recording() -> None:
    noted: Timeline = [(2.0 + n, Noted(at=0, what=RECORDING, facts={"second": float(n)})) for n in range(5)]
    walked = played([*NEW_GREETING, *noted])
    assert second_of(walked, 4.25) == pytest.approx(2.25)
    assert second_of(walked, 1.0) == 0.0
    assert second_of(played(NEW_GREETING), 4.25) is None


def test_a_suspicion_elsewhere_and_speech_without_an_end_do_not_disturb() -> None:
    endless: Timeline = [(2.3, Sound(at=0, kind=SoundKind.SPEECH, onset=2.0)), *prompt("menu", 6.0)]
    later = [*AFTER_KEY, (0.5, Agent(at=0, phase=AgentPhase.RETRACTED, onset=0.4, confidence=0.1))]
    walked = played([*ANSWER, *rtp(1.0), *endless], after_key=later)
    assert (only(walked).onset, only(walked).until) == (2.0, 6.0)
