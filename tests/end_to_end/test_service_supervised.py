"""What systemd sees of a service: exit codes at the start, readiness, the watchdog, and how it ends."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end import blocked_service
from tests.end_to_end.program import Installation, Ran
from tests.end_to_end.serving import Lab, Service, serving, until

ON_DEMAND = '[[probe]]\nname = "p"\nchannel = "sip"\nto = "sip:1@127.0.0.1"\nscript = [{ expect = "answer" }]\n'
WATCHED = {"WATCHDOG_USEC": "2000000"}


def installed(folder: Path, text: str) -> Installation:
    (folder / "siaga.toml").write_text(text, "utf-8")
    return Installation(folder, {})


def started(folder: Path, text: str) -> Ran:
    return installed(folder, text).run("serve")


# --- the start -----------------------------------------------------------------------------------------------------


def test_a_wrong_configuration_ends_with_78_and_every_mistake(tmp_path: Path) -> None:
    ran = started(tmp_path, ON_DEMAND.replace("answer", "anwser") + 'every = "1x"\n')
    assert (ran.exit_code, ran.stdout) == (78, "")
    assert ran.stderr.count("siaga.toml:") >= 2


def test_a_number_that_must_not_be_dialled_keeps_the_service_from_starting(tmp_path: Path) -> None:
    ran = started(tmp_path, ON_DEMAND.replace("sip:1@", "sip:112@"))
    assert ran.exit_code == 78
    assert "siaga.toml:4:" in ran.stderr


def test_a_secret_that_is_not_there_ends_with_78(tmp_path: Path) -> None:
    text = (
        '[trunk.t]\nregistrar = "sip:127.0.0.1:9"\nusername = "u"\npassword = { env = "UJI_TIDAK_ADA" }\n'
        '[dial]\nallow = ["1*"]\n' + ON_DEMAND + 'trunk = "t"\n'
    )
    ran = started(tmp_path, text)
    assert (ran.exit_code, ran.stdout) == (78, "")
    assert "trunk.t.password" in ran.stderr
    assert "UJI_TIDAK_ADA" in ran.stderr


def test_a_database_that_cannot_be_opened_ends_with_3_and_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()
    ran = started(tmp_path, '[storage]\nurl = "sqlite:///folder.db"\n' + ON_DEMAND)
    assert (ran.exit_code, ran.stdout) == (3, "")
    assert "folder.db" in ran.stderr
    assert "check [storage] url" in ran.stderr


def test_a_recording_that_nobody_could_recognise_ends_with_78(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "halo.wav").write_bytes(b"no sound at all")
    ran = started(tmp_path, ON_DEMAND.replace('"answer"', '"prompt:halo"'))
    assert ran.exit_code == 78
    assert "halo" in ran.stderr


def test_a_service_without_any_planned_probe_stands_all_the_same(tmp_path: Path) -> None:
    with serving(installed(tmp_path, ON_DEMAND)) as service:
        assert service.stop() == 0


# --- while it runs -------------------------------------------------------------------------------------------------


def test_the_log_is_one_json_object_per_line_and_lines_of_a_run_name_it(tmp_path: Path) -> None:
    box = Lab(tmp_path)
    try:
        text = ON_DEMAND.replace("sip:1@127.0.0.1", f"sip:1500+busy@{box.hostport}")
        with serving(installed(tmp_path, text + 'every = "2s"\nspread = "0s"\n')) as service:
            ended = until(lambda: service.events("run ended"), "a run", service)
            assert service.stop() == 0
        lines = [json.loads(line) for line in service.log.splitlines()]
    finally:
        box.close()
    assert {"event", "level", "timestamp"} <= set.intersection(*(set(line) for line in lines))
    of_run = [line for line in lines if line.get("run_id") == ended[0]["run_id"]]
    assert {"run claimed", "run started", "run ended"} <= {line["event"] for line in of_run}
    assert {line["probe"] for line in of_run} == {"p"}


def test_the_watchdog_is_fed_while_all_is_well(tmp_path: Path) -> None:
    with serving(installed(tmp_path, ON_DEMAND), environment=WATCHED) as service:
        for _ in range(4):
            service.hears("WATCHDOG=1")
        service.tell(signal.SIGINT)
        assert service.ended() == 0


@pytest.fixture
def busy_one(tmp_path: Path) -> Iterator[Service]:
    path = tmp_path / "siaga.toml"
    installation = installed(tmp_path, ON_DEMAND)
    command = (sys.executable, blocked_service.__file__, str(path))
    with serving(installation, command=command, environment=WATCHED) as service:
        yield service


def test_a_loop_that_is_late_at_every_turn_starves_the_watchdog_until_it_is_free(busy_one: Service) -> None:
    busy_one.hears("WATCHDOG=1")
    (busy_one.installation.folder / "busy").touch()
    busy_one.hears("STATUS=busy")
    told_before = len(busy_one.systemd.told)
    busy_one.hears("STATUS=free")
    assert "WATCHDOG=1" not in busy_one.systemd.told[told_before:]
    assert any(
        "event loop" in ill for line in busy_one.events("not well: the watchdog is not fed") for ill in line["ills"]
    )
    busy_one.hears("WATCHDOG=1")
    assert busy_one.stop() == 0
