"""Whatever somebody changes in the record is named; what was lawfully disposed of is not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Integer, LargeBinary, delete, insert, text, update

from storage import links
from storage.chain import CHAIN, JOURNAL, RESULT, link
from storage.database import Database, DatabaseError
from storage.disposal import erased, results_gone
from storage.journal import Journal
from storage.runs import DETAIL, RUN, Runs
from storage.values import Cause
from storage.verify import Tally, verify
from tests.farends.postgres import Postgres
from tests.storage.book import DONE, ROWS, TEXT, altered, change, changed, found, names, stored, write_book
from tests.storage.racing import NOON, STAMP, TTL, planned, record_of, with_files

RESULT_COLUMNS = [column.name for column in RESULT.columns]
JOURNAL_COLUMNS = [column.name for column in JOURNAL.columns]


@dataclass
class Book:
    database: Database
    root: Path

    def found(self) -> list[tuple[str, str]]:
        return names(found(self.database, self.root))

    def file(self, row: int, name: str = "suara.wav") -> Path:
        [path] = self.root.glob(f"*/run-{row}/{name}")
        return path


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that eight rows are three chunks."""
    monkeypatch.setattr(links, "CHUNK", 3)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    """One book for all tests that put back what they change."""
    folder = tmp_path_factory.mktemp("book")
    url = f"sqlite:///{folder}/siaga.db"
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.database()
    book = Book(Database(url), folder / "evidence")
    write_book(book.database, book.root)
    yield book
    book.database.close()


@pytest.fixture
def book(database: Database, tmp_path: Path) -> Book:
    """One to destroy."""
    made = Book(database, tmp_path / "evidence")
    write_book(made.database, made.root)
    return made


def result(seq: int) -> str:
    return f"result {seq} (run-{seq})"


# --- what nobody touched -------------------------------------------------------------------------------------------


def test_an_untouched_record_is_sound_and_all_of_it_was_looked_at(kept: Book) -> None:
    tally = Tally()
    assert list(verify(kept.database, kept.root, tally)) == []
    assert (tally.rows, tally.files) == (ROWS + 3, 2 * len(DONE))
    assert tally.head == bytes(stored(kept.database, RESULT, ROWS)["hash"]).hex()


@pytest.mark.parametrize("chunk", range(1, 11))
def test_the_size_of_a_chunk_changes_nothing(kept: Book, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "CHUNK", chunk)
    assert kept.found() == []
    with changed(kept.database, RESULT, 5, verdict="pass"), changed(kept.database, RESULT, 6, prev_hash=bytes(32)):
        assert kept.found() == [("altered", result(5)), ("unlinked", result(6)), ("altered", result(6))]


def test_an_empty_record_is_sound(database: Database, tmp_path: Path) -> None:
    assert found(database, tmp_path) == []


# --- one byte ------------------------------------------------------------------------------------------------------


def kind_of(table: Any, column: str) -> type:
    kind = table.columns[column].type
    return int if isinstance(kind, Integer) else bytes if isinstance(kind, LargeBinary) else str


@pytest.mark.parametrize("column", RESULT_COLUMNS)
def test_one_bit_in_any_column_of_any_result_is_named(kept: Book, column: str) -> None:
    for seq in range(1, ROWS + 1):
        value = altered(column, stored(kept.database, RESULT, seq)[column], kind_of(RESULT, column))
        with changed(kept.database, RESULT, seq, **{column: value}):
            places = kept.found()
        run_id = value if column == "run_id" else f"run-{seq}"
        assert ("altered", f"result {value if column == 'seq' else seq} ({run_id})") in places
    assert kept.found() == []


@pytest.mark.parametrize("column", JOURNAL_COLUMNS)
def test_one_bit_in_any_column_of_the_journal_is_named(kept: Book, column: str) -> None:
    for seq in (1, 2, 3):
        value = altered(column, stored(kept.database, JOURNAL, seq)[column], kind_of(JOURNAL, column))
        with changed(kept.database, JOURNAL, seq, **{column: value}):
            assert ("altered", f"journal {value if column == 'seq' else seq}") in kept.found()
    assert kept.found() == []


def test_one_bit_in_what_belongs_to_a_row_is_named(kept: Book) -> None:
    for table, seq, where in [(DETAIL, 3, result(3)), (TEXT, 2, "journal 2")]:
        data = stored(kept.database, table, seq)["data"]
        with changed(kept.database, table, seq, data=altered("data", data, type(data))):
            assert kept.found() == [("detail_altered", where)]
    assert kept.found() == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_bit_in_any_file_of_evidence_is_named(kept: Book, data: st.DataObject) -> None:
    path = kept.file(data.draw(st.sampled_from(DONE)), data.draw(st.sampled_from(["suara.wav", "result.json"])))
    before = path.read_bytes()
    at, bit = data.draw(st.integers(0, len(before) - 1)), data.draw(st.integers(0, 7))
    path.write_bytes(before[:at] + bytes([before[at] ^ 1 << bit]) + before[at + 1 :])
    seq = int(path.parent.name.partition("-")[2])
    assert kept.found() == [("file_altered", f"{path} ({result(seq)})")]
    path.write_bytes(before)
    assert kept.found() == []


# --- rows and files that come and go -------------------------------------------------------------------------------


def remove(book: Book, *seqs: int, runs: bool = True) -> None:
    with book.database.write() as connection:
        connection.execute(delete(RESULT).where(RESULT.c.seq.in_(seqs)))
        connection.execute(delete(DETAIL).where(DETAIL.c.seq.in_(seqs)))
        if runs:
            connection.execute(delete(RUN).where(RUN.c.run_id.in_([f"run-{seq}" for seq in seqs])))


@pytest.mark.parametrize("seqs", [(1,), (3,), (1, 2, 3), (4, 5), (7,)])
def test_results_that_were_removed_are_named(book: Book, seqs: tuple[int, ...]) -> None:
    remove(book, *seqs)
    [finding] = found(book.database, book.root)
    assert (finding.what, finding.where) == ("gone", "result")
    assert finding.sentence == f"Rows {seqs[0]} to {seqs[-1]} are gone, and no disposal was entered."


@pytest.mark.parametrize("seqs", [(8,), (6, 7, 8), tuple(range(1, 9))])
def test_the_last_results_cannot_be_removed_unseen(book: Book, seqs: tuple[int, ...]) -> None:
    remove(book, *seqs)
    assert book.found() == [("head", "chain result")]


def test_results_cannot_be_removed_unseen_by_numbering_the_others_anew(book: Book) -> None:
    remove(book, 3)
    for seq in range(4, ROWS + 1):
        change(book.database, RESULT, seq, seq=seq - 1)
        if seq in DONE:
            change(book.database, DETAIL, seq, seq=seq - 1)
    with book.database.write() as connection:
        connection.execute(update(CHAIN).where(CHAIN.c.name == "result").values(seq=ROWS - 1))
    assert ("unlinked", "result 3 (run-4)") in book.found()
    assert ("altered", "result 7 (run-8)") in book.found()


def test_rows_that_changed_places_are_named(book: Book) -> None:
    for one, two in ((2, 5), (6, 7)):
        for seq, to in ((one, 99), (two, one), (99, two)):
            change(book.database, RESULT, seq, seq=to)
        places = book.found()
        assert ("altered", f"result {one} (run-{two})") in places
        assert ("altered", f"result {two} (run-{one})") in places


def test_a_row_whose_hash_was_computed_anew_no_longer_fits_its_neighbour(book: Book) -> None:
    row = stored(book.database, RESULT, 3) | {"verdict": "fail"}
    change(book.database, RESULT, 3, verdict="fail", hash=link(RESULT, row["prev_hash"], row))
    assert book.found() == [("unlinked", result(4))]


def test_a_row_added_behind_the_head_is_named(book: Book) -> None:
    row = stored(book.database, RESULT, 8) | {"seq": 9, "run_id": "run-9", "slot_ms": None, "trigger": "cli"}
    row |= {"prev_hash": row["hash"], "hash": link(RESULT, row["hash"], row)}
    with book.database.write() as connection:
        connection.execute(insert(RESULT).values(row))
    assert book.found() == [("head", "chain result")]


@pytest.mark.parametrize("chain", ["result", "journal"])
def test_a_head_that_was_changed_or_taken_away_is_named(book: Book, chain: str) -> None:
    with book.database.write() as connection:
        connection.execute(update(CHAIN).where(CHAIN.c.name == chain).values(hash=bytes(32)))
    assert book.found() == [("head", f"chain {chain}")]
    with book.database.write() as connection:
        connection.execute(delete(CHAIN).where(CHAIN.c.name == chain))
    assert book.found() == [("head_gone", f"chain {chain}")]


def test_details_that_are_gone_or_were_added_are_named(book: Book) -> None:
    with book.database.write() as connection:
        connection.execute(delete(DETAIL).where(DETAIL.c.seq == 4))
        connection.execute(delete(TEXT).where(TEXT.c.seq == 3))
        connection.execute(insert(DETAIL), [{"seq": 2, "data": b"x"}, {"seq": 50, "data": b"x"}])
    assert book.found() == [
        ("detail_gone", "journal 3"),
        ("detail_added", result(2)),
        ("detail_gone", result(4)),
        ("detail_added", "result 50"),
    ]


def test_files_that_are_gone_or_no_files_any_more_are_named(book: Book) -> None:
    gone, pipe, folder, linked, longer = (book.file(row) for row in (1, 3, 4, 7, 1))
    longer = book.file(3, "result.json")
    gone.unlink()
    pipe.unlink()
    os.mkfifo(pipe)
    folder.unlink()
    folder.mkdir()
    shutil.move(linked, linked.with_name("elsewhere.wav"))
    linked.symlink_to("elsewhere.wav")
    longer.write_bytes(longer.read_bytes() + b"\n")
    assert book.found() == [
        ("file_gone", f"{gone} ({result(1)})"),
        ("file_unreadable", f"{pipe} ({result(3)})"),
        ("file_altered", f"{longer} ({result(3)})"),
        ("file_unreadable", f"{folder} ({result(4)})"),
        ("file_unreadable", f"{linked} ({result(7)})"),
    ]


def test_runs_and_results_that_have_lost_each_other_are_named(book: Book) -> None:
    with book.database.write() as connection:
        connection.execute(delete(RUN).where(RUN.c.run_id.in_(["run-3", "run-4"])))
        connection.execute(update(RUN).where(RUN.c.run_id == "run-6").values(state="done"))
        connection.execute(insert(RUN).values({**dict(_row(book, "run-5")), "run_id": "made-up", "slot_ms": None}))
    assert sorted(book.found()) == [
        ("result_without_run", result(3)),
        ("run_differs", "run run-6"),
        ("run_without_result", "run made-up"),
    ]


def _row(book: Book, run_id: str) -> Any:
    with book.database.read() as view:
        return view.execute(RUN.select().where(RUN.c.run_id == run_id)).mappings().one()


def test_runs_that_ended_long_ago_may_be_cleared_away(book: Book) -> None:
    with book.database.write() as connection:
        connection.execute(delete(RUN).where(RUN.c.due_ms < _row(book, "run-6")["due_ms"]))
    assert book.found() == []


# --- what SQLite lets somebody do ----------------------------------------------------------------------------------


ON_SQLITE = pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
"""PostgreSQL keeps no such text, and each column's type."""


@ON_SQLITE
@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("CAST(x'72ff6e' AS TEXT)", "unreadable"),
        ("x'72756e2d33'", "altered"),
        ("'run-3' || char(0)", "altered"),
    ],
)
def test_text_that_is_no_text_is_named_and_the_rest_still_checked(kept: Book, value: str, what: str) -> None:
    before = stored(kept.database, RESULT, 3)
    with kept.database.write() as connection:
        connection.execute(update(RESULT).where(RESULT.c.seq == 3).values(channel=text(value)))
    with changed(kept.database, RESULT, 7, verdict="fail"):
        assert kept.found() == [(what, result(3) if what == "altered" else "result 3"), ("altered", result(7))]
    change(kept.database, RESULT, 3, channel=before["channel"])
    assert kept.found() == []


@ON_SQLITE
def test_bytes_that_became_text_and_numbers_that_became_words_are_named(kept: Book) -> None:
    row = stored(kept.database, RESULT, 3)
    for column, value in (("config", f"'{row['config'].hex()}'"), ("total_ms", "'long'"), ("detail_sha256", "5")):
        with kept.database.write() as connection:
            connection.execute(update(RESULT).where(RESULT.c.seq == 3).values({column: text(value)}))
        assert kept.found() == [("altered", result(3))]
        change(kept.database, RESULT, 3, **{column: row[column]})
    assert kept.found() == []


def test_a_page_of_results_that_was_overwritten_is_no_sound_record(tmp_path: Path) -> None:
    path = tmp_path / "siaga.db"
    book = Book(Database(f"sqlite:///{path}"), tmp_path / "evidence")
    write_book(book.database, book.root)
    hashes = [bytes(stored(book.database, RESULT, seq)["hash"]) for seq in range(1, ROWS)]
    book.database.close()
    size, whole = 4096, path.read_bytes()
    pages = [n for n in range(1, len(whole) // size) if any(h in whole[n * size : (n + 1) * size] for h in hashes)]
    assert pages
    for page in pages:
        path.write_bytes(whole[: page * size] + os.urandom(size) + whole[(page + 1) * size :])
        book = Book(Database(f"sqlite:///{path}"), tmp_path / "evidence")
        try:
            assert ("broken", "result 1") in book.found()
        except DatabaseError as error:
            assert "malformed" in str(error)  # noqa: PT017 - or told so; but never passed
        finally:
            book.database.close()


# --- lawful disposal -----------------------------------------------------------------------------------------------


def dispose(book: Book, body: dict[str, Any]) -> None:
    Journal(book.database).write("disposal", "retention", body, None, NOON)


def test_what_was_disposed_of_may_be_gone_and_nothing_else(book: Book) -> None:
    for seq in (1, 3):
        book.file(seq).unlink()
    with book.database.write() as connection:
        connection.execute(delete(DETAIL).where(DETAIL.c.seq.in_([3, 4])))
        connection.execute(delete(TEXT).where(TEXT.c.seq == 2))
    lost = {("file_gone", f"{book.root}/2026-11-20/run-{seq}/suara.wav ({result(seq)})") for seq in (1, 3)}
    lost |= {("detail_gone", result(3)), ("detail_gone", result(4)), ("detail_gone", "journal 2")}
    assert set(book.found()) == lost
    dispose(book, erased("evidence", [1, 3], ["result"]))
    dispose(book, erased("evidence", [2, 4]))
    assert set(book.found()) == lost, "of another kind, or another row"
    dispose(book, erased("evidence", [1, 3], ["audio"]))
    dispose(book, erased("detail", [4]))
    assert set(book.found()) == {("detail_gone", result(3)), ("detail_gone", "journal 2")}
    dispose(book, erased("detail", range(2, 4)))
    dispose(book, erased("text", [2]))
    assert book.found() == []


@pytest.mark.parametrize("until", [1, 3, 4, 7, 8])
def test_the_oldest_results_may_be_disposed_of(book: Book, until: int) -> None:
    last = bytes(stored(book.database, RESULT, until)["hash"])
    dispose(book, results_gone(until, last))
    remove(book, *range(1, until + 1))
    assert book.found() == []
    runs = Runs(book.database, STAMP, book.root)
    runs.submit_missed([planned("next", 99)], Cause.DOWN)
    assert book.found() == []


def test_an_altered_instant_is_named_also_where_results_were_disposed_of(book: Book) -> None:
    dispose(book, results_gone(2, bytes(stored(book.database, RESULT, 2)["hash"])))
    remove(book, 1, 2)
    change(book.database, RESULT, 4, at_ms=-(1 << 62))
    assert ("altered", result(4)) in book.found()


def test_a_disposal_covers_neither_one_row_more_nor_another_chain(book: Book) -> None:
    last = bytes(stored(book.database, RESULT, 4)["hash"])
    remove(book, 1, 2, 3, 4, 5)
    for body in (results_gone(4, last), results_gone(5, last), results_gone(5, bytes(32))):
        dispose(book, body)
        assert book.found() == [("gone", "result")]


def test_a_disposal_cannot_be_slipped_into_an_entry_that_stands(book: Book) -> None:
    book.file(1).unlink()
    change(book.database, JOURNAL, 1, kind="disposal", body='{"what":"evidence","seqs":[[1,9]],"kinds":null}')
    assert book.found() == [("altered", "journal 1")]


def test_what_is_written_and_disposed_of_meanwhile_is_no_finding(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, walking = Runs(book.database, STAMP, book.root), verify(book.database, book.root, language="en")
    read, steps = links.Walk._read, iter(range(100))

    def write_between_chunks(walk: links.Walk, limit: int) -> Any:
        n = next(steps)
        run = planned(f"more-{n}", 100 + n)
        runs.submit(run)
        runs.beat("w", NOON, TTL)
        if n < 20 and runs.claim(run.run_id, "w", "k", NOON) == "claimed":
            runs.finish(run.run_id, "w", with_files(record_of(run), book.root))
        if n == 4:
            dispose(book, erased("evidence", range(1, 20)))
            dispose(book, erased("detail", range(1, 20)))
            shutil.rmtree(book.root)
            with book.database.write() as connection:
                connection.execute(delete(DETAIL))
        return read(walk, limit)

    monkeypatch.setattr(links.Walk, "_read", write_between_chunks)
    assert [finding for finding in walking if "more-" not in finding.where] == []
