"""Maintenance windows: of a probe, a service or a channel, said before or afterwards, always in the journal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from storage.database import Database
from storage.journal import Journal
from storage.maintenance import Window, Windows, covers

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
MS = timedelta(milliseconds=1)


@pytest.mark.parametrize("target", ["ivr", "inbound", "sip"])
def test_a_window_is_for_a_probe_a_service_or_a_channel_from_its_start_to_before_its_end(target: str) -> None:
    windows = [Window(target=target, from_=NOON, to=NOON + HOUR, reason="x")]
    asked = [NOON - MS, NOON, NOON + HOUR - MS, NOON + HOUR]
    found = [covers(windows, "ivr", "inbound", "sip", moment) is not None for moment in asked]
    assert found == [False, True, True, False]


def test_a_window_of_another_target_covers_nothing() -> None:
    windows = [Window(target="digital", from_=NOON, to=NOON + HOUR, reason="x")]
    assert covers(windows, "ivr", "inbound", "sip", NOON) is None
    assert covers(windows, None, None, "sip", NOON) is None


def test_a_window_said_beforehand_is_kept_and_entered_in_the_journal(database: Database) -> None:
    windows = Windows(database)
    window = windows.add("inbound", NOON + HOUR, NOON + 2 * HOUR, "ganti router", NOON, by="Budi")
    assert windows.list() == (window,)
    assert (window.source, window.backdated, window.reason) == ("hand", False, "ganti router")
    [note] = Journal(database).read("maintenance")
    assert note.subject == "inbound"
    said = {
        "id": window.id,
        "action": "add",
        "from": "2026-11-20T06:00:00.000Z",
        "to": "2026-11-20T07:00:00.000Z",
        "backdated": False,
    }
    assert note.body == {**said, "head_seq": 0, "head_hash": "00" * 32}
    assert note.text == {"reason": "ganti router", "by": "Budi"}


def test_a_window_said_afterwards_is_marked_as_backdated(database: Database) -> None:
    window = Windows(database).add("inbound", NOON - HOUR, NOON, "lupa dicatat", NOON)
    assert window.backdated
    [note] = Journal(database).read("maintenance")
    assert note.body["backdated"] is True


def test_ending_a_window_ends_it_now_and_only_once(database: Database) -> None:
    windows = Windows(database)
    id_ = windows.add("sip", NOON, NOON + 4 * HOUR, "x", NOON).id
    assert id_ is not None
    ended = windows.end(id_, NOON + HOUR, by="Budi")
    assert ended is not None
    assert ended.to == NOON + HOUR
    assert windows.end(id_, NOON + HOUR) is None
    assert windows.list() == (ended,)
    assert [note.body["action"] for note in Journal(database).read("maintenance")] == ["add", "end"]


def test_a_window_ended_before_it_begins_covers_nothing(database: Database) -> None:
    windows = Windows(database)
    id_ = windows.add("sip", NOON + HOUR, NOON + 2 * HOUR, "x", NOON).id
    assert id_ is not None
    windows.end(id_, NOON)
    assert covers(windows.list(), None, None, "sip", NOON + HOUR) is None
    assert windows.end(id_, NOON) is None


def test_an_unknown_window_cannot_be_ended(database: Database) -> None:
    assert Windows(database).end(7, NOON) is None
    assert Journal(database).read() == []


def test_an_empty_window_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="later end"):
        Windows(database).add("sip", NOON, NOON, "x", NOON)


def test_the_windows_of_a_span_are_those_that_reach_into_it(database: Database) -> None:
    windows = Windows(database)
    for hour in range(3):
        windows.add("sip", NOON + hour * HOUR, NOON + (hour + 1) * HOUR, f"{hour}", NOON)
    found = windows.list(since=NOON + HOUR, until=NOON + 2 * HOUR)
    assert [window.reason for window in found] == ["1"]


def test_a_withdrawn_window_covers_nothing_and_stays_in_the_list(database: Database) -> None:
    windows = Windows(database)
    id_ = windows.add("sip", NOON - HOUR, NOON + HOUR, "salah ketik", NOON).id
    assert id_ is not None
    [kept] = [windows.withdraw(id_, NOON, by="Budi")]
    assert kept is not None
    assert kept.empty
    assert windows.list() == (kept,)
    assert covers(windows.list(), None, None, "sip", NOON - HOUR) is None
    assert windows.withdraw(id_, NOON) is None
    assert [note.body["action"] for note in Journal(database).read("maintenance")] == ["add", "withdraw"]


def test_a_window_of_the_configuration_is_entered_once_and_marked_when_it_was_seen_late(database: Database) -> None:
    windows = Windows(database)
    ahead = Window(target="ivr", from_=NOON + HOUR, to=NOON + 2 * HOUR, reason="router")
    past = Window(target="ivr", from_=NOON - HOUR, to=NOON, reason="lupa")
    assert windows.see([ahead, past], NOON) == 2
    assert windows.see([past, ahead], NOON + 3 * HOUR) == 0
    notes = Journal(database).read("maintenance")
    assert [(n.subject, n.body["action"], n.body["backdated"]) for n in notes] == [
        ("ivr", "config", False),
        ("ivr", "config", True),
    ]
    assert notes[1].text == {"reason": "lupa"}
    later = windows.marked([ahead, past], NOON + 3 * HOUR)
    assert [w.backdated for w in later] == [False, True]


def test_a_window_that_was_moved_is_another_one(database: Database) -> None:
    windows = Windows(database)
    first = Window(target="ivr", from_=NOON + HOUR, to=NOON + 2 * HOUR, reason="router")
    windows.see([first], NOON)
    moved = Window(target="ivr", from_=NOON, to=NOON + 2 * HOUR, reason="router")
    assert windows.marked([moved], NOON + 2 * HOUR)[0].backdated
    assert windows.see([moved], NOON + 2 * HOUR) == 1
