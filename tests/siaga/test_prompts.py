"""``siaga prompts``: what is known, what changed, and who accepts it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from probe.reasons import Reason
from probe.words import NOTHING
from siaga.cli import prompts
from siaga.cli.app import run
from storage.journal import Journal
from storage.values import Entry
from tests.siaga.book import Book, open_book

AGO = timedelta(hours=1)
VERSIONS = '[salam-lebaran]\nis = "salam"\nfrom = 2027-03-18\nuntil = 2027-03-27\n'


@pytest.fixture
def book(nowhere: Path) -> Iterator[Book]:
    folder = nowhere / "prompts"
    folder.mkdir()
    for name in ("salam", "salam-lebaran", "menu"):
        (folder / f"{name}.wav").write_bytes(f"old {name}".encode())
    (folder / "prompts.toml").write_text(VERSIONS)
    with open_book(nowhere) as opened:
        yield opened


def changed(book: Book, hours: int, heard: bytes = b"new salam", name: str = "salam") -> Entry:
    """A run so many hours ago that heard other words."""
    files = {
        f"known-{name}.wav": ("prompt_known", b"old salam"),
        f"heard-{name}.wav": ("prompt_heard", heard),
    }
    return book.done(datetime.now(UTC).replace(microsecond=0) - hours * AGO, Reason.PROMPT_CHANGED, files=files)


def folder(book: Book) -> Path:
    return book.found.config.prompts


def lines(capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    return [line.split() for line in capsys.readouterr().out.splitlines()]


def test_the_list_has_each_prompt_and_the_days_of_its_versions(book: Book, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prompts", "list"]) == 0
    found = lines(capsys)
    assert [row[:4] for row in found[1:]] == [
        ["menu", NOTHING, NOTHING, NOTHING],
        ["salam", NOTHING, NOTHING, NOTHING],
        ["salam", "salam-lebaran", "2027-03-18", "2027-03-27"],
    ]
    assert found[1][4] == str(folder(book) / "menu.wav")


def test_a_new_wording_is_listed_with_when_it_was_heard_first_and_last_and_how_often(
    book: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    first, last = changed(book, 30), changed(book, 3)
    book.done(datetime.now(UTC) - 2 * AGO, Reason.SLOW)
    slow = book.done(datetime.now(UTC) - AGO, Reason.SLOW, files={"heard-menu.wav": ("prompt_heard", b"new menu")})
    assert run(["prompts", "list"]) == 0
    said = capsys.readouterr()
    assert said.out.count(slow.run_id) == 2  # the run, and the folder of its cut
    row = said.out.splitlines()[-1]
    days = [f"{e.at.astimezone(book.found.zone):%Y-%m-%d %H.%M}" for e in (first, last)]
    cells = [cell.strip() for cell in row.split("  ") if cell.strip()]
    assert cells[:6] == ["salam", "ivr", *days, "2", last.run_id]
    assert Path(cells[6]).read_bytes() == b"new salam"
    assert first.run_id not in said.out
    assert "siaga prompts accept PROMPT RUN" in said.err


def test_what_was_accepted_is_the_recording_the_old_one_a_version_and_the_journal_says_who(
    book: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = changed(book, 3)
    assert run(["prompts", "accept", "salam", entry.run_id, "--by", "Dewi"]) == 0
    assert (folder(book) / "salam.wav").read_bytes() == b"new salam"
    [note] = Journal(book.found.database).read("prompt")
    kept = note.body["kept_as"]
    assert (folder(book) / f"{kept}.wav").read_bytes() == b"old salam"
    assert kept in capsys.readouterr().out
    assert (note.subject, note.body["run"], note.text) == ("prompts/salam", entry.run_id, {"by": "Dewi"})
    assert "Dewi" not in str(note.body)
    assert run(["prompts", "list"]) == 0
    rows = lines(capsys)
    assert ["salam", kept, NOTHING, note.body["until"]] in [row[:4] for row in rows]
    assert not any(entry.run_id in row for row in rows)
    assert run(["verify"]) == 0


def test_what_changes_again_after_it_was_accepted_is_listed_again(
    book: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = changed(book, 3)
    assert run(["prompts", "accept", "salam", entry.run_id]) == 0
    later = book.done(
        datetime.now(UTC) + AGO, Reason.PROMPT_CHANGED, files={"heard-salam.wav": ("prompt_heard", b"newer")}
    )
    assert run(["prompts", "list"]) == 0
    said = capsys.readouterr().out
    assert later.run_id in said
    assert entry.run_id not in said.splitlines()[-1]


def test_only_what_a_test_heard_of_that_prompt_can_be_accepted_and_only_once(
    book: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    entry, plain = changed(book, 3), book.done(datetime.now(UTC) - 2 * AGO)
    refused = {
        ("menu", entry.run_id): "heard no new wording of menu; it has: salam",
        ("salam", plain.run_id): f"heard no new wording of salam; it has: {NOTHING}",
        ("salam", "nothing"): "nothing",
    }
    for words, complaint in refused.items():
        assert run(["prompts", "accept", *words]) == 64
        assert complaint in capsys.readouterr().err
    assert run(["prompts", "accept", "salam", entry.run_id]) == 0
    assert run(["prompts", "accept", "salam", entry.run_id]) == 64
    assert "holds already" in capsys.readouterr().err
    assert len(Journal(book.found.database).read("prompt")) == 1


def test_a_cut_that_was_altered_or_is_gone_is_not_accepted(book: Book, capsys: pytest.CaptureFixture[str]) -> None:
    entry = changed(book, 3)
    [cut] = book.found.evidence.rglob("heard-salam.wav")
    cut.write_bytes(b"other words")
    assert run(["prompts", "accept", "salam", entry.run_id]) == 3
    assert "was altered" in capsys.readouterr().err
    cut.unlink()
    assert run(["prompts", "accept", "salam", entry.run_id]) == 3
    assert "cannot be read: No such file" in capsys.readouterr().err
    assert (folder(book) / "salam.wav").read_bytes() == b"old salam"


def test_a_folder_with_a_wrong_table_is_told_and_left_alone(book: Book, capsys: pytest.CaptureFixture[str]) -> None:
    entry = changed(book, 3)
    (folder(book) / "prompts.toml").write_text("[salam-lebaran]\nis = 3\n")
    assert run(["prompts", "accept", "salam", entry.run_id]) == 3
    assert "salam-lebaran: is: the name of another recording" in capsys.readouterr().err
    assert run(["prompts", "list"]) == 78
    assert Journal(book.found.database).read("prompt") == []


def test_both_recordings_are_named_and_played_by_whatever_player_there_is(
    book: Book, nowhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = changed(book, 3)
    player = nowhere / "pemutar"
    player.write_text(f'#!/bin/sh\necho "$@" >> {nowhere}/played\n')
    player.chmod(0o755)
    monkeypatch.setattr(prompts, "PLAYERS", (("no-such-player",), (str(player), "-q")))
    assert run(["prompts", "listen", "salam", entry.run_id]) == 0
    [cut] = book.found.evidence.rglob("heard-salam.wav")
    told = capsys.readouterr().out.splitlines()
    assert told == [str(folder(book) / "salam.wav"), str(cut)]
    assert (nowhere / "played").read_text().splitlines() == [f"-q {path}" for path in told]
    assert run(["prompts", "listen", "menu", "--path"]) == 0
    assert capsys.readouterr().out.splitlines() == [str(folder(book) / "menu.wav")]
    assert len((nowhere / "played").read_text().splitlines()) == 2


def test_without_a_player_the_paths_are_enough(
    book: Book, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prompts, "PLAYERS", (("no-such-player",),))
    assert run(["prompts", "listen", "salam"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [str(folder(book) / "salam.wav")]
    assert "no player (no-such-player)" in said.err
    assert run(["prompts", "listen", "halo"]) == 64
    assert "no recording halo.wav" in capsys.readouterr().err
