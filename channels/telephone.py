"""Telephone numbers: cleaning what people and attackers write, E.164, and the rewrite of a trunk.

Sources: ITU-T E.164 and its list of assigned country codes; for Indonesia the Fundamental Technical Plan (Ministerial
Regulation 14/2018): country code 62, national prefix 0, international prefixes 00x and 010xx.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote

HOME = "62"
"""Country of numbers written in national form."""
NATIONAL_MIN = 7
"""Digits that a number in national form has at least after its 0; shorter ones are service numbers."""
_TWO_DIGITS = (
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 "
    "60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98"
)
_TWO_DIGIT_COUNTRIES = frozenset(_TWO_DIGITS.split())
_SEPARATORS = re.compile(r"[\s()\[\]/._~!'\"\u00ad\u200b-\u200f\u2010-\u2015\u2060\u2212\ufeff-]+")
_PAUSES = re.compile(r"^[wWpPxXtT,;*#]+")
_LEADING = re.compile(r"(\+*)([0-9]+)(.*)", re.DOTALL)
_INTERNATIONAL = re.compile(r"00[1-9]?|010[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Dialled:
    """What a text makes a network dial: its leading digits, whether a + stood before, and what follows them."""

    digits: str
    plus: bool
    rest: str = ""

    @property
    def plain(self) -> bool:
        """Nothing but a number."""
        return not self.rest


def clean(text: str) -> Dialled:
    """The number in a text: percent-encoding, foreign digits, separators, leading pauses undone. May have no digits."""
    previous, undone = None, text
    while undone != previous:
        previous, undone = undone, unquote(undone)
    undone = unicodedata.normalize("NFKC", undone)
    undone = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in undone)
    undone = _PAUSES.sub("", _SEPARATORS.sub("", undone))
    match = _LEADING.fullmatch(undone)
    return Dialled(match[2], bool(match[1]), match[3]) if match else Dialled("", False, undone)


def readings(number: Dialled) -> frozenset[str]:
    """Every E.164 number (digits, no +) that the far end could take it for."""
    found = {number.digits} if number.plus else set[str]()
    if number.plus and number.digits.startswith("00"):
        found.add(number.digits[2:])
    for match in (_INTERNATIONAL.match(number.digits), re.match("00", number.digits)):
        if match and not number.plus:
            found.add(number.digits[match.end() :])
    if number.digits.startswith(HOME):
        found.add(number.digits)
    if number.digits.startswith("0"):
        found.add(HOME + number.digits[1:])
    homes = {d for d in found if d.startswith(f"{HOME}0")}
    return frozenset(found | {HOME + d[2:].lstrip("0") for d in homes})


def canonical(number: Dialled) -> str:
    """``+62811…`` for what is a full number, the bare digits for service and access numbers (``1500123``)."""
    digits = number.digits
    if number.plus:
        return f"+{_without_zero(digits)}"
    if digits.startswith("00"):
        return f"+{_without_zero(digits[2:])}"
    if digits.startswith("0") and len(digits) > NATIONAL_MIN:
        return f"+{HOME}{digits[1:]}"
    if digits.startswith(HOME) and len(digits) >= len(HOME) + NATIONAL_MIN:
        return f"+{_without_zero(digits)}"
    return digits


def _without_zero(digits: str) -> str:
    """``62 (0)811…`` is written on letterheads and never dialled with its zero."""
    return HOME + digits[3:] if digits.startswith(f"{HOME}0") else digits


def country_of(e164_digits: str) -> str:
    """The country code at the head of E.164 digits: one, two or three digits."""
    if e164_digits[:1] in ("1", "7"):
        return e164_digits[:1]
    return e164_digits[:2] if e164_digits[:2] in _TWO_DIGIT_COUNTRIES else e164_digits[:3]


def rewrite(template: str | None, number: str) -> str:
    """A canonical number as a trunk wants it: ``{national}``, ``{digits}``, ``{e164}``. Service numbers stay."""
    if template is None or not number.startswith("+"):
        return number
    digits = number[1:]
    national = digits[len(country_of(digits)) :]
    return template.replace("{national}", national).replace("{digits}", digits).replace("{e164}", number)
