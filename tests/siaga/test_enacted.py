"""The demonstration believes the diary of the far end, not what siaga thinks it saw."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from probe.outcome import Timings
from probe.reasons import Owner, Reason, Stage, Verdict
from probe.script import ExpectStep, Step
from siaga.cli.enacted import TOLERANCE_S, Enacted, enacted, read_diary
from tests.siaga.test_watching import RECORD

PLAIN: tuple[Step, ...] = (ExpectStep.model_validate({"expect": "agent", "within": "40s"}),)
SLOW: tuple[Step, ...] = (ExpectStep.model_validate({"expect": "agent", "within": "40s", "slow": "5s"}),)


def call(*events: tuple[str, float], faults: str = "", call_id: str = "c1", **more: Any) -> list[dict[str, Any]]:
    invite = {"event": "invite", "mono": 100.0, "call": call_id, "number": "1500", "faults": faults.split()}
    later = [{"event": e, "mono": 100.0 + at, "call": call_id, "number": "1500", **more} for e, at in events]
    return [invite, *later]


WITH_AGENT = call(("key", 10.0), ("queue_enter", 12.0), ("agent_speech_onset", 20.0), ("agent_speech_onset", 25.0))


def test_an_agent_who_spoke_is_a_pass_with_the_time_of_the_first_word() -> None:
    assert enacted(WITH_AGENT, "1500", PLAIN) == Enacted("pass", None, 20.0)


def test_an_agent_who_came_later_than_the_limit_after_the_key_is_slow() -> None:
    assert enacted(WITH_AGENT, "1500", SLOW) == Enacted("degraded", "slow", 20.0)


@pytest.mark.parametrize(
    ("diary", "expected"),
    [
        (call(("key", 10.0), ("queue_enter", 12.0)), Enacted("fail", "agent_timeout")),
        (call(("key", 10.0), ("key_ignored", 10.1)), Enacted("fail", "menu_loop")),
        (call(("refused", 0.1), status="486 Busy Here"), Enacted("fail", "busy_486")),
        (call(("refused", 0.1), status="404 Not Found"), None),
        (call(("answered", 1.0)), None),
        ([], None),
    ],
)
def test_the_diary_tells_what_must_be_found(diary: list[dict[str, Any]], expected: Enacted | None) -> None:
    assert enacted(diary, "1500", PLAIN) == expected


def test_a_call_is_told_apart_by_what_its_number_asked_for() -> None:
    diary = [*WITH_AGENT, *call(("refused", 0.1), faults="busy", call_id="c2", status="486 Busy Here")]
    assert enacted(diary, "1500+busy", PLAIN) == Enacted("fail", "busy_486")
    assert enacted(diary, "1500", PLAIN) == Enacted("pass", None, 20.0)
    assert enacted(diary, "1500+dead_key", PLAIN) is None


def found(time_to_agent_s: float | None) -> Any:
    outcome = replace(RECORD.outcome, verdict=Verdict.PASS, stage=None, reason=None, owner=None)
    return replace(RECORD, outcome=replace(outcome, timings=Timings(time_to_agent_s=time_to_agent_s)))


def test_a_verdict_agrees_only_with_its_reason_and_within_the_tolerance() -> None:
    passed = Enacted("pass", None, 20.0)
    assert passed.agrees(found(20.0 + TOLERANCE_S - 0.01))
    assert not passed.agrees(found(20.0 + TOLERANCE_S + 0.01))
    assert not passed.agrees(found(None))
    assert not Enacted("pass").agrees(found(20.0))
    assert Enacted("fail", "agent_timeout").agrees(RECORD)
    assert not Enacted("fail", "busy_486").agrees(RECORD)


def test_the_same_reason_with_another_verdict_does_not_agree() -> None:
    odd = replace(RECORD.outcome, verdict=Verdict.INCONCLUSIVE, owner=Owner.SIAGA, stage=Stage.AGENT)
    assert RECORD.outcome.reason is Reason.AGENT_TIMEOUT
    assert not Enacted("fail", "agent_timeout").agrees(replace(RECORD, outcome=odd))


def test_a_diary_is_read_line_by_line_and_may_be_absent(tmp_path: Path) -> None:
    assert read_diary(tmp_path / "truth.jsonl") == []
    (tmp_path / "truth.jsonl").write_text("".join(json.dumps(e) + "\n" for e in WITH_AGENT))
    assert read_diary(tmp_path / "truth.jsonl") == WITH_AGENT
