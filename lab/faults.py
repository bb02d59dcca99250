"""What can be wrong with the contact centre in the box: each fault by its name, with one sentence.

A call asks for one in its number (``1500+busy``); the switch turns one on for every call that comes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FAULTS = {
    "busy": "Refuses the call with 486 Busy Here.",
    "not_found": "Refuses the call with 404 Not Found.",
    "unavailable": "Refuses the call with 503 Service Unavailable.",
    "forbidden": "Refuses the call with 403 Forbidden.",
    "no_codec": "Refuses the call with 488 Not Acceptable Here.",
    "redirect": "Answers 302 Moved Temporarily and names another number.",
    "no_answer": "Rings and is never answered.",
    "no_reply": "Sends no SIP answer at all.",
    "garbage": "Answers every INVITE with something that is no SIP.",
    "early_media": "Plays the welcome before it answers (183 with SDP).",
    "after_hours": "Plays the message for closed hours and hangs up.",
    "ivr_silent": "Answers and sends RTP that holds nothing but silence.",
    "no_rtp": "Answers and never sends a packet of RTP.",
    "wrong_prompt": "Plays the message for closed hours in place of the welcome, and stays on the line.",
    "unknown_prompt": "Plays speech that is no known prompt in place of the menu.",
    "drop_in_ivr": "Hangs up in the middle of the menu, before any key.",
    "dead_key": "Ignores every key: the same menu again.",
    "wrong_menu": "Plays the information prompt after key 1, and stays on the line.",
    "drop_in_menu": "Hangs up half a second after the key.",
    "one_way_audio": "Throws away the caller's RTP: keys by RFC 4733 and speech never arrive (SIP INFO does).",
    "endless_queue": "Music and announcements without end: no agent ever comes.",
    "queue_without_music": "Is silent in the queue between the announcements.",
    "drop_in_queue": "Hangs up after 4 s in the queue.",
    "rtp_stops": "Stops sending RTP after 3 s in the queue; the call stays up.",
    "slow_agent": "The agent picks up after 9 s in the queue.",
    "agent_silent": "The agent picks up and never says a word.",
    "voicemail": "In place of the agent a recorded monologue, a beep of 1 kHz, then silence.",
}

REFUSALS = {
    "busy": "486 Busy Here",
    "not_found": "404 Not Found",
    "unavailable": "503 Service Unavailable",
    "forbidden": "403 Forbidden",
    "no_codec": "488 Not Acceptable Here",
    "redirect": "302 Moved Temporarily",
}

GARBAGE = (
    b"SIP/2.0 OK two hundred\r\nVia: ???\r\n\r\n",
    b"\x00\xff\xfe not a protocol \x80" * 20,
    b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
    b"SIP/2.0 200",
)

AGENT_AFTER_S = {"1500": 6.0, "1501": 9.0}
"""Numbers of the centre, and after how long in the queue the agent picks up."""
AFTER_HOURS = "1508"
"""The number that is closed."""
SLOW_AGENT_S = 9.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What a call asked for in its number."""

    number: str
    faults: frozenset[str]
    agent_after_s: float


def read_number(user: str, switched: frozenset[str]) -> Wish | None:
    """``1500``, ``1500+busy``, ``1500+agent=30`` (seconds until the agent picks up); None: no such number or fault."""
    number, *asked = user.split("+")
    after_s = AGENT_AFTER_S.get(number, 0.0)
    faults = set(switched)
    for word in asked:
        if found := re.fullmatch(r"agent=(\d{1,4}(?:\.\d+)?)", word):
            after_s = float(found[1])
        elif word in FAULTS:
            faults.add(word)
        else:
            return None
    if number == AFTER_HOURS:
        faults.add("after_hours")
    elif number not in AGENT_AFTER_S:
        return None
    return Wish(number, frozenset(faults), SLOW_AGENT_S if "slow_agent" in faults else after_s)
