"""Point 2: twenty calls to agents, and siaga's times beside Asterisk's instants."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from prove.campaign import Campaign, Result, Room
from tests.end_to_end import table, truth
from tests.end_to_end.rows import ANSWER, GREETING, PRESS, Row, agent, pbx
from tests.farends import dialplan

CALLS = 20
AT_ONCE = 2


def _rows() -> list[Row]:
    script = (ANSWER, GREETING, PRESS, agent(60))
    numbers = [(dialplan.LOCAL_AGENT, dialplan.SIP_AGENT)[index % 2] + f"{600 + index}" for index in range(CALLS)]
    return [Row(f"panggilan-{index}", pbx(number), script, "pass") for index, number in enumerate(numbers)]


def run(room: Room) -> Result:
    """Ten calls to a Local agent and ten to a SIP agent, through app_queue with music on hold."""
    telephone = room.telephone()
    centre = room.centre(telephone)
    rows, result = _rows(), Result()
    compared: list[truth.Compared] = []
    passed = 0
    result.notes += ["| call | agent | verdict | " + " | ".join(f"{n}: told / true" for n in truth.NAMES) + " |"]
    result.notes += ["| --- " * 6 + "|"]
    with table.staged(rows, centre, room.scratch("waktu")) as stage, ThreadPoolExecutor(AT_ONCE) as pool:
        for index, ran in enumerate(pool.map(lambda row: table.play_one(row, stage), rows)):
            row, record = rows[index], ran.record
            passed += record["verdict"] == "pass"
            cells = []
            if record["verdict"] == "pass":
                times = truth.compare(record, row.number, centre, telephone if index % 2 else centre)
                compared += times
                cells = [f"{c.told_s:.3f} / {c.true_s:.3f}" for c in times]
            kind = "SIP" if index % 2 else "Local"
            cells = cells or [str(record["reason"]), "", ""]
            result.notes.append(f"| {index + 1} | {kind} | {record['verdict']} | {' | '.join(cells)} |")
    result.add("calls passed", f"{CALLS} of {CALLS}", f"{passed} of {CALLS}", passed == CALLS)
    for name in truth.NAMES:
        errors = [c.error_s for c in compared if c.name == name]
        worst = max((abs(e) for e in errors), default=float("nan"))
        spread = f"worst error {worst * 1000:.0f} ms over {len(errors)} calls"
        result.add(
            name, f"within {truth.TOLERANCE_S * 1000:.0f} ms", spread, bool(errors) and worst <= truth.TOLERANCE_S
        )
    return result


CAMPAIGN = Campaign(
    "times",
    2,
    "Asterisk with app_queue and music on hold, SIP agent and Local agent; truth from dialplan instants with "
    "microseconds plus the lead silence of the agent's file: 20 of 20 pass, setup_s, queue_s and time_to_agent_s "
    "within 250 ms.",
    run,
)
