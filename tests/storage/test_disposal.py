"""What the journal says is gone, and nothing else, may be gone."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.disposal import Disposals, erased, ranges, results_gone

SEQS = st.sets(st.integers(1, 60))


@given(st.lists(SEQS, max_size=5))
def test_exactly_what_was_named_in_any_number_of_entries_is_lawful(entries: list[set[int]]) -> None:
    disposals = Disposals()
    for seqs in entries:
        disposals.take(json.dumps(erased("detail", seqs)))
        assert all(disposals.erased("detail", seq) for seq in seqs)
    named = set().union(*entries)
    assert {seq for seq in range(62) if disposals.erased("detail", seq)} == named
    assert not any(disposals.erased("evidence", seq, "audio") for seq in range(62))


@given(SEQS)
def test_stretches_hold_each_number_once_and_no_other(seqs: set[int]) -> None:
    found = ranges(seqs)
    assert sorted(n for first, last in found for n in range(first, last + 1)) == sorted(seqs)
    assert all(one[1] + 1 < two[0] for one, two in itertools.pairwise(found))


def test_evidence_is_disposed_of_by_kind_or_altogether() -> None:
    disposals = Disposals()
    disposals.take(json.dumps(erased("evidence", [1, 2], {"audio", "pcap"})))
    disposals.take(json.dumps(erased("evidence", [5])))
    lawful = [
        (seq, kind) for seq in (1, 2, 5) for kind in ("audio", "result") if disposals.erased("evidence", seq, kind)
    ]
    assert lawful == [(1, "audio"), (2, "audio"), (5, "audio"), (5, "result")]


def test_results_end_where_the_last_one_of_that_hash_was() -> None:
    disposals = Disposals()
    disposals.take(json.dumps(results_gone(40, b"\1" * 32)))
    assert disposals.results_end(40, b"\1" * 32)
    assert not disposals.results_end(40, b"\2" * 32)
    assert not disposals.results_end(39, b"\1" * 32)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"what": "detail"}',
        '{"what": "detail", "seqs": [[1]]}',
        '{"what": "detail", "seqs": 5}',
        '{"what": "detail", "seqs": [[1, 99999999999999999999]]}',
        '{"what": "detail", "seqs": [[2, 1]]}',
        '{"what": "results", "until": "x"}',
        '{"what": "evidence", "seqs": [[1, 2]], "kinds": 7}',
        '{"what": "everything", "seqs": [[1, 2]]}',
    ],
)
def test_a_body_of_another_form_makes_nothing_lawful(body: str) -> None:
    disposals = Disposals()
    disposals.take(body)
    assert not any(disposals.erased(what, 1, "audio") for what in ("detail", "evidence", "text"))
    assert not disposals.results_end(1, bytes(32))
