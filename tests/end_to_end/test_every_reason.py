"""No reason stands in the product's table that no end-to-end test produces."""

from __future__ import annotations

import inspect

from probe.reasons import Reason
from tests.end_to_end import test_prompt_changed, test_service
from tests.end_to_end.rows import ROWS

NOT_YET = {
    Reason.BOT_SILENT: "no text channel exists yet: its issue brings the far end",
    Reason.BOT_ONLY: "as bot_silent",
    Reason.HANDOFF_NO_AGENT: "as bot_silent",
    Reason.PRIVATE_ADDRESS: "needs a public host: tests stay on loopback, where every address is private",
    Reason.INTERNAL_ERROR: "an exception of our own: a far end that could cause one would be a bug to mend",
}
"""Reasons without an end-to-end test, each with why; at most five, and fewer with every issue."""

BY_THE_SERVICE = {
    Reason.SHUTDOWN: test_service.test_shutdown_at_the_deadline_hangs_up_and_is_said,
    Reason.MAINTENANCE: test_service.test_maintenance_is_said_of_tests_inside_a_window,
    Reason.COURTESY: test_service.test_courtesy_is_said_when_agents_were_taken_enough_of,
    Reason.DOWN: test_service.test_down_is_said_of_what_was_due_while_no_service_ran,
    Reason.LATE: test_service.test_late_is_said_of_what_a_living_service_could_not_begin_in_time,
    Reason.LOST: test_service.test_lost_is_said_of_a_run_whose_service_was_killed,
}
"""Reasons that no far end can cause: they come from the service around the run, each with the test that produces it."""
BY_SEVERAL_CALLS = {
    Reason.PROMPT_CHANGED: test_prompt_changed.test_it_is_said_until_accepted,
}
"""Reasons that need what earlier calls found."""
TESTED = {**BY_THE_SERVICE, **BY_SEVERAL_CALLS}


def test_every_reason_is_produced_by_a_far_end() -> None:
    produced = {row.reason for row in ROWS if row.reason} | {reason.value for reason in TESTED}
    missing = {reason.value for reason in Reason} - produced - {reason.value for reason in NOT_YET}
    assert not missing, f"write a row for each: {sorted(missing)}"


def test_the_list_of_exceptions_stays_short_and_true() -> None:
    produced = {row.reason for row in ROWS}
    assert len(NOT_YET) <= 5
    assert not [reason for reason in NOT_YET if reason.value in produced], "take it off the list: a row produces it"


def test_no_row_expects_a_reason_that_does_not_exist() -> None:
    known = {reason.value for reason in Reason}
    assert not {row.reason for row in ROWS if row.reason} - known


def test_each_reason_of_the_service_or_of_several_calls_is_what_its_test_asks_for() -> None:
    for reason, test in TESTED.items():
        assert f'"{reason.value}"' in inspect.getsource(test), f"{test.__name__} does not ask for {reason.value}"
