"""Peak mode: which tests still take place. Where their script ends, ``scheduler.order.until_agent`` says."""

from __future__ import annotations

from datetime import datetime, timedelta

from storage.values import from_ms


def stays(slot: datetime, every: timedelta, every_nth: int) -> bool:
    """Whether the run of a slot takes place in peak mode: each ``every_nth`` does.

    Counted by intervals since 1970, so that each process, also after a restart, lets the same slots stay.
    """
    return ((slot - from_ms(0)) // every) % every_nth == 0
