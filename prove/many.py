"""``python -m prove.many CONFIG NAME…``: several probes at once from one parent, through the product's own run path.

Prints one JSON object per run when all have ended. Signals, engines and evidence are those of ``siaga probe``.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from siaga.cli.logs import configure
from siaga.cli.running import Prepared, until_all_stopped
from siaga.cli.signals import stop_request
from siaga.config import Config
from siaga.config import load as load_config
from siaga.parts import Parts, order_of


def prepare(path: Path, names: list[str]) -> list[Prepared]:
    """One order per name, all in one house. Raises LookupError for a name that the configuration does not hold."""
    config = load_config(path)
    probes = [config.probe(name) for name in names]
    missing = [name for name, probe in zip(names, probes, strict=True) if probe is None]
    if missing:
        raise LookupError(f"not in {path}: {missing}")
    found = [probe for probe in probes if probe is not None]
    house = Parts(config, _trunks(config, names)).house
    return [Prepared(order_of(probe, config), house) for probe in found]


def _trunks(config: Config, names: list[str]) -> set[str]:
    return {probe.trunk for probe in config.probes if probe.name in names and probe.trunk}


def main(path: str, *names: str) -> int:
    """Run them all; exit 0 whatever their verdicts."""
    stop_request.arm()
    configure(0)
    prepared = prepare(Path(path), list(names))
    for record in asyncio.run(until_all_stopped(prepared, [lambda _: None] * len(prepared))):
        sys.stdout.write(json.dumps(record.to_json()) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
