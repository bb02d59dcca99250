"""``siaga lab``: the contact centre in a box, for trying and testing. The one place where the product names ``lab``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_FOLDER = Path("siaga-lab")

FolderOption = Annotated[
    Path, typer.Option("--folder", metavar="DIR", help="Where configuration, prompts and truth are written.")
]

lab = typer.Typer(
    help="Run a contact centre in a box, or switch its faults.",
    invoke_without_command=True,
    no_args_is_help=False,
)


class Switch(StrEnum):
    """Positions of a fault's switch."""

    ON = "on"
    OFF = "off"


@lab.callback()
def serve(
    context: typer.Context,
    folder: FolderOption = DEFAULT_FOLDER,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="UDP port for SIP; 0 takes a free one.")] = 5070,
) -> int:
    """Run a contact centre in a box until it is stopped; it prints ``ready sip:HOST:PORT`` when it answers."""
    if context.invoked_subcommand is not None:
        return 0
    from lab import command

    return command.serve(folder, host, port)


@lab.command()
def fault(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Fault, for example ivr_silent.")],
    switch: Annotated[Switch, typer.Argument(help="on or off.")],
    folder: FolderOption = DEFAULT_FOLDER,
) -> int:
    """Switch a fault of the running lab on or off."""
    from lab import command

    return command.switch(folder, name, switch is Switch.ON)
