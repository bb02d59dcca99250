"""A copy of the record that was put away, and takes no writes, can be inspected."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from siaga.cli.app import run
from tests.siaga.book import DAY, open_book

NOBODY = 65534


@pytest.fixture
def copy(nowhere: Path) -> Iterator[Path]:
    """The folder of a copy, and this process without the right to write there."""
    with open_book(nowhere) as book:
        book.done(DAY)
    # what Python loads at first use may lie where nobody else may read
    assert run(["report", "daily", "--date", "2026-11-20", "-o", "first.html"]) == 0
    with tempfile.TemporaryDirectory() as outside:
        folder = Path(outside) / "copy"
        shutil.copytree(nowhere, folder)
        _allow(Path(outside), 0o755, 0o444)
        folder.chmod(0o555)
        root = os.geteuid() == 0
        if root:
            os.seteuid(NOBODY)
        try:
            yield folder
        finally:
            if root:
                os.seteuid(0)
            _allow(Path(outside), 0o755, 0o644)


def _allow(folder: Path, folders: int, files: int) -> None:
    for path in [folder, *folder.rglob("*")]:
        path.chmod(folders if path.is_dir() else files)


@pytest.mark.parametrize(
    "words", [["log"], ["log", "--json"], ["plan"], ["runs", "now"], ["prompts", "list"], ["verify"]]
)
def test_a_copy_that_takes_no_writes_can_be_read(copy: Path, words: list[str]) -> None:
    before = sorted(copy.rglob("*"))
    assert run([*words, "-c", str(copy / "siaga.toml")]) == 0
    assert sorted(copy.rglob("*")) == before


def test_a_report_of_it_goes_elsewhere_and_says_that_it_was_not_entered(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with tempfile.TemporaryDirectory() as elsewhere:
        page = Path(elsewhere) / "r.html"
        assert run(["report", "daily", "--date", "2026-11-20", "-o", str(page), "-c", str(copy / "siaga.toml")]) == 0
        assert page.stat().st_size > 0
    assert "not entered" in capsys.readouterr().err


def test_an_older_copy_says_that_it_must_be_written_somewhere_first(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if os.getuid() == 0:
        os.seteuid(0)
    (copy / "siaga.db").chmod(0o644)
    copy.chmod(0o755)
    with sqlite3.connect(copy / "siaga.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    (copy / "siaga.db").chmod(0o444)
    copy.chmod(0o555)
    if os.getuid() == 0:
        os.seteuid(NOBODY)
    assert run(["log", "-c", str(copy / "siaga.toml")]) == 3
    assert "copy it to a folder that can be written" in capsys.readouterr().err
