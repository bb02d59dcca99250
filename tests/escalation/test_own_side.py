"""Siaga's own operators are told of what siaga cannot do: once when it begins, once when it is over."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.own_side import DOWN, Began, News, Over, OwnSide
from storage.values import Cause, Entry
from tests.escalation.entries import FAIL, at, blind, done, missed


def seen(*entries: Entry, routes: dict[str, str] | None = None) -> list[News]:
    own_side = OwnSide(routes or {})
    return [news for entry in entries for news in own_side.see(entry)]


def keys(news: list[News]) -> list[str]:
    return [f"{'+' if isinstance(one, Began) else '-'}{one.key}" for one in news]


def test_three_tests_in_a_row_that_judged_nothing_are_told_once_and_a_judged_one_ends_it() -> None:
    assert seen(blind(0), blind(30)) == []
    news = seen(blind(0), missed(30), blind(60), blind(90), blind(120), done(150), done(180))
    assert keys(news) == ["+probe:ivr", "-probe:ivr"]
    began, over = news
    assert isinstance(began, Began)
    assert began.since == at(0)
    assert (began.detail["n"], began.detail["reason"]) == (3, "engine_crashed")
    assert isinstance(over, Over)
    assert over.at == done(150).ended_at


def test_a_fail_is_a_judgement_too_and_what_comes_back_is_told_again() -> None:
    three = (blind(0), blind(1), blind(2))
    assert keys(seen(*three, done(3, **FAIL), *three)) == ["+probe:ivr", "-probe:ivr", "+probe:ivr"]


def test_one_judged_test_in_between_begins_the_count_anew() -> None:
    assert seen(blind(0), blind(1), done(2), blind(3), blind(4)) == []


@pytest.mark.parametrize("cause", [Cause.LATE, Cause.BUSY, Cause.BUDGET, None])
def test_missed_and_lost_tests_count(cause: Cause | None) -> None:
    assert keys(seen(*(missed(n, cause) for n in range(3)))) == ["+probe:ivr"]


def test_only_missed_ones_name_their_intervals() -> None:
    (began,) = seen(missed(0, Cause.BUSY), missed(30, Cause.BUSY), missed(60, Cause.BUSY))
    assert isinstance(began, Began)
    assert (began.detail["first"], began.detail["last"]) == (at(0).isoformat(), at(60).isoformat())
    assert began.detail["reason"] == "lease_busy"


@pytest.mark.parametrize(
    "wanted",
    [missed(1, Cause.MAINTENANCE), missed(1, Cause.COURTESY), missed(1, Cause.COURTESY, mode="peak")],
    ids=["maintenance", "courtesy", "peak"],
)
def test_what_is_left_out_on_purpose_neither_counts_nor_ends_anything(wanted: Entry) -> None:
    assert seen(*[wanted] * 5) == []
    assert keys(seen(blind(0), wanted, blind(2), wanted, blind(4), wanted)) == ["+probe:ivr"]


def test_a_test_that_a_person_stopped_says_nothing_about_us() -> None:
    assert seen(*(blind(n, "interrupted", trigger="cli") for n in range(5))) == []


def test_the_time_without_a_service_is_one_cause_for_all_probes_and_ends_with_the_first_test() -> None:
    stretch = [missed(n, Cause.DOWN, probe=f"p{n % 3}") for n in range(9)]
    assert keys(seen(*stretch)) == ["+down"]
    assert keys(seen(*stretch, missed(10, Cause.LATE), blind(11), *stretch)) == ["+down", "-down", "+down"]
    (began,) = seen(*stretch)
    assert began == Began(DOWN, at(0), {"first": at(0).isoformat(), "service": "inbound"})


@pytest.mark.parametrize("reason", ["trunk_down", "trunk_auth_rejected"])
def test_a_trunk_that_spoils_one_test_is_told_at_once_and_not_again_for_each_of_its_probes(reason: str) -> None:
    routes = {"a": "pstn", "b": "pstn", "c": "other"}
    spoilt = [blind(n, reason, probe=probe) for n in range(4) for probe in "ab"]
    assert keys(seen(*spoilt, routes=routes)) == ["+trunk:pstn"]
    assert keys(seen(*spoilt, done(9, probe="c"), routes=routes)) == ["+trunk:pstn"]
    assert keys(seen(*spoilt, done(9, probe="b", **FAIL), routes=routes)) == ["+trunk:pstn", "-trunk:pstn"]


def test_while_a_trunk_is_down_whatever_else_its_probes_cannot_do_is_no_news() -> None:
    mixed = [blind(0, "trunk_down"), missed(1, Cause.BUSY), blind(2, "trunk_down"), blind(3, "shutdown"), missed(4)]
    assert keys(seen(*mixed, routes={"ivr": "pstn"})) == ["+trunk:pstn"]


def test_a_trunk_reason_of_a_probe_without_a_trunk_counts_like_any_other() -> None:
    assert keys(seen(*(blind(n, "trunk_down") for n in range(3)))) == ["+probe:ivr"]


def test_calls_by_hand_without_a_probe_are_nobodys_row() -> None:
    assert seen(*(blind(n, probe=None, trigger="cli") for n in range(5))) == []


def test_a_probe_that_left_the_configuration_is_let_go_of() -> None:
    own_side = OwnSide({})
    for n in range(3):
        own_side.see(blind(n))
    assert own_side.forget(lambda probe: probe == "other", at(9)) == []
    assert own_side.forget(lambda probe: probe == "ivr", at(9)) == [Over("probe:ivr", at(9))]
    assert [own_side.see(blind(n)) for n in range(2)] == [[], []]


ENTRIES = st.builds(
    lambda kind, minutes, probe: kind(minutes, probe=probe),
    st.sampled_from(
        [done, blind, lambda m, probe: blind(m, "trunk_down", probe=probe), missed,
         lambda m, probe: missed(m, Cause.DOWN, probe=probe), lambda m, probe: missed(m, Cause.COURTESY, probe=probe)]
    ),
    st.integers(0, 1000),
    st.sampled_from(["a", "b", "c"]),
)  # fmt: skip


@given(st.lists(ENTRIES, max_size=60))
def test_whatever_happens_each_trouble_begins_and_ends_in_turn(entries: list[Entry]) -> None:
    own_side, standing = OwnSide({"a": "t", "b": "t"}), dict[str, datetime]()
    for entry in entries:
        for news in own_side.see(entry):
            if isinstance(news, Began):
                assert news.key not in standing
                standing[news.key] = news.since.astimezone(UTC)
            else:
                del standing[news.key]
        assert set(standing) == set(own_side.standing)
