"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def probe_names(incomplete: str) -> list[str]:
    """Names of the probes in the configuration in reach, for shell completion; none when it cannot be read."""
    import os
    import tomllib

    places = (os.environ.get("SIAGA_CONFIG"), "siaga.toml", "/etc/siaga/siaga.toml")
    found = next((Path(p) for p in places if p and Path(p).is_file()), None)
    try:
        probes = tomllib.loads(found.read_text("utf-8")).get("probe", []) if found else []
    except (OSError, ValueError):
        return []
    names = [p.get("name") for p in probes if isinstance(p, dict)] if isinstance(probes, list) else []
    return [n for n in names if isinstance(n, str) and n.startswith(incomplete)]


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="Configuration file. Default: $SIAGA_CONFIG, ./siaga.toml, /etc/siaga/siaga.toml.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, nothing else.")]
VerboseOption = Annotated[
    int, typer.Option("--verbose", "-v", count=True, help="Say more on stderr; twice for everything.")
]
