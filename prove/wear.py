"""Point 4: memory over 2,000 calls through warm engines."""

from __future__ import annotations

import sys
from statistics import mean
from typing import Any, Final

from prove import setting
from prove.campaign import Campaign, Result, Room
from prove.capacity import answer
from prove.listening_cost import PROMPTS, know_more
from tests.farends import dialplan

CALLS, WARM_UP, AT_ONCE = 2000, 1000, 16
"""The parent's caches (of the database, of memory that was freed) are full after about a thousand calls."""
GROWTH: Final = 0.05
_LIMIT_S: Final = 1500


def run(room: Room) -> Result:
    """Sixteen probes call for a known prompt and hang up, over and over, through the run path and its record."""
    centre, result = room.centre(), Result()
    know_more(centre.voices / "prompts", PROMPTS)
    names = [f"aus-{index}" for index in range(AT_ONCE)]
    steps = (setting.ANSWER, setting.GREETING)
    probes = [setting.probe(name, centre.uri(f"{dialplan.LOOP}{100 + i}"), steps) for i, name in enumerate(names)]
    installation = setting.install(room.scratch("aus"), centre, *probes)
    command = [sys.executable, "-m", "prove.wear_driver", "siaga.toml", str(WARM_UP + CALLS), *names]
    found = answer(installation.start_command(command), _LIMIT_S)
    judge(found, result)
    result.notes += ["", *(f"    {line}" for line in found["losses"])]
    return result


def judge(found: dict[str, Any], result: Result) -> None:
    """Compare the memory after the warm-up with that at the end."""
    looks = [look for look in found["looks"] if look["calls"] >= WARM_UP and look["engines"]]
    verdicts, made = found["verdicts"], sum(found["verdicts"].values())
    told = ", ".join(f"{count} {what}" for what, count in verdicts.items())
    result.add("short calls that passed", f"≥ {CALLS}", f"{told} (of {made})", verdicts.get("pass", 0) >= CALLS)
    if len(looks) < 2:
        raise RuntimeError(f"only {len(looks)} looks at the memory: did the calls come about? {told}")
    first, last = looks[0], looks[-1]
    for what, of in (("the parent", _parent), ("an engine, on average", _engine), ("both, with 4 engines", _both)):
        before, after = of(first), of(last)
        grown, printed = after / before - 1.0, what.startswith("an engine")
        result.add(
            f"memory of {what}, from call {first['calls']} to call {last['calls']}",
            "printed" if printed else "grows by < 5 %",
            f"{before:.1f} -> {after:.1f} MiB ({grown:+.1%})", printed or grown < GROWTH,
        )  # fmt: skip
    result.notes += ["| calls | parent MiB | engines: calls served, MiB |", "| --- | --- | --- |"]
    for look in found["looks"]:
        engines = "; ".join(f"{served}, {mib:.1f}" for served, mib in look["engines"].values())
        result.notes.append(f"| {look['calls']} | {look['parent']:.1f} | {engines} |")


def _parent(look: dict[str, Any]) -> float:
    return float(look["parent"])


def _engine(look: dict[str, Any]) -> float:
    return mean(float(mib) for _, mib in look["engines"].values())


def _both(look: dict[str, Any]) -> float:
    return _parent(look) + AT_ONCE / 4 * _engine(look)


CAMPAIGN = Campaign(
    "wear",
    4,
    "Memory growth under 5 % over 2,000 calls through warm engines, 50 prompts known, recording on, every result kept.",
    run,
)
