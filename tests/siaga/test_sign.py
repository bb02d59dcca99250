"""A signature stands for what was there: not for a day that goes on, and not over another one unseen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from siaga.cli.app import run
from storage.journal import TEXT, Journal
from tests.siaga.book import DAY, Book, open_book


@pytest.fixture
def book(nowhere: Path) -> Iterator[Book]:
    with open_book(nowhere) as opened:
        yield opened


def signed(book: Book) -> list[tuple[str, str]]:
    notes = Journal(book.found.database).read("sign")
    return [(note.subject.partition("/")[2], str((note.text or {}).get("name"))) for note in notes]


@pytest.mark.parametrize("part", ["checked", "approved"])
def test_a_day_that_goes_on_cannot_be_checked_or_approved(
    book: Book, part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sign", "--as", part, "--name", "Rina"]) == 64
    assert "is not over" in capsys.readouterr().err
    assert run(["sign", "--as", part, "--name", "Rina", "--day", "yesterday"]) == 0
    assert signed(book) == [(part, "Rina")]


def test_the_running_day_can_be_made_and_its_shifts_signed(book: Book) -> None:
    assert run(["sign", "--as", "made", "--name", "Dewi"]) == 0
    assert run(["sign", "--shift", "pagi", "--name", "Dewi"]) == 0
    assert signed(book) == [("made", "Dewi"), ("shift:pagi", "Dewi")]


@pytest.mark.parametrize("words", [["--as", "approved"], ["--shift", "pagi"]])
def test_a_box_is_signed_a_second_time_only_when_that_is_meant(
    book: Book, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    again = ["sign", *words, "--day", "yesterday", "--name"]
    assert run([*again, "Rina"]) == 0
    assert run([*again, "Budi"]) == 64
    told = capsys.readouterr().err
    assert "signed by Rina" in told
    assert "--again" in told
    assert run([*again, "Budi", "--again"]) == 0
    assert [name for _, name in signed(book)] == ["Rina", "Budi"]


def test_a_name_that_was_erased_is_said_to_be(book: Book, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sign", "--as", "made", "--name", "Rina"]) == 0
    with book.found.database.write() as connection:
        connection.execute(delete(TEXT))
    assert run(["sign", "--as", "made", "--name", "Budi"]) == 64
    assert "the name was erased" in capsys.readouterr().err


def test_a_signature_carries_the_head_of_the_record(book: Book) -> None:
    entry = book.done(DAY)
    assert run(["sign", "--as", "made", "--name", "Rina"]) == 0
    [note] = Journal(book.found.database).read("sign")
    assert (note.body["head_seq"], note.body["head_hash"]) == (entry.seq, entry.hash)
