"""``siaga test record``: what a person tested by hand, in the same columns as every other test."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from siaga.cli.options import ConfigOption, JsonOption, probe_names

test = typer.Typer(help="Tests that a person does by hand.", no_args_is_help=True)


@test.callback()
def before() -> None:
    """Tests that a person does by hand."""


@test.command()
def record(
    probe: Annotated[
        str, typer.Argument(metavar="PROBE", help="A probe of the configuration.", autocompletion=probe_names)
    ],
    access: Annotated[str, typer.Option("--access", metavar="ok|nok", help="IVR or bot reached and working?")],
    agent: Annotated[
        str | None, typer.Option("--agent", metavar="ok|nok", help="A human agent reached? Left out: not tried.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="REASON", help="What was seen, e.g. ivr_silent, agent_timeout.")
    ] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="When it was tested. Default: now.")] = None,
    slot: Annotated[
        str | None, typer.Option("--slot", metavar="TIME", help="The planned slot. Default: the last one before --at.")
    ] = None,
    greeting_s: Annotated[
        float | None, typer.Option("--greeting", min=0, metavar="S", help="Seconds to the first reply.")
    ] = None,
    queue_s: Annotated[float | None, typer.Option("--queue", min=0, metavar="S", help="Seconds in the queue.")] = None,
    connected_s: Annotated[
        float | None, typer.Option("--connected", min=0, metavar="S", help="Seconds from the start to the agent.")
    ] = None,
    remark: Annotated[str | None, typer.Option("--remark", metavar="TEXT", help="Keterangan.")] = None,
    proof: Annotated[
        list[Path] | None, typer.Option("--evidence", metavar="FILE", help="A picture or recording; may be repeated.")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who tested. Default: the login name.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Record a test that a person did: planned ones fill their slot, others stand beside them, marked manual."""
    from siaga.by_hand import Finding
    from siaga.cli.exits import usage
    from siaga.cli.hand_kept import kept
    from siaga.cli.people import who
    from siaga.cli.recorded import recorded

    try:
        finding = Finding.of(access, agent, reason, greeting_s, queue_s, connected_s)
    except ValueError as error:
        raise usage(str(error)) from error
    with recorded(config) as found:
        return kept(found, probe, finding, (at, slot), (remark, who(by)), proof or [], as_json=as_json)
