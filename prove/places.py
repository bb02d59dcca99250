"""Point 5: each way to end, in each place of a call, with all eight calls there."""

from __future__ import annotations

from prove.campaign import Campaign, Result, Room
from prove.ends import ENDS, LIMIT_S, PLACES, play


def run(room: Room) -> Result:
    """Every end in every place, over UDP and TLS."""
    named: list[tuple[str, str | float]] = [(end, place) for end in ENDS for place in PLACES]
    return play(room, "each end in each place", dict.fromkeys(LIMIT_S, named))


CAMPAIGN = Campaign(
    "places",
    5,
    "Ends of calls, against Asterisk with 8 calls up: SIGTERM, SIGINT, engine SIGKILL, parent SIGKILL, each in queue, "
    "in menu and with the agent: no channel left after 2 s (UDP), 90 s (TLS); the next call has two-way audio.",
    run,
)
