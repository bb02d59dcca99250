"""What the campaigns of cost and wear make of their figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prove.campaign import Result
from prove.listening_cost import PROMPTS, know_more, per_call
from prove.wear import judge
from tests.farends import voices


def test_the_cost_of_a_call_is_its_part_of_its_engine_and_of_the_parent() -> None:
    found = {"parent_cpu_s": 48.0, "steady_s": 100.0, "engine_cpu_s": [(8.0, 4), (4.5, 3)]}
    assert per_call(found) == pytest.approx([0.03, 0.025])


def test_prompts_are_added_until_there_are_as_many_as_were_asked_for(tmp_path: Path) -> None:
    for name in ("satu", "dua"):
        voices.write(tmp_path / f"{name}.wav", voices.tone(500, 1.0))
    know_more(tmp_path, PROMPTS)
    assert len(list(tmp_path.glob("*.wav"))) == PROMPTS
    know_more(tmp_path, PROMPTS)
    with pytest.raises(RuntimeError, match="write more sentences"):
        know_more(tmp_path, 1000)


def worn(parent: float, engine: float, passed: int = 2240) -> Result:
    def look(calls: int, parent_mib: float, engine_mib: float) -> dict[str, Any]:
        return {"calls": calls, "parent": parent_mib, "engines": {"1": (calls, engine_mib), "2": (9, engine_mib)}}

    result = Result()
    looks = [look(80, 10.0, 10.0), look(1000, 100.0, 100.0), look(3000, parent, engine)]
    judge({"verdicts": {"pass": passed, "overloaded": 1}, "looks": looks}, result)
    return result


def test_memory_is_judged_from_the_end_of_the_warm_up_on() -> None:
    assert worn(104.0, 104.0).good
    assert not worn(106.0, 104.0).good
    assert not worn(100.0, 110.0).good
    assert not worn(100.0, 100.0, passed=1999).good
