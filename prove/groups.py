"""Which campaigns there are, by what they prove; each module of this package with that name holds a CAMPAIGN."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

GROUPS: Final = MappingProxyType(
    {
        "call": (
            "times",
            "verdicts",
            "capacity",
            "places",
            "ends",
            "patience",
            "digits",
            "secure",
            "hostile",
            "wrong",
            "fresh",
        ),
        "record": ("kills", "down", "two_services", "lateness", "volume", "golden", "tamper", "planted"),
        "listening": ("prompts", "line", "listening_cost", "wear", "page"),
    }
)
"""In the order in which they run; a group takes at most 90 minutes."""
TITLES: Final = MappingProxyType(
    {
        "call": "One true call",
        "record": "Night and day: the service, the clock and the record",
        "listening": "Did a person answer? The listening that proves an agent",
    }
)


def campaigns(asked: list[str]) -> tuple[list[str], list[str]]:
    """The campaigns that names of campaigns and groups stand for (none: all), and the names that stand for nothing."""
    known = {name: (name,) for names in GROUPS.values() for name in names} | dict(GROUPS)
    chosen = [name for word in asked or GROUPS for name in known.get(word, ())]
    return list(dict.fromkeys(chosen)), [word for word in asked if word not in known]
