"""No reason stands in the product's table that no end-to-end test produces."""

from __future__ import annotations

from probe.reasons import Reason
from tests.end_to_end.rows import ROWS

NOT_YET = {
    Reason.BOT_SILENT: "no text channel exists yet: its issue brings the far end",
    Reason.BOT_ONLY: "as bot_silent",
    Reason.HANDOFF_NO_AGENT: "as bot_silent",
    Reason.PRIVATE_ADDRESS: "needs a public host: tests stay on loopback, where every address is private",
    Reason.INTERNAL_ERROR: "an exception of our own: a far end that could cause one would be a bug to mend",
}
"""Reasons without an end-to-end test, each with why; at most five, and fewer with every issue."""

BY_THE_SERVICE = frozenset(
    {Reason.SHUTDOWN, Reason.MAINTENANCE, Reason.COURTESY, Reason.DOWN, Reason.LATE, Reason.LOST}
)
"""Reasons that no far end can cause: they come from the service around the run (``test_service.py``)."""


def test_every_reason_is_produced_by_a_far_end() -> None:
    produced = {row.reason for row in ROWS if row.reason} | {reason.value for reason in BY_THE_SERVICE}
    missing = {reason.value for reason in Reason} - produced - {reason.value for reason in NOT_YET}
    assert not missing, f"write a row for each: {sorted(missing)}"


def test_the_list_of_exceptions_stays_short_and_true() -> None:
    produced = {row.reason for row in ROWS}
    assert len(NOT_YET) <= 5
    assert not [reason for reason in NOT_YET if reason.value in produced], "take it off the list: a row produces it"


def test_no_row_expects_a_reason_that_does_not_exist() -> None:
    known = {reason.value for reason in Reason}
    assert not {row.reason for row in ROWS if row.reason} - known
