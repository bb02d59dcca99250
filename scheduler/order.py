"""What a run is asked to do: one value, free of the configuration's shape, whatever starts the run."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from probe.outcome import Trigger
from probe.script import Step, call_script, expects_agent
from probe.session import RecordPolicy
from probe.words import Language
from storage.values import Mode, Planned

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: sorts like the numbers it writes, and nothing in it is misread over the telephone."""

ANSWER_WITHIN_S: Final = 30.0
"""As every ``expect`` that says nothing else (the contract: "Script")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One run to be done. ``probe`` is null for ``siaga call``; ``slot`` is set only for scheduled runs."""

    channel: str
    to: str
    script: tuple[Step, ...]
    cap_s: float
    probe: str | None = None
    service: str | None = None
    skill: str | None = None
    trunk: str | None = None
    from_: str | None = None
    prompts: Path | None = None
    sounds: Path | None = None
    record: RecordPolicy = "all"
    slot: datetime | None = None
    trigger: Trigger = "cli"
    mode: Mode = "normal"
    retest_of: str | None = None
    language: Language = "id"
    tones: tuple[str, ...] = ("id",)
    """Tables of supervisory tones: countries, and files of people's own."""

    @property
    def lease(self) -> str:
        """What no two runs may test at once: the skill, or the address where there is none."""
        return f"skill:{self.service or ''}/{self.skill}" if self.skill else f"to:{self.to}"

    def planned(self, run_id: str, due: datetime, expires: datetime) -> Planned:
        """The run that asks for this."""
        return Planned(
            run_id=run_id,
            probe=self.probe,
            channel=self.channel,
            service=self.service,
            skill=self.skill,
            trigger=self.trigger,
            slot=self.slot,
            due=due,
            expires=expires,
            mode=self.mode,
            retest_of=self.retest_of,
        )

    def as_planned(self, planned: Planned) -> Self:
        """This order for a run that was submitted: its slot, trigger and mode; in peak mode no agent is asked for."""
        order = replace(
            self, slot=planned.slot, trigger=planned.trigger, mode=planned.mode, retest_of=planned.retest_of
        )
        return order if planned.mode == "normal" else replace(order, script=until_agent(order.script))


def until_agent(script: tuple[Step, ...]) -> tuple[Step, ...]:
    """The script up to its first ``expect agent``, where it ends in the queue; of nothing but an agent, the answer."""
    first = next((i for i, step in enumerate(script) if expects_agent((step,))), len(script))
    return script[:first] or call_script((), "answer", ANSWER_WITHIN_S)


def new_run_id(now: datetime | None = None) -> str:
    """``20261120T083000Z-xxxxxx``: the second, then four characters of its fraction (2^-20 s) and two at random.

    Sorts by time; two processes that name a run in the same microsecond collide once in a thousand.
    """
    now = datetime.now(UTC) if now is None else now.astimezone(UTC)
    fraction = (now.microsecond << 20) // 1_000_000
    ordered = "".join(_ALPHABET[fraction >> shift & 31] for shift in (15, 10, 5, 0))
    return f"{now:%Y%m%dT%H%M%SZ}-{ordered}{secrets.choice(_ALPHABET)}{secrets.choice(_ALPHABET)}"
