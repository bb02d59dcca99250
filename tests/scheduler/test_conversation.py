"""What was observed lies on the disk as evidence of its own, and a disk that takes nothing costs no judgement."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from probe.observation import Answered, Placed
from probe.reasons import Verdict
from probe.session import Target
from scheduler.conversation import converse
from tests.scheduler.house import Surroundings, order

LINES = (Placed(at=0), Answered(at=0))


async def test_what_was_observed_is_evidence_with_its_hash(tmp_path: Path) -> None:
    around = Surroundings(tmp_path, LINES)
    target = Target(run_id="run-1", to="sip:1500@127.0.0.1", evidence=tmp_path)
    outcome = await converse(order(), around.house(), target, None, lambda _: None)
    [kept] = [e for e in outcome.evidence if e.kind == "observations"]
    data = kept.path.read_bytes()
    assert kept.sha256 == hashlib.sha256(data).hexdigest()
    assert [line.get("saw") for line in map(json.loads, data.splitlines())][-3:] == ["Placed", "Answered", "Ended"]


async def test_observations_that_cannot_be_kept_cost_no_judgement(tmp_path: Path) -> None:
    around = Surroundings(tmp_path, LINES)
    target = Target(run_id="run-1", to="sip:1500@127.0.0.1", evidence=tmp_path / "gone")
    outcome = await converse(order(), around.house(), target, None, lambda _: None)
    assert outcome.verdict is Verdict.PASS
    assert [e.kind for e in outcome.evidence] == ["recording"]
