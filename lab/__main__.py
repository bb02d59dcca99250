"""``python -m lab``: a front door of its own."""

from __future__ import annotations

import argparse
from pathlib import Path

from lab.command import listing, serve, show, switch


def main() -> int:
    """Parse the command line and do it."""
    parser = argparse.ArgumentParser(prog="python -m lab", description="A contact centre in a box, with faults.")
    parser.add_argument("--folder", type=Path, default=Path("siaga-lab"))
    verbs = parser.add_subparsers(dest="verb", required=True)
    serving = verbs.add_parser("serve", help="run the centre until SIGTERM")
    serving.add_argument("--host", default="127.0.0.1")
    serving.add_argument("--port", type=int, default=5070, help="0: any free port")
    fault = verbs.add_parser("fault", help="turn a fault on or off while the centre runs")
    fault.add_argument("name")
    fault.add_argument("state", choices=("on", "off"))
    verbs.add_parser("faults", help="list all faults")
    asked = parser.parse_args()
    if asked.verb == "serve":
        return serve(asked.folder, asked.host, asked.port)
    if asked.verb == "fault":
        return switch(asked.folder, asked.name, asked.state == "on")
    return show(listing())


if __name__ == "__main__":
    raise SystemExit(main())
