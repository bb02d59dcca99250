"""Who is at the keyboard, for what people sign, say or remark."""

from __future__ import annotations

import getpass

from siaga.cli.exits import usage


def who(named: str | None) -> str:
    """The name that was given, or the login name. Raises Stop 64 when there is neither."""
    if named and named.strip():
        return named.strip()
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise usage("--by: say who you are; this process has no login name") from error
