"""The contract's table, row by row, over walks; and the judge is total."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.conclude import conclude
from probe.judge import judge
from probe.observation import (
    Agent,
    AgentPhase,
    Answered,
    Ended,
    Handoff,
    KeysPressed,
    Media,
    MediaState,
    Message,
    Observation,
    Placed,
    Progress,
    Prompt,
    PromptPhase,
    Refused,
    Sender,
    Sound,
    SoundKind,
    Tone,
    ToneKind,
    Trouble,
    Unheard,
    Unreachable,
)
from probe.reasons import RULES, Judged, Owner, Reason, Stage, Verdict
from probe.script import Step
from probe.session import Report
from probe.walk import StepEnd, StepRun, Walk
from tests.probe.lines import PERSON, Timeline, again, agent, mistaken, music, prompt, rtp, speech
from tests.probe.test_play import ANSWER, WALK_TO_AGENT, steps, walk

MENU: Timeline = [*ANSWER, *prompt("menu", 2.0)]
TEXT = steps(
    {"send": "Halo"}, {"expect": "reply", "within": "5s"}, {"choose": "Agent"}, {"expect": "agent", "within": "20s"}
)
RINGING: Timeline = [(0.2, Progress(at=0, code=180))]


def bot(at: float) -> Timeline:
    return [(at, Message(at=0, sender=Sender.BOT, text="Menu", onset=at))]


AT_THE_KEY: Timeline = prompt("menu", -0.05)
"""The menu began again at the beginning of our key, just before its end."""

ROWS: dict[str, tuple[tuple[Step, ...], Timeline, Timeline, tuple[str, str, str | None, str | None]]] = {
    "busy": (WALK_TO_AGENT, [(1, Refused(at=0, code=486))], [], ("fail", "access", "busy_486", "ioc")),
    "unknown number": (
        WALK_TO_AGENT,
        [(1, Refused(at=0, code=404))],
        [],
        ("fail", "access", "number_unknown_404", "ioc"),
    ),
    "unavailable": (WALK_TO_AGENT, [(1, Refused(at=0, code=503))], [], ("fail", "access", "unavailable_503", "ioc")),
    "never answered": (WALK_TO_AGENT, RINGING, [], ("fail", "access", "no_answer", "ioc")),
    "redirected": (WALK_TO_AGENT, [(1, Refused(at=0, code=302))], [], ("fail", "access", "redirected", "ioc")),
    "forbidden": (WALK_TO_AGENT, [(1, Refused(at=0, code=403))], [], ("fail", "access", "forbidden_403", "ioc")),
    "declined": (WALK_TO_AGENT, [(1, Refused(at=0, code=603))], [], ("fail", "access", "declined_603", "ioc")),
    "temporarily away": (
        WALK_TO_AGENT,
        [(1, Refused(at=0, code=480))],
        [],
        ("fail", "access", "unavailable_480", "ioc"),
    ),
    "server error": (WALK_TO_AGENT, [(1, Refused(at=0, code=500))], [], ("fail", "access", "server_error", "ioc")),
    "any other refusal": (WALK_TO_AGENT, [(1, Refused(at=0, code=420))], [], ("fail", "access", "rejected", "ioc")),
    "no codec": (
        WALK_TO_AGENT,
        [(1, Refused(at=0, code=488))],
        [],
        ("inconclusive", "probe", "no_common_codec", "siaga"),
    ),
    **{
        f"no codec, said by {code}": (
            WALK_TO_AGENT,
            [(1, Refused(at=0, code=code))],
            [],
            ("inconclusive", "probe", "no_common_codec", "siaga"),
        )
        for code in (406, 415, 606)
    },
    **{
        f"our trunk refuses us with {code}": (
            WALK_TO_AGENT,
            [(1, Refused(at=0, code=code, through_trunk=True))],
            [],
            ("inconclusive", "probe", "trunk_auth_rejected", "siaga"),
        )
        for code in (401, 403, 407)
    },
    "busy through a trunk": (
        WALK_TO_AGENT,
        [(1, Refused(at=0, code=486, through_trunk=True))],
        [],
        ("fail", "access", "busy_486", "ioc"),
    ),
    "login rejected": (
        WALK_TO_AGENT,
        [(1, Trouble(at=0, reason=Reason.TRUNK_AUTH_REJECTED))],
        [],
        ("inconclusive", "probe", "trunk_auth_rejected", "siaga"),
    ),
    "host silent through a trunk": (
        WALK_TO_AGENT,
        [(1, Unreachable(at=0, cause="no reply", through_trunk=True, network_ok=True))],
        [],
        ("inconclusive", "probe", "trunk_down", "siaga"),
    ),
    "host silent, our side fine": (
        WALK_TO_AGENT,
        [(1, Unreachable(at=0, cause="no reply", through_trunk=False, network_ok=True))],
        [],
        ("fail", "access", "unreachable", "ioc"),
    ),
    "host silent, our side not fine": (
        WALK_TO_AGENT,
        [(1, Unreachable(at=0, cause="no route", through_trunk=False, network_ok=False))],
        [],
        ("inconclusive", "probe", "network", "siaga"),
    ),
    "answered, no sound": (WALK_TO_AGENT, ANSWER, [], ("fail", "ivr", "ivr_silent", "ioc")),
    "other prompt before the key": (
        WALK_TO_AGENT,
        [*ANSWER, *prompt("x", 2.0)],
        [],
        ("fail", "ivr", "wrong_prompt", "ioc"),
    ),
    "other prompt dated a frame before a quick answer": (
        WALK_TO_AGENT,
        [(0.003, Answered(at=0.003)), *rtp(0.01), *prompt("x", -0.02)],
        [],
        ("fail", "ivr", "wrong_prompt", "ioc"),
    ),
    "other prompt after the key": (
        (*WALK_TO_AGENT[:3], *steps({"expect": "prompt:tunggu", "within": "9s"})),
        MENU,
        prompt("x", 2.0),
        ("fail", "menu", "wrong_prompt", "ioc"),
    ),
    "other speech before the key": (
        WALK_TO_AGENT,
        [*ANSWER, *speech(2.0)],
        [],
        ("fail", "ivr", "prompt_not_heard", "ioc"),
    ),
    "other speech after the key": (
        (*WALK_TO_AGENT[:3], *steps({"expect": "prompt:tunggu", "within": "9s"})),
        MENU,
        speech(2.0),
        ("fail", "menu", "prompt_not_heard", "ioc"),
    ),
    "same menu again": (
        (*WALK_TO_AGENT[:3], *steps({"expect": "prompt:tunggu", "within": "9s"})),
        MENU,
        prompt("menu", 2.0),
        ("fail", "menu", "menu_loop", "ioc"),
    ),
    "same menu again from the beginning of the key": (
        (*WALK_TO_AGENT[:3], *steps({"expect": "prompt:tunggu", "within": "9s"})),
        MENU,
        AT_THE_KEY,
        ("fail", "menu", "menu_loop", "ioc"),
    ),
    "same menu again while an agent is awaited": (
        WALK_TO_AGENT,
        MENU,
        prompt("menu", 2.0),
        ("fail", "menu", "menu_loop", "ioc"),
    ),
    "unknown menu again while an agent is awaited": (
        WALK_TO_AGENT,
        MENU,
        [*speech(2.0), again(3.0, first=-5.0)],
        ("fail", "menu", "menu_loop", "ioc"),
    ),
    "unknown menu again, then hung up": (
        WALK_TO_AGENT,
        MENU,
        [*speech(2.0), again(3.0, first=-5.0), (9.0, Ended(at=0, by_us=False))],
        ("fail", "menu", "menu_loop", "ioc"),
    ),
    "words of the menu again in a queue with music": (
        WALK_TO_AGENT,
        MENU,
        [*music(1.0), *speech(8.0), again(9.0, first=-5.0)],
        ("fail", "queue", "agent_timeout", "team_leader"),
    ),
    "an announcement of the queue again": (
        WALK_TO_AGENT,
        MENU,
        [*speech(2.0), *speech(12.0), again(13.0, first=2.0)],
        ("fail", "queue", "agent_timeout", "team_leader"),
    ),
    "speech that was taken back": (
        WALK_TO_AGENT,
        [*ANSWER, *mistaken(2.0)],
        [],
        ("fail", "ivr", "ivr_silent", "ioc"),
    ),
    "speech that a known prompt explains later": (
        WALK_TO_AGENT,
        [*ANSWER, *speech(2.0), *prompt("x", 2.0)],
        [],
        ("fail", "ivr", "wrong_prompt", "ioc"),
    ),
    "answered, no sound while an agent is awaited": (
        steps({"expect": "answer"}, {"expect": "agent", "within": "30s"}),
        ANSWER,
        [],
        ("fail", "ivr", "ivr_silent", "ioc"),
    ),
    "answered, no sound before and after a key": (
        steps({"expect": "answer"}, {"press": "1"}, {"expect": "agent", "within": "30s"}),
        ANSWER,
        [],
        ("fail", "ivr", "ivr_silent", "ioc"),
    ),
    "ringback before the answer and no sound after it": (
        steps({"expect": "answer"}, {"expect": "agent", "within": "30s"}),
        [(0.4, Tone(at=0, kind=ToneKind.RINGBACK, onset=0.2)), *ANSWER],
        [],
        ("fail", "ivr", "ivr_silent", "ioc"),
    ),
    "nothing after the key": (WALK_TO_AGENT, MENU, [], ("fail", "menu", "dead_key", "ioc")),
    "nothing after a key that cut the menu short": (
        (*WALK_TO_AGENT[:2], *steps({"press": "1", "barge_in": True}), *WALK_TO_AGENT[3:]),
        [*ANSWER, *prompt("menu", 2.0, length_s=1.5)],
        [],
        ("fail", "menu", "dead_key", "ioc"),
    ),
    "silence after the key where a prompt is due": (
        (*WALK_TO_AGENT[:3], *steps({"expect": "prompt:tunggu", "within": "9s"})),
        MENU,
        [],
        ("fail", "menu", "ivr_silent", "ioc"),
    ),
    "music until the deadline": (WALK_TO_AGENT, MENU, music(1.0), ("fail", "queue", "agent_timeout", "team_leader")),
    "retracted agent until the deadline": (
        WALK_TO_AGENT,
        MENU,
        [*music(1.0), *agent(9.0, AgentPhase.SUSPECTED, AgentPhase.RETRACTED)],
        ("fail", "queue", "agent_timeout", "team_leader"),
    ),
    "dropped in the queue": (
        WALK_TO_AGENT,
        MENU,
        [*music(1.0), (9.0, Ended(at=0, by_us=False))],
        ("fail", "queue", "dropped_in_queue", "ioc"),
    ),
    "dropped in the menu": (
        WALK_TO_AGENT,
        [*MENU, (4.5, Ended(at=0, by_us=False))],
        [],
        ("fail", "menu", "dropped_in_menu", "ioc"),
    ),
    "voicemail": (
        WALK_TO_AGENT,
        MENU,
        agent(3.0, AgentPhase.SUSPECTED, AgentPhase.MACHINE),
        ("fail", "agent", "voicemail", "team_leader"),
    ),
    "no RTP": (WALK_TO_AGENT, [(1.0, Answered(at=1.0))], [], ("fail", "media", "no_rtp", "ioc")),
    "no RTP because of our address": (
        WALK_TO_AGENT,
        [(1.0, Answered(at=1.0)), (3.0, Media(at=3.0, state=MediaState.STOPPED, since=1.0, private_address=True))],
        [],
        ("inconclusive", "probe", "private_address_in_sdp", "siaga"),
    ),
    "RTP stops": (WALK_TO_AGENT, MENU, [*music(1.0), *rtp(20.0, stopped=True)], ("fail", "media", "rtp_lost", "ioc")),
    "suspected only": (
        WALK_TO_AGENT,
        MENU,
        [*music(1.0), *agent(59.0, AgentPhase.SUSPECTED)],
        ("inconclusive", "agent", "agent_unproven", "siaga"),
    ),
    "suspected, then hung up": (
        WALK_TO_AGENT,
        MENU,
        [*music(1.0), *agent(9.0, AgentPhase.SUSPECTED), (12.0, Ended(at=0, by_us=False))],
        ("inconclusive", "agent", "agent_unproven", "siaga"),
    ),
    "agent hangs up while more is expected": (
        (*WALK_TO_AGENT[:4], *steps({"expect": "tone:busy", "within": "9s"})),
        MENU,
        [*agent(3.0, *PERSON), (7.0, Ended(at=0, by_us=False))],
        ("fail", "agent", "dropped_by_agent", "team_leader"),
    ),
    "forbidden prompt": (
        (*WALK_TO_AGENT[:3], *steps({"expect": "prompt:tunggu", "never": ["prompt:tutup"]})),
        MENU,
        prompt("tutup", 2.0),
        ("fail", "menu", "wrong_prompt", "ioc"),
    ),
    "no music in the queue": (
        (*WALK_TO_AGENT[:3], *steps({"expect": "music", "within": "9s"})),
        MENU,
        speech(2.0),
        ("fail", "queue", "not_observed", "ioc"),
    ),
    "bot silent": (TEXT, [], [], ("fail", "ivr", "bot_silent", "ioc")),
    "bot only": (TEXT, bot(1.0), [], ("fail", "agent", "bot_only", "ioc")),
    "handed over, nobody came": (
        TEXT,
        [*bot(1.0), (2.0, Handoff(at=2.0, onset=2.0))],
        [],
        ("fail", "agent", "handoff_no_agent", "team_leader"),
    ),
    "our own machine too busy to hear the agent": (
        WALK_TO_AGENT,
        MENU,
        [*music(1.0), (9.0, Unheard(at=9.0, lost_s=0.2)), (12.0, Unheard(at=12.0, lost_s=0.2))],
        ("inconclusive", "probe", "overloaded", "siaga"),
    ),
    "a moment unheard": (
        WALK_TO_AGENT,
        MENU,
        [*music(1.0), (9.0, Unheard(at=9.0, lost_s=0.25))],
        ("fail", "queue", "agent_timeout", "team_leader"),
    ),
    "busy, told by signalling alone": (
        WALK_TO_AGENT,
        [(0.5, Unheard(at=0.5, lost_s=2.0)), (1, Refused(at=0, code=486))],
        [],
        ("fail", "access", "busy_486", "ioc"),
    ),
    "engine crash": (
        WALK_TO_AGENT,
        [*MENU, (4.0, Trouble(at=0, reason=Reason.ENGINE_CRASHED))],
        [],
        ("inconclusive", "probe", "engine_crashed", "siaga"),
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_the_table_of_the_contract(row: str) -> None:
    script, timeline, after_key, expected = ROWS[row]
    walked, _ = walk(script, timeline, after_key)
    found = judge(walked)
    assert (found.verdict, found.stage, found.reason, found.owner) == expected, found.detail
    assert found.detail.say("id").strip() or found.reason in (
        Reason.DROPPED_IN_QUEUE,
        Reason.DROPPED_IN_MENU,
        Reason.ENGINE_CRASHED,
        Reason.TRUNK_AUTH_REJECTED,
    )


@pytest.mark.parametrize("code", [403, 407, 415, 486, 488, 606])
@pytest.mark.parametrize("through_trunk", [False, True])
def test_a_refusal_the_script_asks_for_is_a_pass(code: int, through_trunk: bool) -> None:
    script = steps({"expect": f"status:{code}", "within": "5s"})
    walked, _ = walk(script, [(1, Refused(at=0, code=code, through_trunk=through_trunk))], [])
    judged = judge(walked)
    assert judged.verdict is Verdict.PASS, judged.detail


def test_a_walk_to_the_agent_passes_and_proves_both() -> None:
    found = judge(walk(WALK_TO_AGENT, MENU, agent(5.0, *PERSON))[0])
    assert (found.verdict, found.stage, found.reason, found.owner) == (Verdict.PASS, None, None, None)
    assert (found.accessibility, found.availability) == (Judged.OK, Judged.OK)


def test_a_script_without_an_agent_says_nothing_about_availability() -> None:
    script = steps({"expect": "answer"}, {"expect": "prompt:menu"})
    assert judge(walk(script, MENU)[0]).availability is Judged.NOT_JUDGED
    assert judge(walk(script, ANSWER)[0]).availability is Judged.NOT_JUDGED


@pytest.mark.parametrize(
    ("row", "accessible", "available"),
    [
        ("busy", "not_ok", "not_judged"),
        ("answered, no sound", "not_ok", "not_judged"),
        ("same menu again", "not_ok", "not_judged"),
        ("music until the deadline", "ok", "not_ok"),
        ("voicemail", "ok", "not_ok"),
        ("no RTP", "not_ok", "not_judged"),
        ("RTP stops", "ok", "not_ok"),
        ("suspected only", "ok", "not_judged"),
        ("engine crash", "not_judged", "not_judged"),
    ],
)
def test_accessibility_and_availability_follow_the_stage(row: str, accessible: str, available: str) -> None:
    script, timeline, after_key, _ = ROWS[row]
    found = judge(walk((*script, *steps({"expect": "agent"})), timeline, after_key)[0])
    assert (found.accessibility, found.availability) == (accessible, available)


def test_a_slow_agent_is_degraded_at_the_queue() -> None:
    script = (*WALK_TO_AGENT[:3], *steps({"expect": "agent", "within": "60s", "slow": "5s"}))
    found = judge(walk(script, MENU, agent(20.0, *PERSON))[0])
    assert (found.verdict, found.stage, found.reason) == (Verdict.DEGRADED, Stage.QUEUE, Reason.SLOW)
    assert found.availability is Judged.OK


def test_the_reasons_of_the_table_that_no_end_to_end_row_needs_are_all_reachable_here() -> None:
    """Every reason that a judge can give for a call or a chat stands in ROWS; the rest comes from our own side."""
    reached = {expected[2] for _, _, _, expected in ROWS.values()} | {"slow", "prompt_changed", "quality_low"}
    own_side = {r for r in Reason if RULES[r].owner is Owner.SIAGA}
    assert set(Reason) - reached - own_side == set()


def test_every_reason_has_a_rule() -> None:
    assert set(RULES) == set(Reason)


INSTANTS = st.floats(0, 100)
NAMES = st.sampled_from(["menu", "tunggu", "x"])
OBSERVATIONS: st.SearchStrategy[Observation] = st.one_of(
    st.builds(Placed, at=INSTANTS),
    st.builds(Progress, at=INSTANTS, code=st.integers(100, 199)),
    st.builds(Answered, at=INSTANTS),
    st.builds(Refused, at=INSTANTS, code=st.integers(0, 999)),
    st.builds(Unreachable, at=INSTANTS, cause=st.text(), through_trunk=st.booleans(), network_ok=st.booleans()),
    st.builds(Ended, at=INSTANTS, by_us=st.booleans()),
    st.builds(Prompt, at=INSTANTS, name=NAMES, phase=st.sampled_from(PromptPhase), onset=INSTANTS),
    st.builds(Sound, at=INSTANTS, kind=st.sampled_from(SoundKind), onset=INSTANTS, ended=st.booleans()),
    st.builds(Tone, at=INSTANTS, kind=st.sampled_from(ToneKind), onset=INSTANTS),
    st.builds(Agent, at=INSTANTS, phase=st.sampled_from(AgentPhase), onset=INSTANTS, confidence=st.floats(0, 1)),
    st.builds(Media, at=INSTANTS, state=st.sampled_from(MediaState), since=INSTANTS, private_address=st.booleans()),
    st.builds(KeysPressed, at=INSTANTS, digits=st.just("1"), mode=st.just("info")),
    st.builds(Message, at=INSTANTS, sender=st.sampled_from(Sender), text=st.text(), onset=INSTANTS),
    st.builds(Handoff, at=INSTANTS, onset=INSTANTS),
    st.builds(Trouble, at=INSTANTS, reason=st.sampled_from(Reason)),
    st.builds(Unheard, at=INSTANTS, lost_s=st.floats(0, 5)),
)
SCRIPTS = st.lists(
    st.sampled_from(
        steps(
            {"expect": "answer"},
            {"expect": "prompt:menu"},
            {"expect": ["prompt:tunggu", "music"]},
            {"expect": "agent", "slow": "1s"},
            {"expect": "tone:busy"},
            {"expect": "status:486"},
            {"expect": "reply"},
            {"press": "1"},
            {"send": "Halo"},
            {"choose": "Agent"},
            {"play": "pemberitahuan"},
            {"end": True},
        )
    ),
    min_size=1,
    max_size=6,
)


@st.composite
def walks(draw: st.DrawFn) -> Walk:
    script = draw(SCRIPTS)
    runs = [
        StepRun(
            step=step,
            end=draw(st.sampled_from(StepEnd)),
            started=draw(st.none() | INSTANTS),
            finished=draw(st.none() | INSTANTS),
            onset=draw(st.none() | INSTANTS),
            what=draw(st.sampled_from(["", "prompt:menu", "tone:busy"])),
        )
        for step in script
    ]
    return Walk(
        steps=tuple(runs),
        log=tuple(draw(st.lists(OBSERVATIONS, max_size=12))),
        began=0.0,
        ended=draw(INSTANTS),
        stopped_by=draw(st.none() | st.sampled_from(Reason)),
    )


@settings(max_examples=600, deadline=None)
@given(walks())
def test_the_judge_is_total_and_keeps_to_the_rules(walked: Walk) -> None:
    outcome = conclude(walked, Report())
    assert len(outcome.steps) == len(walked.steps)
    if outcome.verdict is Verdict.PASS:
        assert (outcome.stage, outcome.reason, outcome.owner) == (None, None, None)
    else:
        assert outcome.reason is not None
        assert outcome.stage in RULES[outcome.reason].stages
        assert outcome.verdict is RULES[outcome.reason].verdict
        assert outcome.owner is not None


@settings(max_examples=150, deadline=None)
@given(SCRIPTS, st.lists(st.tuples(st.floats(0, 100), OBSERVATIONS), max_size=12))
def test_whatever_the_far_end_does_a_walk_ends_within_its_deadlines(script: list[Step], timeline: Timeline) -> None:
    walked, _ = walk(tuple(script), timeline, cap_s=500.0)
    assert walked.ended <= 520.0
    assert walked.script == tuple(script)
    assert judge(walked).verdict in Verdict
