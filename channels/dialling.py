"""The section ``[dial]``: what may be dialled, and how much of it."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from probe.setting import Setting

_PATTERN = re.compile(r"\+?[0-9?]+\*?|\*")


def _check_pattern(value: str) -> str:
    if not _PATTERN.fullmatch(value):
        raise ValueError(
            'allowed: a number such as "+62215001234" or "1500123"; ? stands for any digit, '
            "a * at the end for any more digits"
        )
    if value.strip("+?") in ("", "*"):
        raise ValueError('allows every number; name at least one digit, such as "+6221*"')
    return value


def _to_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


class DialSettings(Setting):
    """``[dial]``: required for trunks and telephone numbers; limits count calls of all processes on one database."""

    allow: Annotated[tuple[Annotated[str, AfterValidator(_check_pattern)], ...], BeforeValidator(_to_tuple)] = ()
    max_calls_per_hour: Annotated[int, Field(ge=1)] | None = None
    max_minutes_per_day: Annotated[int, Field(ge=1)] | None = None
