"""What is old goes in time, piece by piece, with a journal entry; `siaga verify` passes after each of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from storage import disposing_media, disposing_results, sweeping
from storage.alive import ALIVE, Alive
from storage.chain import RESULT
from storage.database import Database
from storage.erasure import erase
from storage.journal import Journal
from storage.maintenance import Windows
from storage.plans import Plans
from storage.results import DETAIL, Results
from storage.retention import Disposed, dispose
from storage.runs import RUN
from storage.values import Cause, Entry, to_ms
from storage.verify import verify
from tests.storage.entries import DETAILED, NOON, keep, missed, row

DAY = timedelta(days=1)
KINDS = {"recording": "recording.wav", "sip_trace": "sip.txt", "result": "result.json"}
FAILED = {"verdict": "fail", "stage": "ivr", "reason": "ivr_silent", "owner": "ioc", "accessibility": "not_ok"}


@dataclass(frozen=True, kw_only=True)
class Days:
    results: timedelta = 730 * DAY
    passes_media: timedelta = 30 * DAY
    failures_media: timedelta = 730 * DAY


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "evidence").mkdir()
    return tmp_path / "evidence"


def _played(root: Path, number: int, at: datetime, **changes: Any) -> dict[str, Any]:
    """A row with three files on the disk."""
    kept = []
    for kind, name in KINDS.items():
        path = root / f"{at:%Y-%m-%d}" / f"run-{number}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data := f"{kind} {number}".encode())
        kept.append([kind, str(path.relative_to(root)), hashlib.sha256(data).hexdigest()])
    return row(number, at, evidence=json.dumps(kept), **changes)


def _year(database: Database, root: Path, days: int = 40, every: int = 1) -> list[Entry]:
    """A run a day, the last one today; each fifth one failed, each seventh was missed."""
    made = []
    for number in range(0, days, every):
        at = NOON - (days - 1 - number) * DAY
        changes = FAILED if number % 5 == 0 else {}
        made.append(missed(number, at) if number % 7 == 3 else _played(root, number, at, **changes))
    return keep(database, made, DETAILED)


def _dispose(database: Database, root: Path, policy: Days = Days(), now: datetime = NOON) -> Disposed:
    return dispose(database, root, policy, now, pause=lambda: None)


def _files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def _verified(database: Database, root: Path) -> list[str]:
    return [f"{finding.what} {finding.where}" for finding in verify(database, root)]


def test_media_of_passes_go_after_their_time_and_everything_else_stays(database: Database, root: Path) -> None:
    entries = _year(database, root)
    before = _files(root)
    old = {e.run_id for e in entries if e.at < NOON - 30 * DAY and e.verdict == "pass"}
    disposed = _dispose(database, root)
    gone = before - _files(root)
    assert old
    assert gone == {name for name in before if name.endswith("recording.wav") and name.split("/")[1] in old}
    assert (disposed.files, disposed.results) == (len(old), 0)
    assert _verified(database, root) == []


def test_media_of_failures_go_after_theirs(database: Database, root: Path) -> None:
    entries = _year(database, root)
    _dispose(database, root, Days(failures_media=20 * DAY))
    left = {name.split("/")[1] for name in _files(root) if name.endswith("recording.wav")}
    young = {e.run_id for e in entries if e.evidence and e.at >= NOON - (30 if e.verdict == "pass" else 20) * DAY}
    assert left == young
    assert _verified(database, root) == []


@pytest.mark.parametrize("chunk", [1, 3, 5_000])
def test_results_go_from_the_start_of_the_chain_with_details_and_files(
    database: Database, root: Path, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disposing_media, "CHUNK", chunk)
    monkeypatch.setattr(disposing_results, "CHUNK", chunk)
    monkeypatch.setattr(disposing_media, "FILES", chunk)
    entries = _year(database, root)
    disposed = _dispose(database, root, Days(results=10 * DAY, passes_media=10 * DAY, failures_media=10 * DAY))
    kept = Results(database, root).page(limit=99, newest_first=False)
    assert kept == [e for e in entries if e.at >= NOON - 10 * DAY]
    assert disposed.results == len(entries) - len(kept)
    with database.read() as connection:
        details = connection.execute(select(DETAIL.c.seq)).scalars().all()
    assert sorted(details) == [e.seq for e in kept if e.evidence]
    assert {name.split("/")[1] for name in _files(root)} == {e.run_id for e in kept if e.evidence}
    assert len(list(root.iterdir())) == len([e for e in kept if e.evidence])
    assert _verified(database, root) == []


def test_all_results_may_go_and_the_chain_goes_on(database: Database, root: Path) -> None:
    _year(database, root, days=3)
    assert _dispose(database, root, now=NOON + 800 * DAY).results == 3
    assert _verified(database, root) == []
    [entry] = keep(database, [row(99, NOON + 800 * DAY)])
    assert entry.seq == 4
    assert _verified(database, root) == []


def test_nothing_goes_a_moment_too_early(database: Database, root: Path) -> None:
    keep(database, [_played(root, 1, NOON)])
    assert _dispose(database, root, now=NOON + 30 * DAY) == Disposed(results=0, files=0, texts=0, swept=0)
    assert _dispose(database, root, now=NOON + 30 * DAY + timedelta(milliseconds=1)).files == 1
    assert _dispose(database, root, now=NOON + 730 * DAY).results == 0
    assert _dispose(database, root, now=NOON + 730 * DAY + timedelta(milliseconds=1)).results == 1


def test_an_entry_that_came_late_keeps_those_after_it_until_it_is_old_itself(database: Database, root: Path) -> None:
    keep(database, [row(1, NOON), row(2, NOON + 2 * DAY), row(3, NOON + DAY)])
    assert _dispose(database, root, now=NOON + 732 * DAY).results == 1
    assert _dispose(database, root, now=NOON + 732 * DAY + timedelta(seconds=1)).results == 2
    assert _verified(database, root) == []


def test_an_entry_of_a_clock_that_was_wrong_by_years_keeps_nothing_back(database: Database, root: Path) -> None:
    keep(database, [row(1, NOON + 9_000 * DAY), row(2, NOON)])
    assert _dispose(database, root, now=NOON + 731 * DAY).results == 2


def test_a_second_pass_finds_nothing_to_do_and_enters_nothing(database: Database, root: Path) -> None:
    _year(database, root)
    _dispose(database, root)
    entered = Journal(database).read("disposal")
    assert _dispose(database, root).files == 0
    assert Journal(database).read("disposal") == entered


def test_files_that_a_crash_left_after_the_entry_go_with_the_next_pass(
    database: Database, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _year(database, root)

    def crash(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(disposing_media, "unlink", lambda _, names: crash() if names else 0)
        with pytest.raises(KeyboardInterrupt):
            _dispose(database, root)
    assert len(Journal(database).read("disposal")) == 1
    assert _verified(database, root) == []
    left = [name for name in _files(root) if name.endswith("recording.wav")]
    disposed = _dispose(database, root)
    assert disposed.files > 0
    assert len(left) - disposed.files == len([name for name in _files(root) if name.endswith("recording.wav")])
    assert Journal(database).read("disposal")[0].body["kinds"] == ["recording"]


def test_what_a_crash_left_of_disposed_results_goes_with_its_day(
    database: Database, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(database, [_played(root, 1, NOON), row(2, NOON + 40 * DAY)])
    (root / "other").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(disposing_results, "unlink", lambda *_: 0)
        _dispose(database, root, Days(results=30 * DAY), now=NOON + 40 * DAY)
    assert [path.name for path in root.iterdir()] == ["other"]


def test_a_path_in_a_changed_row_leads_to_nothing_outside(database: Database, root: Path) -> None:
    outside = root.parent / "precious.txt"
    outside.write_text("x")
    paths = ["../precious.txt", str(outside), "precious.txt"]
    (root / "precious.txt").write_text("x")
    keep(database, [row(1, NOON, evidence=json.dumps([["recording", path, "00"] for path in paths]))])
    _dispose(database, root, now=NOON + 800 * DAY)
    assert outside.exists()
    assert (root / "precious.txt").exists()


def test_what_people_wrote_goes_with_the_results_of_its_time(database: Database, root: Path) -> None:
    journal = Journal(database)
    journal.write("sign", "2026-11-20/pagi", {"head": "ab"}, {"by": "Sari"}, NOON)
    journal.write("sign", "2026-11-21/pagi", {"head": "cd"}, {"by": "Budi"}, NOON + DAY)
    assert _dispose(database, root, now=NOON + 730 * DAY + timedelta(seconds=1)).texts == 1
    assert [(n.text, n.erased) for n in journal.read("sign")] == [(None, True), ({"by": "Budi"}, False)]
    assert _verified(database, root) == []


def _run(number: int, due: datetime, state: str) -> dict[str, Any]:
    return {
        "run_id": f"run-{number}",
        "probe": "ivr",
        "channel": "sip",
        "trigger": "schedule",
        "mode": "normal",
        "slot_ms": to_ms(due),
        "state": state,
        "due_ms": to_ms(due),
        "expires_ms": to_ms(due),
    }


@pytest.mark.parametrize("chunk", [1, 2, 5_000])
def test_finished_runs_of_over_a_week_ago_go_and_unfinished_ones_stay(
    database: Database, root: Path, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "CHUNK", chunk)
    states = ["done", "lost", "missed", "queued", "running"]
    runs = [_run(n, NOON - (10 - n) * DAY, states[n % 5]) for n in range(10)]
    keep(database, [missed(n, NOON - (10 - n) * DAY, Cause.LATE) for n in range(10)])
    with database.write() as connection:
        connection.execute(insert(RUN), runs)
    assert _dispose(database, root).swept == 3
    with database.read() as connection:
        left = connection.execute(select(RUN.c.run_id).order_by(RUN.c.due_ms)).scalars().all()
    assert left == [f"run-{n}" for n in (3, 4, 5, 6, 7, 8, 9)]


def test_beats_stay_until_every_slot_of_their_time_is_accounted_for(database: Database, root: Path) -> None:
    alive, plans = Alive(database), Plans(database)
    for days in (30, 20, 10):
        alive.beat("a", NOON - days * DAY)
    plans.open("ivr", NOON - 25 * DAY)
    assert _dispose(database, root).swept == 1
    assert alive.was_alive(NOON - 20 * DAY)
    plans.advance("ivr", NOON)
    assert _dispose(database, root).swept == 1
    assert alive.last() == NOON - 10 * DAY
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(ALIVE)).scalar_one() == 1


def test_windows_said_by_hand_go_with_the_results_of_their_time(database: Database, root: Path) -> None:
    windows = Windows(database)
    windows.add("sip", NOON, NOON + DAY, "x", NOON)
    windows.add("sip", NOON, NOON + 3 * DAY, "y", NOON)
    assert _dispose(database, root, now=NOON + 732 * DAY).swept == 1
    assert [window.reason for window in windows.list()] == ["y"]


def test_what_one_run_kept_of_a_person_is_erased_on_request(database: Database, root: Path) -> None:
    wanted, other = keep(database, [_played(root, 1, NOON), _played(root, 2, NOON + DAY)], DETAILED)
    journal = Journal(database)
    for run_id in ("run-1", "run-2"):
        journal.write("remark", run_id, {}, {"remark": "suara Dewi", "by": "Sari"}, NOON)
    assert erase(database, root, "run-1", "diminta oleh agent", NOON + DAY, by="Sari")
    results = Results(database, root)
    assert results.detail(wanted.seq) is None
    assert results.detail(other.seq) == DETAILED
    assert {name.split("/")[1] for name in _files(root)} == {"run-2"}
    assert [note.text for note in journal.read("remark")] == [None, {"remark": "suara Dewi", "by": "Sari"}]
    assert results.entry("run-1") == wanted
    assert all(n.text == {"reason": "diminta oleh agent", "by": "Sari"} for n in journal.read("disposal"))
    assert _verified(database, root) == []


def test_erasing_what_is_not_there_enters_nothing(database: Database, root: Path) -> None:
    assert not erase(database, root, "run-1", "x", NOON)
    assert Journal(database).read() == []


def test_a_file_that_goes_without_disposal_is_found(database: Database, root: Path) -> None:
    _year(database, root)
    _dispose(database, root)
    next(path for path in root.rglob("recording.wav")).unlink()
    assert len(_verified(database, root)) == 1


def test_a_row_that_goes_without_disposal_is_found(database: Database, root: Path) -> None:
    _year(database, root)
    _dispose(database, root, Days(results=20 * DAY))
    with database.write() as connection:
        first = connection.execute(select(func.min(RESULT.c.seq))).scalar_one()
        connection.execute(RESULT.delete().where(RESULT.c.seq == first))
    assert _verified(database, root) != []
