"""Numbers, days and times as people of the language write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.wording import Wording
from storage.figures import Share

ID, EN = Wording("id", ZoneInfo("Asia/Jakarta")), Wording("en", ZoneInfo("Asia/Jakarta"))
NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)


def test_indonesian_writes_a_decimal_comma_and_english_a_point() -> None:
    assert (ID.seconds(52_900), EN.seconds(52_900)) == ("52,9", "52.9")
    assert (ID.seconds(1_234_560), EN.seconds(1_234_560)) == ("1.234,6", "1,234.6")
    assert (ID.count(1440), EN.count(1440)) == ("1.440", "1,440")


@given(st.integers(0, 3_000_000))
def test_seconds_are_rounded_half_up_also_the_quick_way(ms: int) -> None:
    assert EN.seconds(ms).replace(",", "") == f"{(ms + 50) // 100 / 10:.1f}"


def test_days_and_times_are_written_as_in_the_country() -> None:
    assert (ID.day(date(2026, 11, 20)), EN.day(date(2026, 11, 20))) == (
        "Jumat, 20 November 2026",
        "Friday, 20 November 2026",
    )
    assert (ID.second(NOON), EN.second(NOON)) == ("12.00.00", "12:00:00")


def test_the_midnight_that_ends_a_span_is_24() -> None:
    start = datetime(2026, 11, 19, 17, tzinfo=UTC)
    assert ID.until(start + timedelta(days=1), start) == "24.00"
    assert ID.clock(start) == "00.00"
    assert ID.between(start, start + timedelta(days=1), date(2026, 11, 20)) == "00.00\N{EN DASH}24.00"
    assert ID.between(start, start + timedelta(days=1, hours=2), date(2026, 11, 20)).endswith("21 November 2026 02.00")


def test_a_shift_past_midnight_ends_in_the_morning() -> None:
    assert ID.span(22 * 60, 31 * 60) == "22.00\N{EN DASH}07.00"
    assert ID.span(0, 24 * 60) == "00.00\N{EN DASH}24.00"


@pytest.mark.parametrize(
    ("zone", "name"), [("Asia/Jakarta", "WIB"), ("Asia/Makassar", "WITA"), ("Asia/Jayapura", "WIT")]
)
def test_the_zones_of_indonesia_have_their_names(zone: str, name: str) -> None:
    assert Wording("id", ZoneInfo(zone)).zone_of(NOON, NOON + timedelta(days=1)) == name


def test_a_day_on_which_the_clock_changes_has_both_names() -> None:
    words = Wording("en", ZoneInfo("Europe/Berlin"))
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert words.zone_of(start, start + timedelta(hours=25)) == "CEST/CET"


def test_one_failure_among_thousands_never_reads_as_100_percent() -> None:
    assert ID.percent(Share(9_999, 1)) == "99,9\N{NO-BREAK SPACE}%"
    assert ID.percent(Share(9, 0)) == "100,0\N{NO-BREAK SPACE}%"
    assert ID.percent(Share(0, 0)) == "\N{EN DASH}"
