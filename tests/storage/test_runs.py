"""The live side of the record: what many processes may do at once, and what no crash and no race can break."""

from __future__ import annotations

import itertools
import signal
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from storage.chain import CHAIN, JOURNAL, ORIGIN, RESULT, ChainBrokenError, append, link
from storage.database import Database
from storage.runs import DETAIL, LEASE, RUN, NotOursError, Runs
from storage.values import REASON_OF, Cause, Planned, RunState, Service
from tests.storage import racing
from tests.storage.racing import HALF_HOUR, NOON, TTL, planned, record_of, runs_of


@pytest.fixture
def runs(database: Database) -> Runs:
    return runs_of(database)


def address(database: Database) -> str:
    """What opens the same database in another process."""
    return database._kind.engine.url.set(drivername="sqlite" if database.path else "postgresql").render_as_string(
        hide_password=False
    )


def rows(database: Database, table: Any = RESULT) -> list[Any]:
    with database.read() as view:
        return list(view.execute(select(table).order_by(*table.primary_key)).mappings())


def states(database: Database) -> Counter[str]:
    return Counter(row["state"] for row in rows(database, RUN))


def assert_chained(database: Database, table: Any = RESULT) -> None:
    last = ORIGIN
    for n, row in enumerate(rows(database, table), 1):
        assert row["seq"] == n
        assert bytes(row["prev_hash"]) == last
        last = bytes(row["hash"])
        plain = {name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()}
        assert link(table, bytes(row["prev_hash"]), plain) == last
    with database.read() as view:
        head = view.execute(select(CHAIN).where(CHAIN.c.name == table.name)).mappings().one()
    assert (head["seq"], bytes(head["hash"])) == (len(rows(database, table)), last)


def start(runs: Runs, run: Planned, owner: str = "w", key: str = "k") -> None:
    assert runs.submit(run)
    runs.beat(owner, NOON, TTL)
    assert runs.claim(run.run_id, owner, key, NOON) == "claimed"


# --- slots ---------------------------------------------------------------------------------------------------------


def test_a_slot_is_submitted_once_by_four_racing_processes(database: Database) -> None:
    names = [("a", 20), ("b", 20), ("c", 20), ("d", 20)]
    ours = racing.race(racing.submit_slots, address(database), names)
    won = list(itertools.chain(*ours))
    assert sorted(int(run_id.partition("-")[2]) for run_id in won) == list(range(20))
    assert sorted(row["run_id"] for row in rows(database, RUN)) == sorted(won)


def test_a_slot_is_submitted_or_missed_and_never_both(database: Database) -> None:
    url = address(database)
    _, entered = racing.race(_either, url, [("submit", 30), ("miss", 30)])
    counted = states(database)
    assert counted[RunState.QUEUED] + counted[RunState.MISSED] == 30
    assert counted[RunState.MISSED] == entered == len(rows(database))
    assert_chained(database)


def _either(database: Database, what: str, slots: int) -> Any:
    return (racing.submit_slots if what == "submit" else racing.miss_slots)(database, what, slots)


def test_a_slot_whose_run_was_cleared_away_is_known_by_its_result(database: Database, runs: Runs) -> None:
    start(runs, planned("a", 3))
    runs.finish("a", "w", record_of(planned("a", 3)))
    with database.write() as connection:
        connection.execute(delete(RUN))
    assert not runs.submit(planned("b", 3))
    assert runs.submit_missed([planned("c", 3)], Cause.DOWN) == 0
    assert runs.submit(planned("d", 3, probe="other"))


def test_runs_without_a_slot_are_as_many_as_one_likes(runs: Runs) -> None:
    assert all(runs.submit(planned(f"cli-{n}")) for n in range(3))
    assert not runs.submit(planned("cli-0")), "but a run has one id"


def test_a_thousand_missed_slots_are_entered_in_order_and_once(database: Database, runs: Runs) -> None:
    gap = [planned(f"m-{n}", n) for n in range(1203)]
    assert runs.submit(planned("there", 7))
    assert runs.submit_missed(gap, Cause.DOWN) == 1202
    assert runs.submit_missed(gap, Cause.LATE) == 0
    assert [row["run_id"] for row in rows(database)] == [run.run_id for run in gap if run.run_id != "m-7"]
    assert {(row["state"], row["cause"], row["reason"]) for row in rows(database)} == {("missed", "down", "down")}
    assert_chained(database)


# --- targets -------------------------------------------------------------------------------------------------------


def test_one_run_is_claimed_by_one_of_four_racing_processes(database: Database, runs: Runs) -> None:
    runs.submit(planned("a"))
    owners = [(f"w{n}", "a", f"key-{n}") for n in range(4)]
    answers = racing.race(racing.claim_one, address(database), owners)
    assert Counter(answers) == {"claimed": 1, "gone": 3}
    assert len(rows(database, LEASE)) == 1, "who came too late holds no target"


def test_one_target_is_tested_by_one_of_four_racing_processes(database: Database, runs: Runs) -> None:
    for n in range(4):
        runs.submit(planned(f"r{n}"))
    owners = [(f"w{n}", f"r{n}", "skill:inbound/tier-1") for n in range(4)]
    answers = racing.race(racing.claim_one, address(database), owners)
    assert Counter(answers) == {"claimed": 1, "busy": 3}
    assert states(database) == {"running": 1, "queued": 3}, "who found it busy may try again"


def test_four_processes_play_a_queue_on_one_target_each_run_once(
    database: Database, runs: Runs, tmp_path: Path
) -> None:
    ids = [f"r{n}" for n in range(16)]
    runs.submit_many([planned(run_id) for run_id in ids])
    players = [(f"w{n}", ids, "to:1500", str(tmp_path / "mark")) for n in range(4)]
    played = racing.race(racing.play_queue, address(database), players)
    assert sorted(itertools.chain(*played)) == sorted(ids)
    assert states(database) == {"done": 16}
    assert rows(database, LEASE) == []
    assert_chained(database)


def test_a_run_that_waits_for_one_worker_is_claimed_by_no_other(runs: Runs) -> None:
    runs.submit(planned("a"), "mine")
    for owner in ("other", "mine"):
        runs.beat(owner, NOON, TTL)
    assert runs.claim("a", "other", "k", NOON) == "gone"
    assert runs.queued(NOON) == []
    assert runs.claim("a", "mine", "k", NOON) == "claimed"


def test_a_worker_is_dead_from_the_moment_its_time_is_over(runs: Runs) -> None:
    for n, (at, answer) in enumerate([(NOON, "claimed"), (NOON + TTL - TTL / 1000, "busy"), (NOON + TTL, "claimed")]):
        runs.submit(planned(f"r{n}"))
        if n == 0:
            runs.beat("w", NOON, TTL)
        assert runs.claim(f"r{n}", "w", "k", at) == answer


def test_the_lease_of_a_dead_worker_is_taken_over_once(database: Database, runs: Runs) -> None:
    for n in range(5):
        runs.submit(planned(f"r{n}"))
    runs.beat("dead", NOON - TTL, TTL)
    assert runs.claim("r4", "dead", "k", NOON - TTL) == "claimed"
    answers = racing.race(racing.claim_one, address(database), [(f"w{n}", f"r{n}", "k") for n in range(4)])
    assert Counter(answers) == {"claimed": 1, "busy": 3}
    [lease] = rows(database, LEASE)
    assert lease["owner"] != "dead"


def test_a_target_is_free_again_after_the_run_whatever_came_of_it(runs: Runs) -> None:
    ends: list[Callable[[Planned], object]] = [
        lambda run: runs.finish(run.run_id, "w", record_of(run)),
        lambda run: runs.miss(run.run_id, Cause.BUDGET, "w"),
        lambda run: runs.lose(run.run_id, "w"),
        lambda _: runs.sweep(NOON, dead=lambda owner: owner == "w"),
    ]
    for n, finish in enumerate(ends):
        run = planned(f"r{n}")
        start(runs, run)
        runs.submit(planned(f"next-{n}"))
        assert runs.claim(f"next-{n}", "w", "k", NOON) == "busy"
        finish(run)
        runs.beat("w", NOON, TTL)
        assert runs.claim(f"next-{n}", "w", "k", NOON) == "claimed"
        runs.lose(f"next-{n}", "w")


# --- results -------------------------------------------------------------------------------------------------------


def test_a_killed_process_leaves_a_whole_result_or_none(database: Database, runs: Runs) -> None:
    url = address(database)
    for statement in itertools.count(1):
        run_id = f"r{statement}"
        start(runs, planned(run_id), "w", key=run_id)
        before = len(rows(database)), len(rows(database, LEASE)), rows(database, CHAIN)
        process, pipe = racing.begin(racing.finish_and_die, url, run_id, "w", statement)
        survived = pipe.poll(60) and not _ended(pipe)
        process.join(60)
        code = process.exitcode
        racing.end(process, pipe)
        if survived:
            break
        assert code == -signal.SIGKILL
        assert (len(rows(database)), len(rows(database, LEASE)), rows(database, CHAIN)) == before
        assert len(rows(database, DETAIL)) == len(rows(database))
        assert states(database)["running"] == statement
    assert statement > 6, "a result takes several statements"
    assert len(rows(database)) == len(rows(database, DETAIL)) == 1
    assert_chained(database)


def _ended(pipe: Any) -> bool:
    try:
        answer = pipe.recv()
    except EOFError:
        return True
    if isinstance(answer, Exception):
        raise answer
    return False


def test_a_result_that_its_companion_refuses_is_not_entered(database: Database, runs: Runs) -> None:
    start(runs, planned("a"))

    def refuse(*_: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        runs.finish("a", "w", record_of(planned("a")), also=refuse)
    assert rows(database) == rows(database, DETAIL) == []
    assert runs.finish("a", "w", record_of(planned("a"))).seq == 1


def test_a_run_that_was_swept_is_no_longer_ours(database: Database, runs: Runs) -> None:
    start(runs, planned("a", 1))
    [lost] = runs.sweep(NOON + TTL)
    assert (lost.run_id, lost.state, lost.cause, lost.reason) == ("a", RunState.LOST, None, "lost")
    with pytest.raises(NotOursError, match="a is no longer a run of w"):
        runs.finish("a", "w", record_of(planned("a", 1)))
    assert runs.miss("a", Cause.BUSY, "w") is None
    assert runs.lose("a", "w") is None
    assert [row["state"] for row in rows(database)] == ["lost"]


def test_two_sweepers_find_a_lost_run_once(database: Database, runs: Runs) -> None:
    for n in range(6):
        start(runs, planned(f"r{n}", n), f"w{n}", key=f"k{n}")
    late = NOON + TTL
    found = racing.race(racing.sweep, address(database), [(late,)] * 3)
    assert sorted(itertools.chain(*found)) == [f"r{n}" for n in range(6)]
    assert states(database) == {"lost": 6}
    assert_chained(database)


def test_services_say_by_which_file_they_plan_and_command_lines_say_nothing(runs: Runs, database: Database) -> None:
    runs.beat("line", NOON, TTL)
    runs.beat("b", NOON, TTL, "22")
    runs.beat("a", NOON, TTL, "11")
    assert runs.services(NOON) == [Service("a", "11"), Service("b", "22")]
    runs.beat("a", NOON + TTL / 2, TTL, "22")
    with database.write() as connection:
        assert runs.services(NOON + TTL, connection) == [Service("a", "22")], "the other has not beaten"
    assert set(runs.workers(NOON)) == {"a", "b", "line"}


def test_who_beats_in_time_is_not_swept(runs: Runs) -> None:
    start(runs, planned("a"))
    runs.beat("w", NOON + TTL / 2, TTL)
    assert runs.sweep(NOON + TTL) == []
    assert [entry.run_id for entry in runs.sweep(NOON + TTL, dead=lambda owner: owner == "w")] == ["a"]


def test_a_result_that_was_kept_before_the_answer_got_lost_may_be_entered_again(database: Database, runs: Runs) -> None:
    start(runs, planned("a"))
    first = runs.finish("a", "w", record_of(planned("a")))
    assert runs.finish("a", "w", record_of(planned("a"))) == first
    with pytest.raises(NotOursError):
        runs.finish("a", "w", record_of(planned("a"), message="another"))
    with pytest.raises(NotOursError):
        runs.finish("a", "other", record_of(planned("a")))
    assert len(rows(database)) == 1


def test_half_a_character_of_a_far_end_loses_no_result(database: Database, runs: Runs) -> None:
    from storage.rows import unpack  # noqa: PLC0415 - beside its use

    start(runs, planned("a"))
    runs.finish("a", "w", record_of(planned("a"), message="\udcff\x00\U0001f600"))
    [detail] = rows(database, DETAIL)
    assert unpack(bytes(detail["data"]))["message"] == "\udcff\x00\U0001f600"


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_of_not_running_reads_as_inconclusive_on_our_side(runs: Runs, cause: Cause) -> None:
    runs.submit(planned("a", 1))
    entry = runs.miss("a", cause)
    assert entry is not None
    assert (entry.state, entry.cause, entry.reason, entry.owner) == (RunState.MISSED, cause, REASON_OF[cause], "siaga")
    assert (entry.verdict, entry.stage) == ("inconclusive", "probe")
    assert entry.at == NOON + HALF_HOUR
    assert runs.miss("a", cause) is None


# --- the chain -----------------------------------------------------------------------------------------------------


def test_four_processes_add_to_one_chain_and_no_link_is_lost(database: Database) -> None:
    seqs = racing.race(racing.add_links, address(database), [(name, 25) for name in "abcd"])
    assert sorted(itertools.chain(*seqs)) == list(range(1, 101))
    assert_chained(database, JOURNAL)


def test_a_chain_whose_head_was_taken_away_is_not_continued(database: Database) -> None:
    with database.write() as connection:
        connection.execute(delete(CHAIN))
    row = {"at_ms": 1, "kind": "remark", "subject": "x", "body": "{}", "text_sha256": None}
    with pytest.raises(ChainBrokenError, match="see `siaga verify`"), database.write() as connection:
        append(connection, JOURNAL, [row])


def test_what_is_returned_is_what_is_stored(database: Database, runs: Runs) -> None:
    start(runs, planned("a", 2))
    entry = runs.finish("a", "w", record_of(planned("a", 2)))
    assert runs.entry("a") == entry
    assert entry.slot == NOON + 2 * HALF_HOUR
    assert entry.at == NOON + 2 * HALF_HOUR
    assert entry.ended_at == entry.at + timedelta(seconds=45)
    assert entry.figures.agent_ms == 31_500
    assert entry.figures.agent_held_ms == 13_500
    with database.read() as view:
        assert view.execute(select(func.count()).select_from(DETAIL)).scalar_one() == 1
