"""A row that somebody altered ends a verb with one sentence that names it, never with a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from siaga.cli.app import run
from storage.values import Entry
from tests.siaga.book import Book, open_book


@pytest.fixture
def book(nowhere: Path) -> Iterator[Book]:
    with open_book(nowhere) as opened:
        yield opened


@pytest.fixture
def entry(book: Book) -> Entry:
    today = datetime.now(ZoneInfo("Asia/Jakarta")).replace(hour=0, minute=0, second=0, microsecond=0)
    return book.done(today - timedelta(days=1) + timedelta(hours=9))


def alter(book: Book, statement: str, **values: Any) -> None:
    with book.found.database.write() as connection:
        connection.execute(text("PRAGMA ignore_check_constraints=ON"))
        connection.execute(text(statement), values)
        connection.execute(text("PRAGMA ignore_check_constraints=OFF"))


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run([*words]) == 3
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    return said


COLUMNS = {
    "verdict": "great", "state": "x", "stage": "moon", "agent_ms": "soon", "at_ms": "now", "evidence": "{",
    "config": "ab", "ended_ms": 1 << 62, "channel": b"\xff",
}  # fmt: skip


@pytest.mark.parametrize("column", COLUMNS)
def test_an_altered_result_is_told_as_one_sentence(
    book: Book, entry: Entry, column: str, capsys: pytest.CaptureFixture[str]
) -> None:
    alter(book, f"UPDATE result SET {column} = :value", value=COLUMNS[column])  # noqa: S608 - our own names
    for words in (["log"], ["log", "--json"], ["show", entry.run_id]):
        assert "result 1 cannot be read: it was altered; run `siaga verify`" in told(capsys, *words)
    if column != "at_ms":
        assert "result 1 cannot be read" in told(capsys, "report", "daily", "--date", "yesterday", "-o", "r.xlsx")


@pytest.mark.parametrize("data", [b"x", "x", 7])
def test_an_altered_detail_is_told_as_one_sentence(
    book: Book, entry: Entry, data: object, capsys: pytest.CaptureFixture[str]
) -> None:
    alter(book, "UPDATE result_detail SET data = :value", value=data)
    for words in (["log", "--json"], ["show", entry.run_id]):
        assert "result_detail 1 cannot be read" in told(capsys, *words)


def test_an_altered_entry_of_the_journal_is_told_as_one_sentence(
    book: Book, entry: Entry, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sign", "--as", "made", "--day", "yesterday", "--name", "Rina"]) == 0
    alter(book, "UPDATE journal SET body = :value", value="{")
    assert "journal 1 cannot be read" in told(capsys, "report", "daily", "--date", "yesterday", "-o", "r.xlsx")
    assert entry.seq == 1


@pytest.mark.parametrize(
    "words",
    [["sign", "--as", "made", "--name", "R"], ["maintenance", "add", "ivr", "--to", "1h"], ["peak", "--until", "1h"]],
)
def test_a_chain_without_its_head_ends_a_writing_verb_with_one_sentence(
    book: Book, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    alter(book, "DELETE FROM chain")
    assert "siaga verify" in told(capsys, *words)
