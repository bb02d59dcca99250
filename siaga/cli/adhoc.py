"""What calls to anybody share, which no probe of the configuration describes: ``siaga call`` and ``siaga learn``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from scheduler.order import Order
    from siaga.cli.running import Prepared
    from siaga.config import Config


def presses(text: str, option: str) -> tuple[str, ...]:
    """The keys of each press. Raises BadParameter."""
    keys = tuple(key.strip() for key in text.split(",")) if text.strip() else ()
    for key in keys:
        if not key or not set(key) <= set("0123456789ABCD*#"):
            raise typer.BadParameter("keys are 0-9, *, #, A-D, with commas between presses: 1,2", param_hint=option)
    return keys


def duration(text: str, option: str) -> float:
    """Seconds. Raises BadParameter."""
    from probe.script import parse_duration

    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error
    if not 0.001 <= seconds <= 7200.0:
        raise typer.BadParameter("allowed: 1ms to 2h", param_hint=option)
    return seconds


def prepared(
    order: Order, config: Path | None, *, trunk: str | None, from_: str | None, prompts: Path | None
) -> Prepared:
    """The order as the configuration in reach completes it, and the house it is played in. Raises Stop 64 or 78."""
    from dataclasses import replace

    from siaga.cli.configured import listenable, or_default
    from siaga.cli.running import Prepared
    from siaga.parts import Parts

    found = or_default(config)
    order = replace(
        order,
        trunk=_known_trunk(trunk, found),
        from_=_caller(from_),
        prompts=_folder(prompts) if prompts else (found.prompts if found.prompts.is_dir() else None),
        sounds=found.sounds,
        language=found.general.language,
        tones=found.line.tables,
    )
    _refuse_wrong_target(order)
    listenable(order.prompts, order.script)
    return Prepared(order, Parts(found, [order.trunk] if order.trunk else []).house)


def _known_trunk(name: str | None, found: Config) -> str | None:
    from siaga.cli.exits import usage

    if name is not None and name not in found.trunks:
        known = ", ".join(found.trunks) or "none"
        raise usage(f"unknown trunk {name!r}; {found.path} has: {known}")
    return name


def _caller(from_: str | None) -> str | None:
    from channels.sip_settings import check_from
    from siaga.cli.exits import usage

    if from_ and (wrong := check_from(from_)):
        raise usage(f"--from: {wrong}")
    return from_


def _folder(folder: Path) -> Path:
    from siaga.cli.exits import usage

    if not folder.is_dir():
        raise usage(f"--prompts {folder}: not a folder; it holds one NAME.wav per known prompt")
    return folder.absolute()


def _refuse_wrong_target(order: Order) -> None:
    from channels.declared import declared
    from siaga.cli.exits import usage

    if wrong := declared(order.channel).check_target(order.to, order.trunk is not None):
        raise usage(f"{order.to!r}: {wrong}")
