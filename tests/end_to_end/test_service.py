"""``siaga serve`` as a process: it tests at its time, drains, reloads, and says why a test did not take place."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.program import Installation
from tests.end_to_end.serving import SHORT, WAITING, Lab, Service, notes, probe, rows, serving, until, write

OFTEN = {"every": '"2s"', "spread": '"0s"'}
HEARD = (*WAITING[:-1], '{ expect = "agent", within = "60s" }', "{ end = true }")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    box = Lab(tmp_path_factory.mktemp("kotak"))
    yield box
    box.close()


def quick(lab: Lab, name: str = "cepat") -> str:
    return probe(lab, name, "1500+busy", SHORT, **OFTEN)


def waiting(lab: Lab, **more: str) -> str:
    """A call that stays in the queue: its slots come every few seconds, and the first of them lasts."""
    return probe(lab, "lama", "1500+endless_queue", WAITING, **{**OFTEN, **more})


def drains_for(seconds: int) -> str:
    return f"[service]\ndrain_s = {seconds}\n"


def call_of(lab: Lab, service: Service) -> str:
    """The Call-ID of the one call that is up."""
    [call] = until(lab.calls_up, "no call came up", service)
    return str(call)


def row_with(installation: Installation, service: Service, where: str) -> dict[str, Any]:
    """The first row of the record of that kind, as soon as there is one."""
    found: list[dict[str, Any]] = until(lambda: rows(installation, where), f"no row with {where}", service)
    return found[0]


def slots(found: list[dict[str, Any]]) -> list[int]:
    return [row["slot_ms"] for row in found]


def unbroken(found: list[dict[str, Any]]) -> bool:
    """Whether each slot of a probe that is due every two seconds has one row, from the first to the last."""
    mine = sorted(slots(found))
    return mine == list(range(mine[0], mine[-1] + 1, 2000))


# --- at its time ---------------------------------------------------------------------------------------------------


def test_every_slot_becomes_a_row_and_the_end_is_told(lab: Lab, tmp_path: Path) -> None:
    installation = write(tmp_path, lab, quick(lab))
    with serving(installation) as service:
        until(lambda: len(rows(installation)) >= 4, "four rows", service)
        assert service.stop() == 0
        assert "STOPPING=1" in service.systemd.heard()
    found = rows(installation)
    assert {row["trigger"] for row in found} == {"schedule"}
    assert "busy_486" in {row["reason"] for row in found}
    assert unbroken(found)


def test_two_services_on_one_database_do_no_slot_twice(lab: Lab, tmp_path: Path) -> None:
    installation = write(tmp_path, lab, *(quick(lab, f"p-{number}") for number in range(4)))
    with serving(installation) as one, serving(installation) as other:
        until(lambda: len(one.events("run ended")) >= 4 and len(other.events("run ended")) >= 4, "both play", one)
        assert (one.stop(), other.stop()) == (0, 0)
    found = rows(installation)
    assert len({(row["probe"], row["slot_ms"]) for row in found}) == len(found)
    for name in {row["probe"] for row in found}:
        assert unbroken([row for row in found if row["probe"] == name])
    assert not [row for row in found if row["state"] == "lost"]


# --- the end -------------------------------------------------------------------------------------------------------


def test_shutdown_at_the_deadline_hangs_up_and_is_said(lab: Lab, tmp_path: Path) -> None:
    installation = write(tmp_path, lab, waiting(lab), head=drains_for(1))
    with serving(installation) as service:
        call = call_of(lab, service)
        assert service.stop() == 0
    [row] = rows(installation, "state = 'done'")
    assert (row["verdict"], row["stage"], row["reason"], row["owner"]) == ("inconclusive", "probe", "shutdown", "siaga")
    assert call not in lab.calls_up()
    assert not rows(installation, "state = 'lost'")


def test_a_call_that_ends_within_the_deadline_is_judged(lab: Lab, tmp_path: Path) -> None:
    rings = probe(lab, "berdering", "1500+no_answer", ('{ expect = "answer", within = "15s" }',), **OFTEN)
    installation = write(tmp_path, lab, rings, head=drains_for(120))
    with serving(installation) as service:
        until(lambda: [e for e in lab.events("invite") if e["faults"] == ["no_answer"]], "it rings", service)
        assert service.stop(150) == 0
    [row] = rows(installation, "state = 'done'")
    assert row["reason"] == "no_answer"


def test_told_to_stop_twice_it_waits_no_longer(lab: Lab, tmp_path: Path) -> None:
    installation = write(tmp_path, lab, waiting(lab), head=drains_for(7200))
    with serving(installation) as service:
        call = call_of(lab, service)
        service.tell(signal.SIGTERM)
        service.hears("STOPPING=1")
        assert service.stop() == 0
    [row] = rows(installation, "state = 'done'")
    assert row["reason"] == "shutdown"
    assert call not in lab.calls_up()


# --- reload --------------------------------------------------------------------------------------------------------


def test_a_reload_adds_a_probe_and_leaves_a_running_call_alone(lab: Lab, tmp_path: Path) -> None:
    installation = write(tmp_path, lab, waiting(lab), head=drains_for(1))
    with serving(installation) as service:
        call = call_of(lab, service)
        write(tmp_path, lab, waiting(lab), quick(lab, "baru"), head=drains_for(1))
        service.tell(signal.SIGHUP)
        service.hears("RELOADING=1")
        service.ready()
        row = row_with(installation, service, "probe = 'baru' AND state = 'done'")
        assert call in lab.calls_up()
        assert service.stop() == 0
    running = next(r for r in rows(installation) if r["reason"] == "shutdown")
    assert row["config"] != running["config"], "each row names the settings that it was made with"
    bodies = [note["body"] for note in notes(installation, "config")]
    assert [body["old"] for body in bodies] == [None, bodies[0]["new"]]
    assert bodies[1]["changes"] == {"added": ["baru"], "removed": [], "changed": [], "trunks": []}


def test_a_bad_file_keeps_the_old_settings_and_every_mistake_is_told(lab: Lab, tmp_path: Path) -> None:
    installation = write(tmp_path, lab, quick(lab))
    with serving(installation) as service:
        row_with(installation, service, "state = 'done'")
        wrong = probe(lab, "salah", "1500", ('{ expect = "anwser" }',), every="30")
        write(tmp_path, lab, quick(lab), wrong)
        service.tell(signal.SIGHUP)
        service.hears("RELOADING=1")
        service.ready()
        assert "REFUSED (2 mistakes)" in service.hears("STATUS=")
        told = [line["wrong"] for line in service.events("new configuration refused, the old one stays")]
        assert len(told) == 2
        assert all("siaga.toml:" in line for line in told)
        before = len(rows(installation, "state = 'done'"))
        until(lambda: len(rows(installation, "state = 'done'")) > before, "it goes on", service)
        assert service.stop() == 0
    assert len(notes(installation, "config")) == 1
    assert {row["probe"] for row in rows(installation)} == {"cepat"}


def test_a_start_with_other_settings_stands_in_the_journal(lab: Lab, tmp_path: Path) -> None:
    installation = Installation(tmp_path, {})
    for text in ("[service]\ndrain_s = 1\n", "[service]\ndrain_s = 1\n", "[service]\ndrain_s = 2\n"):
        write(tmp_path, lab, quick(lab), head=text)
        with serving(installation) as service:
            assert service.stop() == 0
    first, second = [note["body"] for note in notes(installation, "config")]
    assert second["old"] == first["new"] != second["new"]


# --- why a planned test did not take place: one test for each reason that comes from the service itself ------------


def test_maintenance_is_said_of_tests_inside_a_window(lab: Lab, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    window = (
        f'[[maintenance]]\ntarget = "cepat"\nfrom = {(now - timedelta(hours=1)).isoformat()}\n'
        f'to = {(now + timedelta(hours=1)).isoformat()}\nreason = "ganti IVR"\n'
    )
    installation = write(tmp_path, lab, quick(lab), quick(lab, "lain"), window)
    with serving(installation) as service:
        row = row_with(installation, service, "probe = 'cepat'")
        row_with(installation, service, "probe = 'lain' AND state = 'done'")
        assert service.stop() == 0
    assert (row["state"], row["cause"], row["reason"]) == ("missed", "maintenance", "maintenance")
    assert not rows(installation, "probe = 'cepat' AND state <> 'missed'")


def test_courtesy_is_said_when_agents_were_taken_enough_of(lab: Lab, tmp_path: Path) -> None:
    asks = probe(lab, "agen", "1500+agent=1", HEARD, **OFTEN, service='"inbound"', skill='"tier-1"')
    installation = write(tmp_path, lab, asks, head="[courtesy]\nagent_seconds_per_hour = 1\n")
    with serving(installation) as service:
        row = row_with(installation, service, "cause = 'courtesy'")
        assert service.stop() == 0
    assert (row["state"], row["reason"]) == ("missed", "courtesy")
    assert sum(taken["agent_held_ms"] or 0 for taken in rows(installation, "state = 'done'")) >= 1000


def test_down_is_said_of_what_was_due_while_no_service_ran(lab: Lab, tmp_path: Path) -> None:
    installation = write(tmp_path, lab, quick(lab))
    with serving(installation) as service:
        row_with(installation, service, "state = 'done'")
        assert service.stop() == 0
    last = max(slots(rows(installation)))
    wait_past(last + 6000)
    with serving(installation) as service:
        row_with(installation, service, f"state = 'done' AND slot_ms > {last}")
        assert service.stop() == 0
    after = [row for row in rows(installation) if row["slot_ms"] > last]
    down = [row for row in after if row["cause"] == "down"]
    assert len(down) >= 2
    assert {row["reason"] for row in down} == {"down"}
    first_new = next(row["seq"] for row in after if row["state"] == "done")
    assert all(row["seq"] < first_new for row in down), "what was missed stands before the first new run"
    assert min(slots(after)) == last + 2000
    assert unbroken(after)


def test_late_is_said_of_what_a_living_service_could_not_begin_in_time(lab: Lab, tmp_path: Path) -> None:
    installation = write(tmp_path, lab, quick(lab))
    with serving(installation) as service:
        row_with(installation, service, "state = 'done'")
        service.tell(signal.SIGSTOP)
        wait_past(max(slots(rows(installation))) + 10_000)
        service.tell(signal.SIGCONT)
        row = row_with(installation, service, "cause = 'late'")
        assert service.stop() == 0
    assert (row["state"], row["reason"]) == ("missed", "late")
    assert unbroken(rows(installation))


def test_lost_is_said_of_a_run_whose_service_was_killed(lab: Lab, tmp_path: Path) -> None:
    installation = write(tmp_path, lab, waiting(lab), head=drains_for(1))
    with serving(installation) as service:
        call = call_of(lab, service)
        service.tell(signal.SIGKILL)
        service.ended()
    until(lambda: call not in lab.calls_up(), "the engine hangs up by itself")
    with serving(installation) as service:
        row = row_with(installation, service, "state = 'lost'")
        assert service.stop() == 0
    assert (row["verdict"], row["stage"], row["reason"], row["owner"]) == ("inconclusive", "probe", "lost", "siaga")
    verified = installation.run("verify")
    assert verified.exit_code == 0, verified.stdout


def wait_past(slot_ms: int) -> None:
    """Let the time come in which a service that is away would have had something to do."""
    until(lambda: datetime.now(UTC).timestamp() * 1000 > slot_ms, "time passes")
