"""From failed tests to issues with a beginning and an end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from probe.reasons import Reason, Stage
from reports.troubles import seconds, troubles
from reports.values import Carried, Row, Trouble
from storage.rows import entry_of
from storage.values import Entry
from tests.reports.golden import END, START, at, failed
from tests.storage.entries import row

PROBE = {"probe": "ivr", "service": "inbound", "channel": "sip", "skill": "tier-1"}
BARE = {"detail_sha256": None, "prev_hash": bytes(32), "hash": bytes(32), "pdd_ms": None, "setup_ms": None,
        "greeting_ms": None, "menu_ms": None, "queue_ms": None}  # fmt: skip


def entry(number: int, kind: str, hour: float) -> Entry:
    """A test at an hour that passed, was not judged, or failed at a stage."""
    moment = START + timedelta(hours=hour)
    if kind in ("pass", "inconclusive"):
        made = row(number, moment, **{**PROBE, "verdict": kind})
    else:
        reason = {"access": "busy_486", "ivr": "ivr_silent", "queue": "agent_timeout", "media": "no_rtp"}[kind]
        made = failed(number, moment, kind, reason, "ioc", slot_ms=None, **PROBE)
    return entry_of({**BARE, **made, "seq": number})


def rows(*tests: tuple[str, float]) -> list[Row]:
    return [
        Row(no=no, entry=entry(no, kind, hour), interval=None, target=None, tester=None, route=None, pic=None)
        for no, (kind, hour) in enumerate(tests, 1)
    ]


def told(found: Sequence[Trouble]) -> list[tuple[str, tuple[int, ...], int | None]]:
    return [(str(t.stage), t.rows, t.solved_by) for t in found]


def test_an_issue_lasts_from_the_first_failed_test_to_the_first_that_passes() -> None:
    found = troubles(rows(("pass", 8), ("ivr", 9), ("ivr", 9.1), ("inconclusive", 9.3), ("pass", 9.5), ("pass", 10)))
    assert told(found) == [("ivr", (2, 3), 5)]
    assert (found[0].since, found[0].solved) == (at(9), at(9, 30))


def test_an_issue_that_nothing_ended_is_open() -> None:
    assert told(troubles(rows(("access", 9), ("inconclusive", 10)))) == [("access", (1,), None)]


def test_failing_further_along_the_way_ends_what_was_wrong_before_it() -> None:
    assert told(troubles(rows(("access", 9), ("queue", 10), ("pass", 11)))) == [("access", (1,), 2), ("queue", (2,), 3)]


def test_failing_earlier_says_nothing_about_what_lies_behind() -> None:
    assert told(troubles(rows(("queue", 9), ("access", 10), ("pass", 11)))) == [("queue", (1,), 3), ("access", (2,), 3)]


def test_sound_is_beside_the_way_and_ends_with_a_test_that_passes() -> None:
    assert told(troubles(rows(("media", 9), ("queue", 10)))) == [("media", (1,), None), ("queue", (2,), None)]


def test_an_issue_carried_over_goes_on_and_ends() -> None:
    carried = Carried(
        probe="ivr", service="inbound", channel="sip", skill="tier-1", stage=Stage.IVR, reason=Reason.IVR_SILENT,
        owner=None, since=at(-3), run_id="x",
    )  # fmt: skip
    [found] = troubles(rows(("ivr", 1), ("pass", 2)), [carried])
    assert (found.since, found.rows, found.solved_by, found.carried) == (at(-3), (1,), 2, True)


SPANS = st.lists(st.tuples(st.integers(-100, 2_000), st.integers(0, 500)), max_size=8)


@given(SPANS)
def test_minutes_of_several_issues_are_counted_once(spans: list[tuple[int, int]]) -> None:
    minute = timedelta(minutes=1)
    found = [_lasting(START + begin * minute, START + (begin + lasted) * minute) for begin, lasted in spans]
    each = {m for begin, lasted in spans for m in range(begin, begin + lasted) if 0 <= m < 1440}
    assert seconds(found, START, END) == 60 * len(each)


def _lasting(since: datetime, solved: datetime) -> Trouble:
    return Trouble(
        probe="ivr", service=None, channel="sip", skill=None, stage=None, reason=None, owner=None, since=since,
        rows=(), solved=solved, solved_by=1,
    )  # fmt: skip
