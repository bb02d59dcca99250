"""The service and the verbs of its user share one folder for what is shared out between processes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from siaga.__main__ import share


@pytest.fixture(autouse=True)
def no_temporary_folder_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # so that it is put back as it was
    monkeypatch.delenv("TMPDIR")
    monkeypatch.setattr(tempfile, "tempdir", None)


def test_a_folder_of_ours_becomes_the_one_for_temporary_files(tmp_path: Path) -> None:
    share(str(tmp_path))
    assert tempfile.gettempdir() == str(tmp_path)


def test_a_folder_that_is_absent_or_somebody_elses_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = tempfile.gettempdir()
    monkeypatch.setattr(tempfile, "tempdir", None)
    share(str(tmp_path / "absent"))
    monkeypatch.setattr("os.geteuid", lambda: tmp_path.stat().st_uid + 1)
    share(str(tmp_path))
    assert tempfile.gettempdir() == usual


def test_who_names_another_folder_is_obeyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("TMPDIR", str(other))
    share(str(tmp_path))
    assert tempfile.gettempdir() == str(other)
