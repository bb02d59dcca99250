from __future__ import annotations

import pytest

from channels.voice.listening.weights import BIAS, CONFIRM, INTERACTION, WEIGHTS, confidence, wait_weight


@pytest.mark.parametrize("sign", sorted(WEIGHTS))
def test_no_single_sign_is_enough(sign: str) -> None:
    assert confidence(BIAS + WEIGHTS[sign]) < CONFIRM


def test_speech_alone_or_with_all_that_signalling_may_show_is_not_enough_without_a_wait() -> None:
    signs = ("novel_speech", "music_ended", "re_invite_new_media")
    assert confidence(BIAS + sum(WEIGHTS[s] for s in signs)) < CONFIRM


@pytest.mark.parametrize("sign", sorted(INTERACTION))
def test_a_reaction_to_us_proves_speech_to_be_a_person_even_in_a_queue_with_announcements(sign: str) -> None:
    total = WEIGHTS["novel_speech"] + WEIGHTS["music_resumed_before"] + WEIGHTS[sign]
    assert confidence(BIAS + total) >= CONFIRM


def test_a_wait_counts_from_15_s_grows_and_has_an_end() -> None:
    assert wait_weight(1.49) == 0.0
    assert 0.0 < wait_weight(1.5) < wait_weight(3.0) < wait_weight(5.0) == wait_weight(60.0)
