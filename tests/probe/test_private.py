"""A folder in a shared place is ours alone, or refused."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from probe.private import private_folder, shared_folder


def test_each_user_and_purpose_has_a_folder_where_temporary_files_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert shared_folder("rtp") == tmp_path / f"siaga-rtp-{os.getuid()}"
    assert shared_folder("rtp") != shared_folder("trunks")


def test_a_folder_is_made_for_us_alone_and_found_again(tmp_path: Path) -> None:
    made = private_folder(tmp_path / "a" / "b")
    assert made.stat().st_mode & 0o777 == 0o700
    assert private_folder(made) == made


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_folder_others_may_write_to_is_refused(mode: int, tmp_path: Path) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(PermissionError, match="chmod go-w"):
        private_folder(tmp_path)


def test_a_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(PermissionError, match="another user"):
        private_folder(tmp_path)


def test_a_link_is_refused_wherever_it_leads(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(PermissionError, match="link"):
        private_folder(tmp_path / "link")
