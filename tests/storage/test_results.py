"""The record read back: pages, the contract's object, days, and what tests cost the agents."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probe.reasons import Owner, Verdict
from storage.database import Database
from storage.results import Cursor, Filter, Results
from storage.values import Cause, Entry, RunState
from tests.storage.entries import DETAILED, NOON, keep, missed, row

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
ROOT = Path("/var/lib/siaga/evidence")
CONTRACT = (
    "run_id probe channel target service skill slot trigger started_at ended_at verdict stage reason owner message "
    "accessibility availability timings steps agent media evidence"
).split()
TIMES = "pdd_s setup_s time_to_greeting_s menu_s queue_s time_to_agent_s total_s".split()


@pytest.fixture
def results(database: Database) -> Results:
    return Results(database, ROOT)


def _all(results: Results, asked: Filter, limit: int, *, newest_first: bool) -> list[Entry]:
    found: list[Entry] = []
    while page := results.page(asked, Cursor.of(found[-1]) if found else None, limit, newest_first=newest_first):
        found += page
    return found


@pytest.mark.parametrize("newest_first", [True, False])
def test_pages_hold_each_entry_once_also_when_many_began_in_the_same_millisecond(
    database: Database, results: Results, newest_first: bool
) -> None:
    rows = [row(n, NOON + (n // 4) * MINUTE, slot_ms=None, trigger="cli") for n in range(22)]
    kept = keep(database, reversed(rows))
    found = _all(results, Filter(), 3, newest_first=newest_first)
    assert found == sorted(kept, key=lambda e: (e.at, e.seq), reverse=newest_first)


def test_what_is_entered_meanwhile_shifts_no_page(database: Database, results: Results) -> None:
    keep(database, [row(n, NOON + n * MINUTE) for n in range(6)])
    first = results.page(limit=3)
    keep(database, [row(9, NOON + 9 * MINUTE)])
    second = results.page(after=Cursor.of(first[-1]), limit=3)
    assert [e.run_id for e in [*first, *second]] == [f"run-{n}" for n in (5, 4, 3, 2, 1, 0)]


MIXED: list[dict[str, Any]] = [
    row(0),
    row(1, NOON + HOUR, verdict="degraded", stage="queue", reason="slow", owner="team_leader"),
    row(2, NOON + 2 * HOUR, probe="wa", channel="whatsapp", service="digital", skill="cs"),
    row(3, NOON + 3 * HOUR, verdict="fail", stage="ivr", reason="ivr_silent", owner="ioc", accessibility="not_ok"),
    missed(4, NOON + 4 * HOUR, probe="wa", channel="whatsapp", service="digital", skill="cs"),
    missed(5, NOON + 5 * HOUR, cause=None),
    row(6, NOON + 5 * HOUR + MINUTE, trigger="retest", retest_of="run-3"),
    row(7, NOON + 6 * HOUR, probe=None, service=None, skill=None, trigger="cli"),
]
CHOICES: dict[str, tuple[list[Any], Callable[[Entry, Any], bool]]] = {
    "probe": (["ivr", "wa", "none"], lambda e, v: e.probe == v),
    "service": (["inbound", "digital"], lambda e, v: e.service == v),
    "skill": (["tier-1", "cs"], lambda e, v: e.skill == v),
    "channel": (["sip", "whatsapp"], lambda e, v: e.channel == v),
    "owner": (list(Owner), lambda e, v: e.owner == v),
    "verdict": (list(Verdict), lambda e, v: e.verdict == v),
    "state": ([RunState.DONE, RunState.LOST, RunState.MISSED], lambda e, v: e.state == v),
    "trigger": (["schedule", "retest", "cli"], lambda e, v: e.trigger == v),
    "since": ([NOON + HOUR, NOON + 5 * HOUR], lambda e, v: e.at >= v),
    "until": ([NOON + HOUR, NOON + 5 * HOUR], lambda e, v: e.at < v),
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    chosen=st.fixed_dictionaries({}, optional={name: st.sampled_from(of) for name, (of, _) in CHOICES.items()}),
    newest_first=st.booleans(),
)
def test_any_combination_of_filters_finds_what_a_loop_over_all_would(
    database: Database, results: Results, chosen: dict[str, Any], newest_first: bool
) -> None:
    if results.entry("run-0") is None:
        keep(database, MIXED)
    wanted = [e for e in results.page(limit=99) if all(CHOICES[n][1](e, value) for n, value in chosen.items())]
    found = _all(results, Filter(**chosen), 2, newest_first=newest_first)
    assert found == (wanted if newest_first else wanted[::-1])


def test_one_entry_is_found_by_its_run(database: Database, results: Results) -> None:
    [kept] = keep(database, [row(1)])
    assert results.entry("run-1") == kept
    assert results.entry("run-2") is None


def test_an_entry_reads_as_the_object_of_the_contract(database: Database, results: Results) -> None:
    files = json.dumps([["audio", "2026-11-20/run-1/call.wav", "ab" * 32]])
    timings = dict.fromkeys(TIMES) | {"time_to_agent_s": 31.5, "total_s": 45.0}
    [entry] = keep(database, [row(1, evidence=files)], {**DETAILED, "timings": timings})
    shown = results.as_json(entry, results.detail(entry.seq), "id")
    assert list(shown) == CONTRACT
    assert shown == {
        "run_id": "run-1",
        "probe": "ivr",
        "channel": "sip",
        "service": "inbound",
        "skill": "tier-1",
        "slot": "2026-11-20T05:00:00.000Z",
        "trigger": "schedule",
        "started_at": "2026-11-20T05:00:00.000Z",
        "ended_at": "2026-11-20T05:00:45.000Z",
        "verdict": "pass",
        "stage": None,
        "reason": None,
        "owner": None,
        "accessibility": "ok",
        "availability": "ok",
        "timings": timings,
        "evidence": [
            {"kind": "audio", "path": f"{ROOT}/2026-11-20/run-1/call.wav", "sha256": "ab" * 32},
        ],
        **DETAILED,
    }


def test_an_erased_detail_leaves_the_figures_and_a_sentence_of_the_catalogue(
    database: Database, results: Results
) -> None:
    [entry] = keep(database, [row(1)])
    shown = results.as_json(entry, results.detail(entry.seq), "en")
    assert list(shown) == CONTRACT
    assert (shown["target"], shown["steps"], shown["agent"], shown["media"]) == ("", [], None, None)
    assert list(shown["timings"]) == TIMES
    assert (shown["timings"]["time_to_agent_s"], shown["timings"]["total_s"]) == (31.5, 45.0)
    assert "32 s" in shown["message"]


@pytest.mark.parametrize("cause", [*Cause, None])
def test_a_missed_or_lost_run_reads_as_inconclusive_with_all_keys(
    database: Database, results: Results, cause: Cause | None
) -> None:
    [entry] = keep(database, [missed(1, cause=cause)])
    id_, en = (results.as_json(entry, None, language) for language in ("id", "en"))
    assert list(id_) == CONTRACT
    assert (id_["verdict"], id_["stage"], id_["owner"]) == ("inconclusive", "probe", "siaga")
    assert id_["started_at"] == id_["ended_at"] == "2026-11-20T05:00:00.000Z"
    assert set(id_["timings"].values()) == {None}
    assert id_["message"] != en["message"]
    assert "Tahap" in id_["message"]
    json.dumps(id_)


def test_the_target_of_a_missed_run_can_be_said_by_who_knows_the_configuration(
    database: Database, results: Results
) -> None:
    [entry] = keep(database, [missed(1)])
    assert results.as_json(entry, None, "id")["target"] == ""
    assert results.as_json(entry, None, "id", target="sip:1500@pbx")["target"] == "sip:1500@pbx"


def test_details_of_a_page_are_read_at_once(database: Database, results: Results) -> None:
    played, unplayed = keep(database, [row(1), missed(2, NOON + HOUR)], DETAILED)
    assert results.details([played, unplayed]) == {played.seq: DETAILED}


def test_a_slot_of_the_day_belongs_to_it_though_its_run_waited_past_midnight(
    database: Database, results: Results
) -> None:
    midnight = datetime(2026, 11, 20, 17, tzinfo=UTC)  # in WIB
    slot = midnight - 30 * MINUTE
    waited = row(1, midnight + 10 * MINUTE) | {"slot_ms": int(slot.timestamp() * 1000)}
    by_hand = row(2, midnight + 11 * MINUTE, trigger="cli", probe=None)
    keep(database, [waited, by_hand, row(3, midnight)])
    assert [e.run_id for e in results.on_day(midnight - 24 * HOUR, midnight)] == ["run-1"]
    assert [e.run_id for e in results.on_day(midnight, midnight + 24 * HOUR)] == ["run-3", "run-2"]


def test_a_day_has_its_first_instant_and_not_its_last(database: Database, results: Results) -> None:
    keep(database, [row(n, NOON + n * 24 * HOUR) for n in range(3)])
    assert [e.run_id for e in results.on_day(NOON + 24 * HOUR, NOON + 48 * HOUR)] == ["run-1"]


def test_a_day_of_one_service_holds_no_other(database: Database, results: Results) -> None:
    keep(database, MIXED)
    found = results.on_day(NOON, NOON + 24 * HOUR, service="digital")
    assert [e.run_id for e in found] == ["run-2", "run-4"]


def test_the_agents_time_is_summed_per_skill_over_calls_that_ended_lately(database: Database, results: Results) -> None:
    keep(
        database,
        [
            row(1, NOON - 61 * MINUTE, ended_ms=int((NOON - 60 * MINUTE).timestamp() * 1000)),
            row(2, NOON - 61 * MINUTE, ended_ms=int((NOON - 59 * MINUTE).timestamp() * 1000), slot_ms=None),
            row(3, NOON - 5 * MINUTE),
            row(4, NOON - 5 * MINUTE, skill="tier-2", probe="b"),
            row(5, NOON - 5 * MINUTE, skill=None, probe="c"),
            missed(6, NOON - 4 * MINUTE),
        ],
    )
    since = NOON - HOUR
    assert results.agent_held_ms("inbound", "tier-1", since) == 2 * 13_500
    assert results.agent_held_ms("inbound", "tier-2", since) == 13_500
    assert results.agent_held_ms("inbound", None, since) == 13_500
    assert results.agent_held_ms("digital", "tier-1", since) == 0


def test_the_last_entries_of_a_probe_come_newest_first(database: Database, results: Results) -> None:
    keep(database, [row(n, NOON + n * HOUR) for n in range(4)] + [row(9, NOON + 9 * HOUR, probe="wa")])
    assert [e.run_id for e in results.in_a_row("ivr", 3)] == ["run-3", "run-2", "run-1"]
    assert [e.run_id for e in results.in_a_row("wa", 3)] == ["run-9"]


def test_steps_that_the_last_tests_of_a_probe_met_are_those_that_passed_or_were_out_of_bounds(
    database: Database, results: Results
) -> None:
    def steps(*verdicts: str) -> dict[str, Any]:
        return {"steps": [{"step": f"expect prompt:{n}", "verdict": v} for n, v in enumerate(verdicts)]}

    made = [row(n, NOON + n * MINUTE) for n in range(4)]
    made[0]["probe"] = "other"
    told = [steps("pass", "pass"), steps("fail", "not_reached"), steps("pass", "fail"), steps("fail", "degraded")]
    for one, detail in zip(made, told, strict=True):
        keep(database, [one], detail)
    keep(database, [missed(9, NOON + 9 * MINUTE)])
    assert results.steps_met("ivr") == {"expect prompt:0", "expect prompt:1"}
    assert results.steps_met("ivr", 1) == {"expect prompt:1"}
    assert results.steps_met("nobody") == frozenset()


def with_mos(database: Database, first: int, *values: float | None) -> None:
    """Calls of the probe ``ivr``, an hour apart, that had these figures."""
    for n, mos in enumerate(values, first):
        media = None if mos is None else {"codec": "PCMA", "packets": 1500, "lost": 0, "mos": mos}
        keep(database, [row(n, NOON + n * HOUR)], {**DETAILED, "media": media})


def test_the_usual_mos_of_a_probe_is_the_median_of_its_last_calls(database: Database, results: Results) -> None:
    with_mos(database, 0, *[1.0] * 5, *[4.4] * 11, *[4.0] * 9)
    assert results.usual_mos("ivr") == 4.4


def test_a_few_calls_make_nothing_usual_and_calls_without_figures_do_not_count(
    database: Database, results: Results
) -> None:
    with_mos(database, 0, 4.4, None, 4.4, 4.4, None, 4.4)
    assert results.usual_mos("ivr") is None
    with_mos(database, 6, 4.4)
    assert results.usual_mos("ivr") == 4.4
    assert results.usual_mos("wa") is None
