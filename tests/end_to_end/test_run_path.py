"""What ``siaga probe`` played is in the record, also when it was stopped or killed; two never test a skill at once."""

from __future__ import annotations

import hashlib
import itertools
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.chain import ORIGIN, RESULT, link
from tests.end_to_end.program import Installation, finish
from tests.end_to_end.serving import SHORT, WAITING, Lab, probe, rows, until, write

SKILL = {"service": '"inbound"', "skill": '"tier-1"'}
GREETED = ('{ expect = "prompt:selamat-datang", within = "20s" }', "{ end = true }")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    box = Lab(tmp_path_factory.mktemp("kotak"))
    yield box
    box.close()


@pytest.fixture
def installed(lab: Lab, tmp_path: Path) -> Installation:
    """Two probes of one skill that stay in the queue or only listen, and one of another skill that is refused."""
    return write(
        tmp_path / "siaga",
        lab,
        probe(lab, "antre", "1500+endless_queue", WAITING, **SKILL),
        probe(lab, "sapa", "1500", GREETED, **SKILL),
        probe(lab, "sibuk", "1500+busy", SHORT, service='"inbound"', skill='"tier-2"'),
    )


def assert_chained(found: list[dict[str, Any]]) -> None:
    last = ORIGIN
    for number, row in enumerate(found, 1):
        assert row["seq"] == number
        assert row["prev_hash"] == last
        last = link(RESULT, last, row)
        assert row["hash"] == last


def in_the_queue(lab: Lab, before: int) -> bool:
    return len(lab.events("queue_enter")) > before


def test_a_result_is_chained_and_its_evidence_is_what_lies_on_the_disk(installed: Installation) -> None:
    told = [installed.run("probe", name, "--json") for name in ("sibuk", "sapa", "sibuk")]
    found = rows(installed)
    assert_chained(found)
    assert [row["run_id"] for row in found] == [ran.record["run_id"] for ran in told]
    assert [(row["state"], row["verdict"], row["reason"]) for row in found] == [
        ("done", "fail", "busy_486"),
        ("done", "pass", None),
        ("done", "fail", "busy_486"),
    ]
    config = hashlib.sha256((installed.folder / "siaga.toml").read_bytes()).digest()
    for row, ran in zip(found, told, strict=True):
        assert (row["trigger"], row["slot_ms"], row["config"]) == ("cli", None, config)
        assert row["total_ms"] == pytest.approx(1000 * ran.record["timings"]["total_s"], abs=1)
        kept = json.loads(row["evidence"])
        assert [kind for kind, _, _ in kept] == [item["kind"] for item in ran.record["evidence"]]
        assert {"sip_trace", "result"} <= {kind for kind, _, _ in kept}
        for _, path, sha256 in kept:
            file = installed.folder / "evidence" / path
            assert hashlib.sha256(file.read_bytes()).hexdigest() == sha256


def test_two_command_lines_never_test_a_skill_at_once(lab: Lab, installed: Installation) -> None:
    """Four at once: whoever waited in vain says so, and the far end never had two calls up."""
    before = len(lab.events("answered"))
    processes = [installed.start("probe", "sapa", "--json") for _ in range(4)]
    told = [finish(process).record for process in processes]
    reasons = [record["reason"] for record in told]
    assert set(reasons) <= {None, "lease_busy"}, told
    assert reasons.count(None) >= 1
    calls = [event["call"] for event in lab.events("answered")[before:]]
    assert len(calls) == reasons.count(None)
    ends = {event["call"]: event["mono"] for event in lab.events("bye")}
    spans = sorted((event["mono"], ends[event["call"]]) for event in lab.events("answered")[before:])
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans)), spans
    assert sorted(row["run_id"] for row in rows(installed)) == sorted(record["run_id"] for record in told)
    assert_chained(rows(installed))


def test_an_interrupted_run_and_the_one_that_waited_for_its_skill_are_stored(lab: Lab, installed: Installation) -> None:
    queued = len(lab.events("queue_enter"))
    first = installed.start("probe", "antre", "--json")
    until(lambda: in_the_queue(lab, queued), "the first call waits in the queue")
    waited = installed.run("probe", "sapa", "--json")
    assert (waited.exit_code, waited.record["reason"]) == (3, "lease_busy")
    first.send_signal(signal.SIGINT)
    stopped = finish(first)
    assert (stopped.exit_code, stopped.record["reason"]) == (3, "interrupted")
    found = rows(installed)
    assert [(row["run_id"], row["reason"]) for row in found] == [
        (waited.record["run_id"], "lease_busy"),
        (stopped.record["run_id"], "interrupted"),
    ]
    assert_chained(found)


def test_a_killed_run_is_lost_with_the_next_command_and_its_skill_is_free(lab: Lab, installed: Installation) -> None:
    queued, hung_up = len(lab.events("queue_enter")), len(lab.events("bye"))
    process = installed.start("probe", "antre", "--json")
    until(lambda: in_the_queue(lab, queued), "the call waits in the queue")
    process.kill()
    process.communicate()
    until(lambda: len(lab.events("bye")) > hung_up, "the engine hangs up by itself")
    assert rows(installed) == []
    after = installed.run("probe", "sapa", "--json")
    assert after.record["verdict"] == "pass", after
    lost, done = rows(installed)
    assert (lost["state"], lost["verdict"], lost["reason"], lost["probe"]) == ("lost", "inconclusive", "lost", "antre")
    assert (done["state"], done["run_id"]) == ("done", after.record["run_id"])
    assert_chained(rows(installed))
