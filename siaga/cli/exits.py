"""Exit codes (the contract: "Exit codes") and the one exception by which a verb ends early.

1 and 2 come only from a verdict of a run, or from a verb that looks for faults (``doctor``) and found some.
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What ``siaga`` returns to the shell; 64 and 78 are EX_USAGE and EX_CONFIG of sysexits.h."""

    DONE = 0
    FOUND = 1
    OUR_FAULT = 3
    USAGE = 64
    CONFIG = 78


VERDICTS = {"pass": 0, "degraded": 1, "fail": 2, "inconclusive": 3}
"""Exit code of a run by its verdict: those of monitoring plugins."""


class Stop(Exception):
    """End the verb with this code; the message goes to stderr and stdout stays empty."""

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def usage(message: str) -> Stop:
    """Wrong usage, unknown probe or refused number."""
    return Stop(Exit.USAGE, message)
