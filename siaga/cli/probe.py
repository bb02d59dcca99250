"""``siaga probe NAME``: run one probe of the configuration now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from siaga.cli.options import ConfigOption, JsonOption, VerboseOption, probe_names

if TYPE_CHECKING:
    from siaga.cli.running import Prepared


def probe(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A probe of the configuration.", autocompletion=probe_names)
    ],
    config: ConfigOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = 0,
) -> int:
    """Run a probe now and say what a customer would have met."""
    from scheduler.order import Order
    from siaga.cli.logs import configure
    from siaga.cli.running import answer

    configure(verbose)
    return answer(
        lambda: _prepared(name, config),
        Order(channel="", to="", script=(), cap_s=0.0, probe=name),
        as_json=as_json,
    )


def _prepared(name: str, config: ConfigOption) -> Prepared:
    from channels.declared import declared
    from siaga.cli.configured import listenable, required
    from siaga.cli.exits import usage
    from siaga.cli.running import Prepared
    from siaga.parts import Parts, order_of

    found = required(config)
    wanted = found.probe(name)
    if wanted is None:
        known = ", ".join(p.name for p in found.probes) or "none"
        raise usage(f"unknown probe {name!r}; {found.path} has: {known}")
    if declared(wanted.channel).by_hand:
        raise usage(f"{name} is tested by hand: test it and record it with `siaga test record {name} --access ok|nok`")
    order = order_of(wanted, found)
    listenable(order.prompts, order.script)
    return Prepared(order, Parts(found, [wanted.trunk] if wanted.trunk else []).house)
