"""``siaga`` and ``python -m siaga``: the process is the Python interpreter itself, so a kill reaches it."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

SHARED = "/run/siaga"
"""Folder that the unit in ``deploy/`` makes for the service and its user."""


def main() -> None:
    """Run the verb on the command line and end with its exit code."""
    from siaga.cli.signals import stop_request

    stop_request.arm()
    gc.disable()  # what is imported here stays; the verb turns it on again (siaga/cli/app.py)
    share(SHARED)
    from siaga.cli.app import run
    from siaga.cli.say import soften

    soften(sys.stdout, sys.stderr)
    sys.exit(run(sys.argv[1:]))


def share(folder: str) -> None:
    """Channels of trunks and RTP ports are shared out in the folder for temporary files.

    The service has a private one, so it and the verbs that its user runs by hand meet in another.
    """
    try:
        ours = Path(folder).stat().st_uid == os.geteuid()
    except OSError:
        return
    if ours:
        os.environ.setdefault("TMPDIR", folder)


if __name__ == "__main__":
    main()
