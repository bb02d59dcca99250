"""Point 6, first half: six minutes in the queue of a PBX that hangs up on callers who send no RTP for 30 s."""

from __future__ import annotations

import time

from prove import setting
from prove.campaign import Campaign, Result, Room
from tests.end_to_end.program import finish
from tests.farends import dialplan, sipp
from tests.farends.asterisk import Asterisk

QUEUE_S = 355.0
LIMIT_S = 30.0


def run(room: Room) -> Result:
    """One probe through a trunk with ``rtp_timeout = 30``; a caller that sends nothing shows that the limit bites."""
    centre, result = room.centre(), Result()
    steps = (setting.ANSWER, setting.GREETING, setting.PRESS, setting.agent(480))
    installation = setting.install(
        room.scratch("antre"),
        centre,
        setting.trunk("batas", centre, "cabang-batas"),
        setting.probe("sabar", dialplan.PATIENT_AGENT, steps, 'trunk = "batas"'),
    )
    process = installation.start("probe", "sabar", "--json")
    lasted_s = _silent_caller_lasts_s(centre)
    result.add("control: a caller without RTP is hung up", "after 30 s", f"after {lasted_s:.0f} s", 29 < lasted_s < 45)
    record = finish(process, 600).record
    said = f"{record['verdict']} {record['reason'] or ''}".strip()
    queue_s = record["timings"]["queue_s"] or 0.0
    result.add("verdict", "pass", said, said == "pass")
    result.add("time in the queue", "6 minutes", f"{queue_s:.1f} s", queue_s >= QUEUE_S)
    return result


def _silent_caller_lasts_s(centre: Asterisk) -> float:
    """SIPp sends one key and then no RTP at all, through an endpoint with the same limit."""
    number = f"{dialplan.ENDLESS}700"
    began = time.monotonic()
    try:
        sipp.call("walk", number, centre.ports.sip, {"stay": "70000", "from": "diam"}, within_s=100)
    except RuntimeError:  # SIPp ends with a failure when the other side hangs up first: that is what is wanted
        hangup = centre.manager.wait_for(lambda e: e["Event"] == "Hangup" and e.get("Exten") == number, 5)
        return float(hangup["Timestamp"]) - centre.invited_at(number)
    return time.monotonic() - began


CAMPAIGN = Campaign(
    "patience",
    6,
    "A 6-minute queue with rtp_timeout = 30 on the PBX passes.",
    run,
)
