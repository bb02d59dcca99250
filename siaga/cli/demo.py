"""``siaga demo``: a contact centre in a box, five probes at once, and whether siaga found what the box enacted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from siaga.cli.options import VerboseOption


def demo(
    language: Annotated[str, typer.Option(metavar="id|en", help="Language of what is shown.")] = "id",
    folder: Annotated[Path | None, typer.Option(metavar="DIR", help="Scratch folder. Default: a new one.")] = None,
    verbose: VerboseOption = 0,
) -> int:
    """See siaga at work on a contact centre in a box.

    Needs no root and asks no questions; everything happens on this machine, and it ends by itself.
    """
    from siaga.cli.logs import configure

    if language not in ("id", "en"):
        raise typer.BadParameter("allowed: id, en", param_hint="--language")
    configure(verbose)
    from siaga.cli.demo_run import demonstrate

    return demonstrate("en" if language == "en" else "id", folder)
