"""Sentences for siaga's operators: in the words of the vocabulary, without whole numbers, whatever the row holds."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from escalation.notices import masked, message, sentence
from probe.words import LANGUAGES, Language
from storage.alarms import Alarm

JAKARTA = ZoneInfo("Asia/Jakarta")
SINCE, OVER = datetime(2026, 11, 20, 1, 5, tzinfo=UTC), datetime(2026, 11, 20, 4, 40, tzinfo=UTC)
PROBE = {"probe": "ivr-ke-agent", "n": 3, "reason": "engine_crashed"}


def alarm(key: str, detail: Any, over: datetime | None = None) -> Alarm:
    return Alarm(key=key, since=SINCE, detail=json.dumps(detail), told=None, over=over, over_told=None)


def test_tests_that_judged_nothing_are_no_outage_of_the_service() -> None:
    said = sentence(alarm("probe:ivr-ke-agent", PROBE), "opened", "id", JAKARTA)
    assert said == (
        "[PERIKSA SIAGA] 3 tes tidak dapat dinilai (ivr-ke-agent): Mesin panggilan siaga berhenti. "
        "Bukan gangguan layanan. Lakukan tes manual."
    )


def test_missed_tests_name_their_service_intervals_and_cause() -> None:
    span = {"first": "2026-11-20T01:30:00+00:00", "last": "2026-11-20T02:30:00+00:00"}
    detail = {**PROBE, **span, "reason": "lease_busy", "service": "inbound"}
    said = sentence(alarm("probe:ivr-ke-agent", detail), "opened", "en", JAKARTA)
    assert said == (
        "[TEST MISSED] inbound, interval 2026-11-20 08:30 WIB - 2026-11-20 09:30 WIB: "
        "Target under test already, or all trunk channels taken."
    )


def test_the_time_without_a_service_is_said_for_all_services() -> None:
    said = sentence(alarm("down", {"first": "x"}), "opened", "id", JAKARTA)
    assert said == "[TES TIDAK TERLAKSANA] Semua layanan, interval sejak 2026-11-20 08:05 WIB: siaga tidak berjalan."


def test_a_trunk_is_named_with_what_is_wrong_with_it() -> None:
    by_run = sentence(alarm("trunk:pstn", {"trunk": "pstn", "reason": "trunk_down"}), "opened", "en", JAKARTA)
    assert "(pstn: Our trunk is down)" in by_run
    by_check = sentence(alarm("trunk:pstn", {"trunk": "pstn", "cause": "no answer"}), "opened", "en", JAKARTA)
    assert "(pstn: no answer)" in by_check


def test_different_files_are_named_by_host_and_fingerprint_with_what_to_do() -> None:
    detail = {"files": "siaga-1 123456789012, siaga-2 99aa00112233", "by": "services"}
    assert sentence(alarm("config", detail), "opened", "en", JAKARTA) == (
        "[CHECK SIAGA] The siaga services on one database plan by different configurations "
        "(siaga-1 123456789012, siaga-2 99aa00112233). What only one of them plans stays planned. "
        "Make the files the same, then reload the services."
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("key", "detail"), [("down", {}), ("config", {}), ("trunk:t", {"trunk": "t"}), ("probe:p", PROBE)]
)
def test_the_end_is_told_with_both_times(language: Language, key: str, detail: Any) -> None:
    said = sentence(alarm(key, detail, OVER), "recovered", language, JAKARTA)
    assert said.startswith(("[PULIH]", "[RECOVERED]"))
    assert "08:05 WIB" in said
    assert "11:40 WIB" in said


def test_the_message_holds_what_the_contract_of_the_webhook_says() -> None:
    opened = message(alarm("probe:p", PROBE), "opened", "en", JAKARTA)
    assert list(opened) == ["key", "event", "since", "until", "sentence", "text"]
    assert (opened["key"], opened["event"], opened["since"]) == ("probe:p", "opened", "2026-11-20T01:05:00.000Z")
    assert opened["until"] is None
    assert opened["text"] == opened["sentence"]
    assert message(alarm("probe:p", PROBE, OVER), "recovered", "en", JAKARTA)["until"] == "2026-11-20T04:40:00.000Z"


@pytest.mark.parametrize("detail", [None, [], {}, "x", {"last": 1}, {"last": "x", "first": "2026-01-01"}, {"n": "x"}])
def test_a_row_that_somebody_else_wrote_is_told_all_the_same(detail: Any) -> None:
    for event in ("opened", "recovered"):
        assert sentence(alarm("probe:p", detail), event, "en", JAKARTA)
    strange = Alarm(key="k", since=SINCE, detail="{", told=None, over=None, over_told=None)
    assert sentence(strange, "opened", "id", JAKARTA)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+6281234567890 is not allowed", "+62…90 is not allowed"),
        ("0812-3456-7890", "08…90"),
        ("no answer from 192.168.100.200:5060 within 5 s", "no answer from 192.168.100.200:5060 within 5 s"),
        ("two\nlines\x1b[2J", "two�lines�[2J"),
    ],
)
def test_numbers_are_masked_and_lines_are_one(text: str, shown: str) -> None:
    assert masked(text) == shown
