"""Words on an engine's standard error, kept by its parent."""

from __future__ import annotations

import contextlib
import sys
from typing import Final

_MAX_CHARS: Final = 4000


def complain(text: str) -> None:
    """Say it. Never raises: when the parent is dead nobody reads, and that is when the calls have to be ended."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(text.strip()[:_MAX_CHARS] + "\n")
        sys.stderr.flush()
