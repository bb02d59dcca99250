"""Whether the recordings of prompts can be recognised, asked before anything is dialled: a bad one is our fault.

Reads the sound itself, which is heavier than the rest of the configuration, so only verbs that need it come here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from probe.script import ExpectStep, Step


def useless(folder: Path | None, script: Sequence[Step]) -> tuple[str, ...]:
    """A sentence for each recording that stands in the way of this script; none when all is well."""
    if folder is None or not folder.is_dir():
        return ()  # that a prompt of the script has no file is told where the configuration is read
    unusable, skipped, _ = _read(folder)
    wanted = _wanted(script)
    return unusable or tuple(f"{folder}: {said}" for said in skipped if said.split(" ")[1] in wanted)


def odd(folder: Path) -> tuple[str, ...]:
    """A sentence for each recording of a folder that is silent, known twice, easily mistaken or out of date."""
    return tuple(f"{folder}: {said}" for said in _read(folder)[2]) if folder.is_dir() else ()


@cache
def _read(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """What keeps the folder from being used at all, which of its recordings nobody could recognise, and what is odd."""
    from channels.voice.listening.bank import BankError, PromptBank

    try:
        bank = PromptBank.load(folder)
    except BankError as error:
        return error.problems, (), ()
    return (), bank.skipped, bank.warnings


def _wanted(script: Sequence[Step]) -> set[str]:
    expected = (item for step in script if isinstance(step, ExpectStep) for item in (*step.expect, *step.never))
    return {item.removeprefix("prompt:") for item in expected if item.startswith("prompt:")}
