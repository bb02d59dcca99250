"""Whatever is asked of runs, in whatever order: planned = done + lost + missed + live, each run one result at most."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from storage.chain import RESULT
from storage.database import Database
from storage.runs import LEASE, RUN, NotOursError
from storage.values import Cause
from tests.storage.conftest import empty
from tests.storage.racing import NOON, TTL, planned, record_of, runs_of
from tests.storage.test_runs import assert_chained, rows

SLOTS = st.integers(0, 5)
OWNERS = st.sampled_from(["w1", "w2", "w3"])
KEYS = st.sampled_from(["k1", "k2"])
CAUSES = st.sampled_from(list(Cause))


@dataclass
class Known:
    """What the plain model knows of a run."""

    state: str
    slot: int | None
    owner: str | None = None


class Machine(RuleBasedStateMachine):
    """The plain model: dictionaries, one thread, no database."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        empty(self.database)
        self.runs = runs_of(self.database)
        self.now = NOON
        self.known: dict[str, Known] = {}
        self.leases: dict[str, tuple[str, str]] = {}
        self.until: dict[str, datetime] = {}

    def alive(self, owner: str | None) -> bool:
        return owner in self.until and self.until[owner] > self.now

    def some_run(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from([*self.known, "unknown"]))

    def taken(self, slot: int | None) -> bool:
        return slot is not None and any(run.slot == slot for run in self.known.values())

    def end(self, run_id: str, state: str) -> None:
        self.known[run_id].state = state
        self.leases = {key: held for key, held in self.leases.items() if held[0] != run_id}

    @rule(slot=SLOTS | st.none(), owner=OWNERS | st.none())
    def submit(self, slot: int | None, owner: str | None) -> None:
        run_id = f"r{len(self.known)}"
        assert self.runs.submit(planned(run_id, slot), owner) is not self.taken(slot)
        if not self.taken(slot):
            self.known[run_id] = Known("queued", slot, owner)

    @rule(slots=st.lists(SLOTS, max_size=6), cause=CAUSES)
    def submit_missed(self, slots: list[int], cause: Cause) -> None:
        fresh = [slot for slot in dict.fromkeys(slots) if not self.taken(slot)]
        ids = {slot: f"r{len(self.known) + n}" for n, slot in enumerate(fresh)}
        asked = [planned(ids.get(slot, "never"), slot) for slot in slots]
        assert self.runs.submit_missed(asked, cause) == len(fresh)
        self.known |= {run_id: Known("missed", slot) for slot, run_id in ids.items()}

    @rule(data=st.data(), owner=OWNERS, key=KEYS)
    def claim(self, data: st.DataObject, owner: str, key: str) -> None:
        run_id = self.some_run(data)
        run = self.known.get(run_id)
        answer = self.runs.claim(run_id, owner, key, self.now)
        if key in self.leases and self.alive(self.leases[key][1]):
            assert answer == "busy"
            return
        self.leases.pop(key, None)
        if run is None or run.state != "queued" or run.owner not in (None, owner):
            assert answer == "gone"
            return
        assert answer == "claimed"
        run.state, run.owner = "running", owner
        self.leases[key] = (run_id, owner)

    @rule(data=st.data(), owner=OWNERS)
    def finish(self, data: st.DataObject, owner: str) -> None:
        run_id = self.some_run(data)
        run = self.known.get(run_id)
        try:
            entry = self.runs.finish(run_id, owner, record_of(planned(run_id, run.slot if run else None)))
        except NotOursError:
            assert run is None or run.owner != owner or run.state not in ("running", "done")
            return
        assert run is not None
        assert run.owner == owner
        assert run.state in ("running", "done")
        assert entry.run_id == run_id
        self.end(run_id, "done")

    @rule(data=st.data(), owner=OWNERS | st.none(), cause=CAUSES)
    def miss(self, data: st.DataObject, owner: str | None, cause: Cause) -> None:
        run_id = self.some_run(data)
        run = self.known.get(run_id)
        may = run is not None and (
            (run.state == "queued" and run.owner in (None, owner)) or (run.state == "running" and run.owner == owner)
        )
        assert (self.runs.miss(run_id, cause, owner) is not None) == may
        if may:
            self.end(run_id, "missed")

    @rule(data=st.data(), owner=OWNERS)
    def lose(self, data: st.DataObject, owner: str) -> None:
        run_id = self.some_run(data)
        run = self.known.get(run_id)
        may = run is not None and run.state == "running" and run.owner == owner
        assert (self.runs.lose(run_id, owner) is not None) == may
        if may:
            self.end(run_id, "lost")

    @rule(owner=OWNERS)
    def beat(self, owner: str) -> None:
        self.runs.beat(owner, self.now, TTL)
        self.until[owner] = self.now + TTL

    @rule(owner=OWNERS)
    def leave(self, owner: str) -> None:
        self.runs.leave(owner)
        self.until.pop(owner, None)

    @rule(part=st.sampled_from([TTL / 4, TTL, -TTL]))
    def time_passes_or_jumps_back(self, part: object) -> None:
        self.now += part  # type: ignore[operator]

    @rule(gone=OWNERS | st.none())
    def sweep(self, gone: str | None) -> None:
        found = {entry.run_id for entry in self.runs.sweep(self.now, dead=lambda owner: owner == gone)}
        assert found == {
            run_id
            for run_id, run in self.known.items()
            if run.state in ("queued", "running") and run.owner and (not self.alive(run.owner) or run.owner == gone)
        }
        for run_id in found:
            self.end(run_id, "lost")

    @invariant()
    def every_run_is_where_the_model_has_it(self) -> None:
        stored = {row["run_id"]: (row["state"], row["owner"]) for row in rows(self.database, RUN)}
        assert {run_id: state for run_id, (state, _) in stored.items()} == {k: r.state for k, r in self.known.items()}
        live = {run_id for run_id, run in self.known.items() if run.state in ("queued", "running")}
        assert {run.planned.run_id for run in self.runs.live()} == live
        assert {row["key"]: (row["run_id"], row["owner"]) for row in rows(self.database, LEASE)} == self.leases

    @invariant()
    def planned_is_done_and_lost_and_missed_and_live(self) -> None:
        results = rows(self.database, RESULT)
        final = {run_id: run.state for run_id, run in self.known.items() if run.state in ("done", "lost", "missed")}
        assert {row["run_id"]: row["state"] for row in results} == final
        counted = Counter(row["state"] for row in results if row["trigger"] == "schedule")
        live = sum(run.planned.trigger == "schedule" for run in self.runs.live())
        slots = len({run.slot for run in self.known.values() if run.slot is not None})
        assert slots == counted["done"] + counted["lost"] + counted["missed"] + live

    def teardown(self) -> None:
        assert_chained(self.database)


def test_no_order_of_events_breaks_the_count(database: Database) -> None:
    on_it = type("MachineOnIt", (Machine,), {"database": database})
    examples = 80 if database.path else 12
    run_state_machine_as_test(on_it, settings=settings(max_examples=examples, stateful_step_count=25, deadline=None))
