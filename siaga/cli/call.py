"""``siaga call SIP-URI``: call somebody once, without a configuration if need be."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siaga.cli.options import ConfigOption, JsonOption, VerboseOption

if TYPE_CHECKING:
    from scheduler.order import Order
    from siaga.cli.running import Prepared
    from siaga.config import Config


class Until(StrEnum):
    """What ends the call with a pass."""

    ANSWER = "answer"
    PROMPT = "prompt"
    AGENT = "agent"


def call(  # noqa: PLR0913, PLR0917 - one parameter per option is how typer reads a command line
    uri: Annotated[
        str, typer.Argument(metavar="SIP-URI", help="Whom to call: sip:1500@pbx.example, or a number with --trunk.")
    ],
    press: Annotated[str, typer.Option(metavar="KEYS", help="Keys to press, each at a pause: 1,2.")] = "",
    until: Annotated[Until, typer.Option(help="What must happen: the answer, any speech, or an agent.")] = Until.ANSWER,
    within: Annotated[str, typer.Option(metavar="TIME", help="How long each of it may take.")] = "60s",
    trunk: Annotated[
        str | None, typer.Option(metavar="NAME", help="Trunk of the configuration to call through.")
    ] = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="SIP-URI", help="Whom the call comes from.")] = None,
    prompts: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of NAME.wav: what the centre says.")
    ] = None,
    cap: Annotated[str | None, typer.Option(metavar="TIME", help="End the call after this, whatever happens.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = 0,
) -> int:
    """Call once: press keys, wait for an answer or an agent.

    Each key is pressed at the first pause after speech. Needs no configuration; uses one where there is one.
    """
    from siaga.cli.logs import configure
    from siaga.cli.running import answer

    configure(verbose)
    order = _order(uri, press, until, within, cap)
    return answer(
        lambda: _prepared(order, config, trunk=trunk, from_=from_, prompts=prompts),
        order,
        as_json=as_json,
    )


def _order(uri: str, press: str, until: Until, within: str, cap: str | None) -> Order:
    from probe.script import call_script, default_cap_s
    from scheduler.order import Order

    keys = tuple(key.strip() for key in press.split(",")) if press.strip() else ()
    for key in keys:
        if not key or not set(key) <= set("0123456789ABCD*#"):
            raise typer.BadParameter("keys are 0-9, *, #, A-D, with commas between presses: 1,2", param_hint="--press")
    within_s = _duration(within, "--within")
    script = call_script(keys, until.value, within_s)
    cap_s = default_cap_s(script) if cap is None else _duration(cap, "--cap")
    if cap is None and within_s >= cap_s:
        raise typer.BadParameter(f"a call ends after {cap_s:.0f} s; --cap allows more", param_hint="--within")
    return Order(channel="sip", to=uri.strip(), script=script, cap_s=cap_s)


def _duration(text: str, option: str) -> float:
    from probe.script import parse_duration

    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error
    if not 0.001 <= seconds <= 7200.0:
        raise typer.BadParameter("allowed: 1ms to 2h", param_hint=option)
    return seconds


def _prepared(
    order: Order, config: Path | None, *, trunk: str | None, from_: str | None, prompts: Path | None
) -> Prepared:
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
