"""Numbers and accounts of ours as they may stand on paper: ``0811••••321``; the register alone has them in full."""

from __future__ import annotations

import re

DOTS = "••••"
_SCHEME = re.compile(r"^(?:sips?|tel|mailto|xmpp):", re.IGNORECASE)


def bare(address: str) -> str:
    """An address without its scheme and parameters, as people write it: ``1500@pbx.example``."""
    plain = _SCHEME.sub("", address.strip())
    return plain.split(";", 1)[0] if plain != address.strip() else plain


def national(number: str) -> str:
    """An Indonesian number as it is dialled at home: ``+62811…`` is ``0811…``. Anything else stays as it is."""
    return re.sub(r"^(?:\+|00)62", "0", number)


def masked(address: str) -> str:
    """Our number or account with its middle hidden; of short ones hardly anything is left."""
    user, at, host = national(bare(address)).partition("@")
    if not user and at:  # an account of a social network: @name
        return f"@{masked(host)}"
    kept = (4, 3) if len(user) >= 10 else (2, 1) if len(user) >= 6 else (1, 0)
    return f"{user[: kept[0]]}{DOTS}{user[len(user) - kept[1] :]}{at}{host}"
