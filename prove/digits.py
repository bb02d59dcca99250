"""Point 6, second half: a thousand random digits per DTMF mode, four calls in one engine, all received."""

from __future__ import annotations

import random
from pathlib import Path

from prove import setting
from prove.campaign import Campaign, Result, Room
from tests.end_to_end.program import finish
from tests.farends import dialplan
from tests.farends.asterisk import Asterisk

MODES = ("rfc4733", "info", "inband")
CALLS, DIGITS = 4, 250
HEAR_THEM_ALL_S = 20.0


def run(room: Room) -> Result:
    """Four calls at once, each with 250 digits, for every mode; Asterisk's Read() says what arrived."""
    centre, result = room.centre(), Result()
    for index, mode in enumerate(MODES):
        _mode(mode, index, centre, room.scratch(mode), result)
    return result


def _mode(mode: str, index: int, centre: Asterisk, folder: Path, result: Result) -> None:
    dice = random.Random(2833 + index)  # noqa: S311 no secret
    numbers = [f"{dialplan.DIGITS}{index}{call:02}" for call in range(CALLS)]
    sent = {number: "".join(dice.choices("0123456789", k=DIGITS)) for number in numbers}
    probes = [
        setting.probe(
            f"angka-{number}", number,
            (setting.ANSWER, f'{{ press = "{digits}#", mode = "{mode}", barge_in = true }}', "{ end = true }"),
            'trunk = "tombol"', 'cap = "5m"',
        )
        for number, digits in sent.items()
    ]  # fmt: skip
    installation = setting.install(folder, centre, setting.trunk("tombol", centre, f"cabang-{mode}"), *probes)
    process = installation.start_command(setting.many([f"angka-{number}" for number in numbers]))
    runs = setting.records(finish(process, 400))
    engines = setting.engines_used(runs)
    received = {number: _received(centre, number) for number in numbers}
    right = sum(received[number] == digits for number, digits in sent.items())
    count = sum(len(received[number]) for number in numbers)
    found = f"{count} digits, {right} of {CALLS} calls exact, engines: {engines}"
    result.add(mode, f"{CALLS * DIGITS} of {CALLS * DIGITS} digits", found, right == CALLS and engines == 1)
    for number, digits in sent.items():
        if received[number] != digits:
            result.notes += ["", f"{mode} {number}: sent `{digits}`, received `{received[number]}`"]
    if right < CALLS:
        result.notes += [f"- {mode}: {run['verdict']} {run['reason']}: {run['message']}" for run in runs]


def _received(centre: Asterisk, number: str) -> str:
    try:
        return centre.wait_for_trace(number, "angka", HEAR_THEM_ALL_S).content
    except TimeoutError:
        return ""


CAMPAIGN = Campaign("digits", 6, "1,000 digits per DTMF mode with 4 calls per engine, all received.", run)
