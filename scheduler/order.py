"""What a run is asked to do: one value, free of the configuration's shape, whatever starts the run."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from probe.outcome import Trigger
from probe.script import Step
from probe.session import RecordPolicy
from probe.words import Language

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: sorts like the numbers it writes, and nothing in it is misread over the telephone."""


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
    language: Language = "id"


def new_run_id(now: datetime | None = None) -> str:
    """``20261120T083000Z-xxxxxx``: the second, then four characters of its fraction (2^-20 s) and two at random.

    Sorts by time; two processes that name a run in the same microsecond collide once in a thousand.
    """
    now = datetime.now(UTC) if now is None else now.astimezone(UTC)
    fraction = (now.microsecond << 20) // 1_000_000
    ordered = "".join(_ALPHABET[fraction >> shift & 31] for shift in (15, 10, 5, 0))
    return f"{now:%Y%m%dT%H%M%SZ}-{ordered}{secrets.choice(_ALPHABET)}{secrets.choice(_ALPHABET)}"
