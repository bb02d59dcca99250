"""The player walks a script over any session and owns every deadline."""

from __future__ import annotations

import asyncio
from dataclasses import fields, replace
from typing import Any

from probe.observation import AgentPhase, Answered, Ended, Message, Progress, Sender, Trouble
from probe.play import Event, Seen, StepEnded, StepStarted, play
from probe.reasons import Reason
from probe.script import STEP_BY_VERB, Step, call_script, learn_script
from probe.session import Play, Press
from probe.walk import StepEnd, Walk
from tests.probe.lines import PERSON, Timeline, agent, music, prompt, rtp, speech
from tests.probe.virtual import TimelineSession, run

ANSWER: Timeline = [(0.2, Progress(at=0, code=180)), (1.0, Answered(at=1.0)), *rtp(1.1)]


def steps(*written: dict[str, Any]) -> tuple[Step, ...]:
    return tuple(
        STEP_BY_VERB[next(v for v in STEP_BY_VERB if v in w)].model_validate(w)  # type: ignore[misc]
        for w in written
    )


WALK_TO_AGENT = steps(
    {"expect": "answer", "within": "10s"},
    {"expect": "prompt:menu", "within": "8s"},
    {"press": "1"},
    {"expect": "agent", "within": "60s"},
    {"play": "pemberitahuan"},
    {"end": True},
)


def walk(
    script: tuple[Step, ...],
    timeline: Timeline,
    after_key: Timeline | None = None,
    *,
    cap_s: float = 900.0,
    acts_hang: bool = False,
    stood: frozenset[str] = frozenset(),
) -> tuple[Walk, TimelineSession]:
    """Play a script over a timeline; ``after_key`` is relative to the end of the key."""

    def shift(_: str, pressed: float) -> Timeline:
        moved: Timeline = []
        for at, seen in after_key or []:
            names = {f.name for f in fields(seen)} & {"onset", "first_onset", "until", "since"}
            values = {n: getattr(seen, n) + pressed for n in names if getattr(seen, n) is not None}
            moved.append((at + pressed, replace(seen, **values)))
        return moved

    session = TimelineSession(timeline, shift, acts_hang=acts_hang)

    async def go() -> Walk:
        return await play(script, session, cap_s=cap_s, stood=stood)

    return run(go()), session


def ends(walked: Walk) -> list[str]:
    return [item.end.value for item in walked.steps]


def test_a_healthy_line_is_walked_to_the_agent_and_ended() -> None:
    walked, session = walk(WALK_TO_AGENT, [*ANSWER, *prompt("menu", 2.0)], [*music(1.0), *agent(10.0, *PERSON)])
    assert ends(walked) == ["met"] * 6
    assert any(isinstance(seen, Ended) and seen.by_us for seen in walked.log)
    assert session.actions[-1][1].__class__.__name__ == "End"


def test_a_greeting_dated_a_frame_before_a_quick_answer_still_counts() -> None:
    quick: Timeline = [(0.003, Answered(at=0.003)), *rtp(0.01), *prompt("menu", -0.02)]
    walked, _ = walk(WALK_TO_AGENT, quick, [*agent(3.0, *PERSON)])
    assert ends(walked)[:2] == ["met", "met"]


def test_a_key_waits_for_the_end_of_the_prompt_and_a_breath() -> None:
    _, session = walk(WALK_TO_AGENT, [*ANSWER, *prompt("menu", 2.0, length_s=4.0)], [*agent(3.0, *PERSON)])
    pressed_at = next(at for at, action in session.actions if isinstance(action, Press))
    assert 6.3 <= pressed_at < 6.35


def test_barge_in_presses_at_once() -> None:
    script = steps({"expect": "prompt:menu"}, {"press": "1", "barge_in": True}, {"end": True})
    _, session = walk(script, [*ANSWER, *prompt("menu", 2.0, length_s=4.0)])
    pressed_at = next(at for at, action in session.actions if isinstance(action, Press))
    assert 3.0 <= pressed_at < 3.1


def test_a_silent_far_end_trips_the_deadline_that_started_with_the_step() -> None:
    walked, _ = walk(WALK_TO_AGENT, ANSWER)
    assert ends(walked) == ["met", "deadline", *["not_reached"] * 4]
    failed = walked.steps[1]
    assert failed.started is not None
    assert failed.finished is not None
    assert 8.0 <= failed.finished - failed.started < 8.1


def test_a_prompt_that_began_during_the_step_before_still_counts() -> None:
    early = [(0.2, Progress(at=0, code=183, early_media=True)), *prompt("menu", 0.5), (3.0, Answered(at=3.0))]
    walked, _ = walk(WALK_TO_AGENT, early, [*agent(5.0, *PERSON)])
    assert ends(walked) == ["met"] * 6


def test_one_occurrence_of_a_prompt_meets_only_one_step() -> None:
    script = steps({"expect": "prompt:menu"}, {"press": "1"}, {"expect": "prompt:menu", "within": "5s"})
    walked, _ = walk(script, [*ANSWER, *prompt("menu", 2.0)])
    assert ends(walked) == ["met", "met", "deadline"]


def test_a_prompt_confirmed_only_after_the_deadline_is_too_late() -> None:
    script = steps({"expect": "prompt:menu", "within": "2s"})
    walked, _ = walk(script, [*ANSWER, *prompt("menu", 1.5)])
    assert ends(walked) == ["deadline"]


def test_an_agent_whose_onset_lies_before_the_deadline_is_confirmed_past_it() -> None:
    script = steps({"expect": "agent", "within": "10s"})
    walked, _ = walk(script, [*ANSWER, *agent(9.5, *PERSON, gap_s=8.0)])
    assert ends(walked) == ["met"]
    assert walked.ended > 18.0


def test_an_agent_whose_onset_lies_after_the_deadline_is_too_late() -> None:
    script = steps({"expect": "agent", "within": "10s"})
    walked, _ = walk(script, [*ANSWER, *speech(9.8, 6), *agent(10.2, *PERSON)])
    assert ends(walked) == ["deadline"]


def test_the_wait_for_a_confirmation_ends_twelve_seconds_past_the_deadline() -> None:
    script = steps({"expect": "agent", "within": "10s"})
    walked, _ = walk(script, [*ANSWER, *agent(9.0, AgentPhase.SUSPECTED)])
    assert ends(walked) == ["deadline"]
    assert 22.0 <= (walked.steps[0].finished or 0) < 22.1


def test_a_machine_ends_the_wait_for_an_agent_soon() -> None:
    script = steps({"expect": "agent", "within": "600s"})
    walked, _ = walk(script, [*ANSWER, *agent(5.0, AgentPhase.SUSPECTED, AgentPhase.MACHINE)])
    assert ends(walked) == ["machine"]
    assert walked.ended < 15.0


def test_a_machine_that_was_none_after_all_does_not_end_the_wait() -> None:
    script = steps({"expect": "agent", "within": "60s"})
    phases = (AgentPhase.MACHINE, AgentPhase.RETRACTED)
    walked, _ = walk(script, [*ANSWER, *agent(5.0, *phases), *agent(30.0, *PERSON)])
    assert ends(walked) == ["met"]


def test_never_ends_the_walk_at_once() -> None:
    script = steps({"expect": "agent", "within": "60s", "never": ["prompt:di-luar-jam"]})
    walked, _ = walk(script, [*ANSWER, *prompt("di-luar-jam", 3.0)])
    assert ends(walked) == ["never"]
    assert walked.ended < 5.0


def test_an_optional_expectation_lets_the_walk_go_on() -> None:
    script = steps({"expect": "music", "within": "3s", "optional": True}, {"expect": "agent"})
    walked, _ = walk(script, [*ANSWER, *agent(6.0, *PERSON)])
    assert ends(walked) == ["skipped", "met"]


def test_music_that_is_already_playing_meets_a_later_step() -> None:
    script = steps(
        {"expect": "answer"}, {"expect": "prompt:menu"}, {"press": "1", "barge_in": True}, {"expect": "music"}
    )
    walked, _ = walk(script, [*music(0.1), *ANSWER, *prompt("menu", 2.0)])
    assert ends(walked) == ["met"] * 4


def test_hanging_up_fails_the_step_it_happens_in() -> None:
    walked, _ = walk(WALK_TO_AGENT, [*ANSWER, *prompt("menu", 2.0)], [(4.0, Ended(at=0, by_us=False, code=16))])
    assert ends(walked) == ["met", "met", "met", "call_over", "not_reached", "not_reached"]


def test_an_agent_who_hangs_up_during_our_disclosure_was_still_reached() -> None:
    after = [*agent(5.0, *PERSON), (8.2, Ended(at=0, by_us=False))]
    walked, _ = walk(WALK_TO_AGENT, [*ANSWER, *prompt("menu", 2.0)], after)
    assert ends(walked) == ["met"] * 6


def test_trouble_of_ours_stops_the_walk() -> None:
    walked, _ = walk(WALK_TO_AGENT, [*ANSWER, (3.0, Trouble(at=0, reason=Reason.ENGINE_CRASHED))])
    assert ends(walked)[1] == "stopped"


def test_the_cap_ends_a_walk_even_when_an_action_hangs() -> None:
    walked, _ = walk(WALK_TO_AGENT, [*ANSWER, *prompt("menu", 2.0)], cap_s=20.0, acts_hang=True)
    assert walked.stopped_by is Reason.CAP_REACHED
    assert walked.ended < 27.0


def test_a_stop_ends_the_walk_politely_with_its_reason() -> None:
    session = TimelineSession([*ANSWER, *music(2.0)])

    async def go() -> Walk:
        stop: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(3.0, stop.set_result, Reason.INTERRUPTED)
        return await play(WALK_TO_AGENT, session, cap_s=900.0, stop=stop)

    walked = run(go())
    assert walked.stopped_by is Reason.INTERRUPTED
    assert 3.0 <= walked.ended < 3.5
    assert session.actions[-1][1].__class__.__name__ == "End"


def test_a_human_is_listened_for_only_after_the_last_key() -> None:
    _, session = walk(WALK_TO_AGENT, [*ANSWER, *prompt("menu", 2.0)], [*agent(5.0, *PERSON)])
    names = [action.__class__.__name__ for _, action in session.actions]
    assert names.index("Listen") == names.index("Press") + 1


def test_call_presses_each_key_at_a_pause_after_speech() -> None:
    script = call_script(["1", "2"], "agent", 60.0)
    timeline: Timeline = [*ANSWER, *speech(1.5, 3.0), *speech(7.0, 1.0)]
    _, session = walk(script, timeline)
    at = [when for when, action in session.actions if isinstance(action, Press)]
    assert 5.2 <= at[0] < 5.4
    assert 8.7 <= at[1] < 8.9


def test_call_presses_a_key_eight_seconds_after_the_answer_when_nobody_speaks() -> None:
    _, session = walk(call_script(["1"], "agent", 60.0), ANSWER)
    at = next(when for when, action in session.actions if isinstance(action, Press))
    assert 9.0 <= at < 9.1


LEARN = learn_script(["1"], 1.5, 4.0, 60.0)


def test_learn_hears_a_prompt_with_its_pauses_out_before_a_key_and_says_at_the_end_that_it_was_a_test() -> None:
    walked, session = walk(LEARN, [*ANSWER, *speech(1.5, 3.0), *speech(5.5, 2.0)], [*speech(0.5, 3.0)])
    assert ends(walked) == ["met"] * 6
    pressed, played = (next(at for at, a in session.actions if isinstance(a, kind)) for kind in (Press, Play))
    assert 9.0 <= pressed < 9.1  # 1.5 s after the second sentence, not 1 s after the first
    assert 16.7 <= played < 16.9  # 4 s after the last word: the key took 0.2 s


def test_learn_does_not_take_music_for_somebody_who_goes_on_speaking() -> None:
    _, session = walk(LEARN, [*ANSWER, *speech(1.5, 3.0)], [*speech(0.5, 3.0), *music(3.6)])
    assert next(at for at, action in session.actions if isinstance(action, Play)) < 14.0


def test_learn_listens_as_long_as_it_may_where_nobody_speaks() -> None:
    walked, session = walk(LEARN, ANSWER)
    assert ends(walked) == ["met", "skipped", "met", "skipped", "met", "met"]
    assert 61.0 <= next(at for at, action in session.actions if isinstance(action, Press)) < 61.1


def test_a_far_end_that_hangs_up_after_its_last_word_has_been_heard_out() -> None:
    bye: Timeline = [*speech(0.5, 2.0), (3.0, Ended(at=3.0, by_us=False))]
    walked, session = walk(LEARN, [*ANSWER, *speech(1.5, 3.0)], bye)
    assert ends(walked) == ["met", "met", "met", "skipped", "met", "met"]
    assert not any(isinstance(action, Play) for _, action in session.actions)


def test_a_far_end_that_hangs_up_before_the_keys_were_pressed_has_not() -> None:
    bye: Timeline = [*speech(1.5, 2.0), (3.6, Ended(at=3.6, by_us=False))]
    assert "call_over" in ends(walk(LEARN, [*ANSWER, *bye])[0])


def test_matching_lets_only_fitting_replies_through() -> None:
    script = steps({"send": "Halo"}, {"expect": "reply", "matching": "(?i)menu"})
    replies: Timeline = [
        (1.0, Message(at=0, sender=Sender.BOT, text="Sebentar", onset=1.0)),
        (2.0, Message(at=0, sender=Sender.BOT, text="Ini MENU kami", onset=2.0)),
    ]
    walked, _ = walk(script, replies)
    assert ends(walked) == ["met", "met"]
    assert walked.steps[1].onset == 2.0


def test_everything_that_happens_is_told_to_the_listener_in_order() -> None:
    events: list[Event] = []
    session = TimelineSession([*ANSWER, *agent(5.0, *PERSON)])
    script = steps({"expect": "answer"}, {"expect": "agent"})

    async def go() -> Walk:
        return await play(script, session, cap_s=60.0, on_event=events.append)

    walked = run(go())
    told = [e for e in events if not isinstance(e, Seen)]
    assert [type(e) for e in told] == [StepStarted, StepEnded, StepStarted, StepEnded]
    assert tuple(e.observation for e in events if isinstance(e, Seen)) == walked.log


def test_every_step_of_the_script_is_reported() -> None:
    hung_up: Timeline = [(0.5, Ended(at=0, by_us=False))]
    for timeline in ([], ANSWER, hung_up):
        walked, _ = walk(WALK_TO_AGENT, timeline)
        assert walked.script == WALK_TO_AGENT
        assert walked.failed is not None
        assert walked.failed.end in (StepEnd.DEADLINE, StepEnd.CALL_OVER)
