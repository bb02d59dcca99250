"""Labels from kept observations: each thing once, from its beginning to its end, and nothing that was taken back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.call_page_labels import Kept, Label, Lane, read

END_S = 60.0


def kept(*lines: dict[str, Any]) -> Kept:
    return read("".join(json.dumps(line) + "\n" for line in ({"format": 1}, *lines)), END_S)


def spans(found: Kept, lane: Lane) -> list[tuple[str, float, float | None]]:
    return [(one.what, one.at_s, one.until_s) for one in found.labels if one.lane is lane]


def sound(kind: str, onset: float, until: float | None = None, *, known: bool = False) -> dict[str, Any]:
    at = onset + 0.5 if until is None else until + 0.3
    return {
        "saw": "Sound", "at_s": at, "kind": kind, "onset_s": onset, "ended": until is not None, "until_s": until,
        "known": known,
    }  # fmt: skip


def prompt(phase: str, onset: float, at: float, name: str = "menu") -> dict[str, Any]:
    return {"saw": "Prompt", "at_s": at, "name": name, "phase": phase, "onset_s": onset}


def agent(phase: str, onset: float, at: float, confidence: float = 0.5) -> dict[str, Any]:
    return {"saw": "Agent", "at_s": at, "phase": phase, "onset_s": onset, "confidence": confidence, "signs": []}


def test_a_prompt_lasts_from_its_first_sound_to_its_end() -> None:
    found = kept(prompt("candidate", 2.0, 2.3), prompt("confirmed", 2.0, 3.0), prompt("ended", 2.0, 6.0))
    assert found.labels == (Label(lane=Lane.PROMPT, what="prompt", at_s=2.0, until_s=6.0, name="menu"),)


def test_a_prompt_that_was_cut_short_ends_where_the_silence_begins() -> None:
    found = kept(prompt("confirmed", 2.0, 3.0), sound("silence", 4.1), prompt("ended", 2.0, 4.55))
    assert spans(found, Lane.PROMPT) == [("prompt", 2.0, 4.1)]


def test_the_end_that_the_listener_names_counts() -> None:
    found = kept(prompt("confirmed", 2.0, 3.0), {**prompt("ended", 2.0, 6.08), "until_s": 6.01})
    assert spans(found, Lane.PROMPT) == [("prompt", 2.0, 6.01)]


def test_a_candidate_that_was_no_prompt_leaves_no_label() -> None:
    assert kept(prompt("candidate", 2.0, 2.3), prompt("diverged", 2.0, 3.0)).labels == ()


def test_a_prompt_that_went_on_otherwise_is_called_that() -> None:
    found = kept(prompt("confirmed", 2.0, 3.0), prompt("diverged", 2.0, 5.0))
    assert spans(found, Lane.PROMPT) == [("prompt_diverged", 2.0, 5.0)]


def test_speech_that_was_taken_back_never_was() -> None:
    assert kept(sound("speech", 5.0), sound("speech", 5.0, 5.0)).labels == ()


def test_speech_of_a_known_prompt_is_left_to_the_prompt() -> None:
    assert kept(sound("speech", 5.0, 8.0, known=True)).labels == ()


def test_the_last_word_about_a_stretch_counts() -> None:
    found = kept(sound("speech", 5.0), sound("speech", 5.02, 7.0), sound("speech", 5.02, 7.4))
    assert spans(found, Lane.SPEECH) == [("speech", 5.02, 7.4)]


def test_what_was_still_going_on_ends_with_the_call() -> None:
    assert spans(kept(sound("music", 20.0)), Lane.MUSIC) == [("music", 20.0, END_S)]


def test_an_agent_is_suspected_until_proven() -> None:
    found = kept(agent("suspected", 30.0, 31.1, 0.4), agent("confirmed", 30.0, 36.0, 0.83))
    assert spans(found, Lane.AGENT) == [
        ("agent_suspected", 30.0, 36.0), ("agent_suspected_at", 31.1, None), ("agent_confirmed", 36.0, END_S),
    ]  # fmt: skip
    assert [one.percent for one in found.labels] == [40, 40, 83]


def test_a_suspicion_that_was_withdrawn_ends_there_and_the_next_one_stands_alone() -> None:
    found = kept(agent("suspected", 30.0, 31.0), agent("retracted", 30.0, 37.0), agent("suspected", 40.0, 41.0))
    told = [one for one in spans(found, Lane.AGENT) if one[2] is not None]
    assert told == [("agent_retracted", 30.0, 37.0), ("agent_suspected", 40.0, END_S)]


def test_sound_that_stopped_lasts_until_it_came_again() -> None:
    lines = [("stopped", 10.0), ("flowing", 14.0), ("stopped", 50.0)]
    found = kept(*({"saw": "Media", "at_s": at + 2, "state": state, "since_s": at} for state, at in lines))
    assert spans(found, Lane.SILENCE) == [("media_stopped", 10.0, 14.0), ("media_stopped", 50.0, END_S)]


def test_what_we_did_is_in_a_row_of_its_own() -> None:
    found = kept(
        {"saw": "KeysPressed", "at_s": 9.0, "digits": "12", "mode": "info"},
        {"saw": "Played", "at_s": 42.0, "began_s": 38.0, "name": "pemberitahuan"},
    )
    assert [(one.what, one.at_s, one.until_s, one.name) for one in found.labels] == [
        ("keys", 9.0, None, "12"), ("play", 38.0, 42.0, "pemberitahuan"),
    ]  # fmt: skip


def test_a_place_in_the_recording_follows_the_last_word_about_it() -> None:
    places = [
        {"saw": "Noted", "at_s": at, "what": "recording", "facts": {"second": s}} for s, at in ((0, 1.0), (5, 6.5))
    ]
    found = kept(*places)
    assert [found.recorded_at(s) for s in (0.0, 4.9, 5.0, 9.0)] == pytest.approx([1.0, 5.9, 6.5, 10.5])
    assert found.second_of(1.0, 10.0) == 0.0
    assert found.second_of(11.5, 10.0) == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("places", "second"),
    [
        (((0, 1.0), (60, 59.0)), 29.0),  # two seconds too many, behind the word
        (((0, 1.0), (10, 13.0), (60, 63.0)), 27.0),  # a gap before it
    ],
)
def test_a_cut_before_a_word_lies_before_it_however_the_clocks_drifted(
    places: tuple[tuple[float, float], ...], second: float
) -> None:
    found = Kept(places=places)
    assert found.still_before(30.0, 62.0) <= second + 1e-9
    assert found.still_before(30.0, 62.0) > second - 2.0


def test_the_limits_of_the_steps_are_read() -> None:
    [limit] = kept({"step": "expect agent", "end": "met", "started_s": 3.0, "within_s": 40.0, "slow_s": None}).limits
    assert (limit.step, limit.started_s, limit.within_s, limit.slow_s) == ("expect agent", 3.0, 40.0, None)


JSON = st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists, max_leaves=4)
NAMES = st.sampled_from(
    ["saw", "at_s", "onset_s", "until_s", "kind", "phase", "facts", "what", "step", "name", "since_s"]
)
WORDS = st.sampled_from(
    ["Sound", "Prompt", "Agent", "Media", "Noted", "Tone", "speech", "confirmed", "recording", "Played"]
)


@given(st.lists(st.dictionaries(NAMES, JSON | WORDS | st.floats(0, 50), max_size=8), max_size=12), st.text())
def test_no_file_is_so_odd_that_it_cannot_be_read(lines: list[dict[str, Any]], more: str) -> None:
    found = read("".join(json.dumps(line) + "\n" for line in lines) + more, END_S)
    for label in found.labels:
        assert label.name.isprintable()
        assert isinstance(label.at_s, float)
