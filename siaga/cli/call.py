"""``siaga call SIP-URI``: call somebody once, without a configuration if need be."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siaga.cli.options import ConfigOption, JsonOption, VerboseOption

if TYPE_CHECKING:
    from scheduler.order import Order


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
    from siaga.cli.adhoc import prepared
    from siaga.cli.logs import configure
    from siaga.cli.running import answer

    configure(verbose)
    order = _order(uri, press, until, within, cap)
    return answer(
        lambda: prepared(order, config, trunk=trunk, from_=from_, prompts=prompts),
        order,
        as_json=as_json,
    )


def _order(uri: str, press: str, until: Until, within: str, cap: str | None) -> Order:
    from probe.script import call_script, default_cap_s
    from scheduler.order import Order
    from siaga.cli.adhoc import duration, presses

    keys = presses(press, "--press")
    within_s = duration(within, "--within")
    script = call_script(keys, until.value, within_s)
    cap_s = default_cap_s(script) if cap is None else duration(cap, "--cap")
    if cap is None and within_s >= cap_s:
        raise typer.BadParameter(f"a call ends after {cap_s:.0f} s; --cap allows more", param_hint="--within")
    return Order(channel="sip", to=uri.strip(), script=script, cap_s=cap_s)
