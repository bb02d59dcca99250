"""What the channel ``manual`` declares: tests that a person does by hand, planned and recorded like all others."""

from __future__ import annotations

from channels.declared import Declared
from probe.script import PLAIN_EXPECTS, VERBS

EXPECTS = frozenset(PLAIN_EXPECTS)
"""No prompts by name: those are recordings that siaga knows, and a person just listens."""


def check_target(to: str, _through_trunk: bool) -> str | None:
    """Anything that tells a person whom to contact: ``@akun``, a number, an address."""
    return None if to.strip() else "say whom to contact: an account, a number or an address"


DECLARED = Declared(verbs=frozenset(VERBS), expects=EXPECTS, check_target=check_target, by_hand=True)
