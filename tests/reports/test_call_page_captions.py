"""What a machine understood comes back from its file as it was written, whatever else stands there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.words import printable
from reports.call_page_captions import LONGEST_TEXT, MOST, Caption, read, written

SECONDS = st.floats(0.0, 1e5).map(lambda second: round(second, 3))
CAPTIONS = st.builds(Caption, at_s=SECONDS, until_s=SECONDS, text=st.text(min_size=1).filter(str.strip))


@given(st.lists(CAPTIONS, max_size=20))
def test_captions_come_back_in_order_and_printable(captions: list[Caption]) -> None:
    found = read(written(captions))
    assert [(one.at_s, one.text) for one in found] == [
        (one.at_s, printable(one.text)) for one in sorted(captions, key=lambda one: one.at_s)
    ]


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    read(text)


@pytest.mark.parametrize(
    "line",
    [
        "", "{", "[]", "3", "null", '{"at_s": true, "until_s": 1, "text": "x"}', '{"at_s": 1, "text": "x"}',
        '{"at_s": NaN, "until_s": 1, "text": "x"}', '{"at_s": 0, "until_s": Infinity, "text": "x"}',
        '{"at_s": 0, "until_s": 1, "text": 5}', '{"at_s": 0, "until_s": 1, "text": "  "}', "[" * 100_000,
    ],
)  # fmt: skip
def test_a_line_that_is_none_of_ours_is_left_out(line: str) -> None:
    good = Caption(at_s=1.0, until_s=2.0, text="Halo")
    assert read(f"{line}\n{written([good])}") == (good,)


def test_neither_a_long_text_nor_many_fill_the_page() -> None:
    found = read(written(Caption(at_s=float(n), until_s=n + 1.0, text="a" * 9000) for n in range(MOST + 5)))
    assert len(found) == MOST
    assert {len(one.text) for one in found} == {LONGEST_TEXT}
