"""What a report is made of, read from a real record."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from probe.reasons import Reason
from reports.material import carried_over
from storage.results import Results
from tests.siaga.book import DAY, open_book

HALF_HOUR = timedelta(minutes=30)
FAILED, NOT_JUDGED, SLOW = Reason.AGENT_TIMEOUT, Reason.NETWORK, Reason.SLOW


@pytest.mark.parametrize(
    ("evening", "began"),
    [
        ([], None), ([None], None), ([FAILED, None], None), ([FAILED, SLOW], None),
        ([FAILED], 0), ([None, FAILED, FAILED], 1), ([SLOW, FAILED, NOT_JUDGED], 1), ([FAILED, NOT_JUDGED, None], None),
        ([None, NOT_JUDGED], None), ([FAILED, *[NOT_JUDGED] * 3, FAILED], 0),
    ],
)  # fmt: skip
def test_an_issue_is_open_in_the_morning_unless_a_test_has_passed_since(
    evening: list[Reason | None], began: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``evening``: what came of the last tests before midnight; ``began``: which of them began the issue."""
    monkeypatch.chdir(tmp_path)
    with open_book(tmp_path) as book:
        slots = [DAY - (len(evening) - n) * HALF_HOUR for n in range(len(evening))]
        entries = [book.done(slot, reason) for slot, reason in zip(slots, evening, strict=True)]
        found = carried_over(Results(book.found.database, book.found.evidence), "ivr", DAY)
    assert (found and found.run_id) == (None if began is None else entries[began].run_id)
