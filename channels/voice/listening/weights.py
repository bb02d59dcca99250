"""How much each sign speaks for a person. Log-odds: they are added, and confidence = 1 / (1 + exp(-sum)).

Set by hand on synthetic calls (benchmarks/listening.py) from the ordering in the feasibility study; to be fitted once
labelled real calls exist. No single sign reaches CONFIRM.
"""

from __future__ import annotations

import math

BIAS = -3.1
"""Most speech in a queue is announcements."""
CONFIRM = 0.8
WAIT_PER_S = 0.8
LONGEST_WAIT_S = 5.0
LEAST_WAIT_S = 1.5
PATIENCE_S = 6.5
"""Waiting in all before silence proves somebody where no music was heard: it also follows announcements."""

WEIGHTS: dict[str, float] = {
    "novel_speech": 1.5,  # speech that no known prompt explains
    "short_turn": 0.7,  # "Halo?" and other turns up to 1.5 s: announcements are longer
    "music_ended": 0.5,  # music stopped just before; so it does for announcements, hence little
    "announcement_ended": 0.5,
    "ringback_ended": 1.0,
    "repeated_turn": 0.8,  # speaks again after a wait, as people do who hear nothing
    "soon_after_key": -1.0,  # no music, no ringback yet: more likely the menu's "please hold"
    "announced_before": -1.0,  # no music yet, but something long was said: a silent queue with announcements
    "music_resumed_before": -1.0,  # this queue has made announcements of unknown wording
    "re_invite": 0.8,
    "re_invite_new_media": 2.0,  # the media address moved: someone else is on the line
    "update": 0.4,  # may also mean "ringing"
    "rtp_gap": 0.4,
    "stopped_for_greeting": 2.0,
    "answered_greeting": 4.0,
    "key_pressed": 4.0,
    # Against a person; these end a suspicion, whatever the sum.
    "music_resumed": -5.0,
    "known_prompt": -5.0,
    "heard_before": -5.0,  # sample for sample the same as earlier in this call: a recording
    "announcement_followed": -5.0,  # a second long text where no music is played: the first was no person's greeting
    "monologue": -5.0,
    "tone": -5.0,
    "beep": -5.0,
    "fax_tone": -5.0,
}

INTERACTION = frozenset({"answered_greeting", "key_pressed"})
"""Signs that prove a reaction to us; with them no wait is needed."""

CONNECTED = frozenset({"announcement_ended", "re_invite_new_media"})
"""Signs that the silence is a person's, where the queue itself may be silent: without one it takes ``PATIENCE_S``."""


def confidence(total: float) -> float:
    """Logistic of the sum of all weights, 0 to 1."""
    return 1.0 / (1.0 + math.exp(-total))


def wait_weight(waited_s: float) -> float:
    """Weight of having waited for us in silence; nothing below 1.5 s."""
    return WAIT_PER_S * min(waited_s, LONGEST_WAIT_S) if waited_s >= LEAST_WAIT_S else 0.0
