"""The door to pjsua2: sound comes through it whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.voice.pj import octets, pj


@given(st.binary(max_size=700))
def test_what_stands_in_a_vector_comes_out_of_it(content: bytes) -> None:
    assert octets(pj.ByteVector(content)) == content


@given(st.lists(st.binary(min_size=320, max_size=320), min_size=2, max_size=5))
def test_a_frame_that_is_filled_anew_does_not_change_what_was_taken_from_it(contents: list[bytes]) -> None:
    frame, taken = pj.MediaFrame(), []
    for content in contents:
        frame.buf = pj.ByteVector(content)
        taken.append(octets(frame.buf))
    assert taken == contents


def test_a_vector_that_is_none_is_refused() -> None:
    with pytest.raises(AttributeError):
        octets(b"\0" * 320)
