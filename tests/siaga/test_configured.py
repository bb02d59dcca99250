"""A call needs no configuration, and its record lies where the caller may write."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from siaga.cli.app import run
from siaga.cli.configured import or_default, state_folder

READ_ONLY = Path("/proc")
"""Takes nobody's files, root's neither."""


def test_where_files_can_be_made_the_record_lies_in_the_working_folder(nowhere: Path) -> None:
    storage = or_default(None).storage
    assert storage.database_url() == f"sqlite:///{nowhere}/siaga.db"
    assert storage.evidence == nowhere / "evidence"
    assert not list(nowhere.iterdir())


def test_a_configuration_says_itself_where_its_record_lies(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(READ_ONLY)
    assert or_default(config).storage.evidence == config.parent / "evidence"


def test_in_a_folder_that_takes_no_files_a_call_is_kept_with_what_the_users_programs_did(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(nowhere / "state"))
    monkeypatch.chdir(READ_ONLY)
    assert run(["call", "sip:1500@127.0.0.1:9", "--json"]) == 2
    told = json.loads(capfd.readouterr().out)
    assert all(Path(e["path"]).is_relative_to(nowhere / "state" / "siaga" / "evidence") for e in told["evidence"])
    with closing(sqlite3.connect(nowhere / "state" / "siaga" / "siaga.db")) as database:
        assert database.execute("SELECT run_id, trigger, verdict FROM result").fetchall() == [
            (told["run_id"], "cli", told["verdict"])
        ]


@pytest.mark.parametrize("named", ["", "relative/folder"])
def test_a_state_folder_that_is_not_absolute_is_not_meant(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", named)
    monkeypatch.setenv("HOME", "/home/uji")
    assert state_folder() == Path("/home/uji/.local/state/siaga")
