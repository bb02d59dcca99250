"""Plain tables for terminals and pipes: columns by spaces, coloured on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

from probe.words import printable

GAP: Final = "  "
_RESET: Final = "\x1b[0m"
STYLES: Final = {"green": "\x1b[32m", "yellow": "\x1b[33m", "red": "\x1b[31m", "magenta": "\x1b[35m", "dim": "\x1b[2m"}


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], colours: Sequence[str] = ()) -> str:
    """The lines of a table; ``colours``: a key of STYLES for each row. Nothing is ever cut off: an ID can be copied."""
    clean = [[printable(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(len(row[column]) for row in clean) for column in range(len(heads))]
    lines = [GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in clean]
    if sys.stdout.isatty():
        painted = [f"{STYLES[c]}{line}{_RESET}" for line, c in zip(lines[1:], colours, strict=False)]
        lines = [f"{STYLES['dim']}{lines[0]}{_RESET}", *painted, *lines[1 + len(painted) :]]
    return "\n".join(lines)
