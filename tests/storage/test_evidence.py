"""Evidence: private folders, files whole or absent, sums that prove them."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.evidence import EvidenceError, intact, run_folder, safe_name, seal, write

DAY = date(2026, 11, 20)
RUN = "20261120T083000Z-a1b2c3"


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_run_has_a_folder_of_its_own_by_day_that_only_we_can_read(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "evidence", RUN, DAY)
    assert folder == tmp_path / "evidence" / "2026-11-20" / RUN
    assert list(folder.iterdir()) == []
    assert [mode(path) for path in (folder, folder.parent, folder.parent.parent)] == [0o700] * 3


def test_two_runs_never_share_a_folder(tmp_path: Path) -> None:
    run_folder(tmp_path, RUN, DAY)
    with pytest.raises(FileExistsError):
        run_folder(tmp_path, RUN, DAY)


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", ".hidden", "a\0b", "a b", "-x", "ä", "x" * 129, "a\n"])
def test_names_that_could_leave_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(EvidenceError, match="is no file name"):
        run_folder(tmp_path, name, DAY)
    with pytest.raises(EvidenceError, match="is no file name"):
        write(tmp_path, name, b"x", "result")


@given(st.text(max_size=200))
def test_a_safe_name_is_one_file_in_one_folder(name: str) -> None:
    try:
        safe = safe_name(name)
    except EvidenceError:
        return
    assert Path("/folder", safe).parent == Path("/folder")
    assert os.path.normpath(f"/folder/{safe}") == f"/folder/{safe}"


def test_what_was_written_can_be_proven_until_someone_touches_it(tmp_path: Path) -> None:
    evidence = write(tmp_path, "result.json", b"{}", "result")
    assert evidence.kind == "result"
    assert evidence.path == tmp_path / "result.json"
    assert evidence.sha256 == hashlib.sha256(b"{}").hexdigest()
    assert mode(evidence.path) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]
    assert intact(evidence)
    evidence.path.write_bytes(b"{ }")
    assert not intact(evidence)
    evidence.path.unlink()
    assert not intact(evidence)


def test_writing_again_replaces_and_survives_the_leftover_of_a_crash(tmp_path: Path) -> None:
    (tmp_path / ".result.json.partial").write_bytes(b"torn")
    write(tmp_path, "result.json", b"one", "result")
    assert write(tmp_path, "result.json", b"two", "result").path.read_bytes() == b"two"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_recording_made_by_another_process_is_sealed(tmp_path: Path) -> None:
    recording = tmp_path / "recording.wav"
    recording.write_bytes(bytes(3_000_000))
    recording.chmod(0o644)
    evidence = seal(recording, "recording")
    assert evidence.sha256 == hashlib.sha256(bytes(3_000_000)).hexdigest()
    assert mode(recording) == 0o600
    assert intact(evidence)


def test_links_folders_and_absent_files_are_no_evidence(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("secret of someone else")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    for name in ("link", "absent", "."):
        with pytest.raises(EvidenceError):
            seal(tmp_path / name, "recording")


def test_a_link_planted_for_the_partial_file_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / ".result.json.partial").symlink_to(victim)
    write(tmp_path, "result.json", b"{}", "result")
    assert victim.read_text() == "precious"


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("")
    with pytest.raises(EvidenceError, match=r"change \[storage\] evidence"):
        run_folder(tmp_path / "evidence", RUN, DAY)


def test_processes_that_start_runs_at_once_all_get_their_folder(tmp_path: Path) -> None:
    code = (
        "import sys, datetime; from pathlib import Path; from storage.evidence import run_folder\n"
        "sys.stdin.read()\n"
        "for i in range(20): run_folder(Path(sys.argv[1]), f'run-{sys.argv[2]}-{i}', datetime.date(2026, 11, 20))"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, tmp_path / "evidence", str(n)], stdin=subprocess.PIPE)
        for n in range(4)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
    assert [process.wait(30) for process in processes] == [0] * 4
    assert len(list((tmp_path / "evidence" / "2026-11-20").iterdir())) == 80


def test_a_full_disk_is_called_that_and_nothing_half_written_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EvidenceError, match="the disk is full; free some space"):
        write(tmp_path, "result.json", b"{}", "result")
    assert list(tmp_path.iterdir()) == []
