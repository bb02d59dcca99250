"""``siaga`` and ``python -m siaga``: the process is the Python interpreter itself, so a kill reaches it."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the verb on the command line and end with its exit code."""
    from siaga.cli.signals import stop_request

    stop_request.arm()
    from siaga.cli.app import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
