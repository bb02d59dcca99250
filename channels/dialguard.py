"""What may be dialled. Pure: the same answer for every verb and page, before anything is sent.

Two walls stand one behind the other. Emergency and premium numbers are refused whatever is allowed; then, for trunks
and telephone networks, only what ``[dial] allow`` names passes. The first looks at what was written and at what a
trunk makes of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from channels.dialling import DialSettings
from channels.sip_settings import check_uri
from channels.telephone import HOME, Dialled, canonical, clean, country_of, readings, rewrite

EMERGENCY = frozenset("110 112 113 115 117 118 119 122 129 911 999 995 000".split())
"""Police, fire, ambulance, rescue, disaster, electricity in Indonesia (110 to 129), and the numbers that phones and
switches elsewhere take for one: 112 (3GPP TS 22.101), 911, 999, 995, 000."""
PREMIUM = ("62809", "62900", "1900", "1976", "979", "449", "61190", "65190")
"""E.164 prefixes billed by content: 0809, 0900, +1 900, +1 976, +979 (ITU-T E.169.2), +44 9, +61 190, +65 1900."""
SATELLITE = ("870", "881", "882", "883")
"""Country codes of satellites and global networks (ITU-T E.164 Annex): several dollars a minute."""
_BARE_INTERNATIONAL = 10
"""Digits from which a number with neither + nor 0 before it may be E.164."""
_URI = re.compile(r"(?P<scheme>sips?):(?:(?P<user>[^@]*)@)?(?P<rest>[^@]*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to dial ``dialled``, and nothing else: a SIP URI, or the number as the trunk wants it."""

    dialled: str
    canonical: str
    """The number as ``[dial] allow`` sees it, or the URI."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """No leave. ``sentence`` says why and what to do; verbs end with 64."""

    sentence: str


def guard(to: str, dial: DialSettings, *, through_trunk: bool, template: str | None = None) -> Permit | Refusal:
    """Whether ``to`` (SIP URI, tel URI or number) may be dialled. ``template`` is the ``dial`` of the trunk."""
    scheme = to.strip().partition(":")[0].lower() if ":" in to else ""
    if scheme == "urn":
        return Refusal("an emergency service is never called by a test")
    if scheme in ("sip", "sips"):
        return _guard_uri(to.strip(), dial, through_trunk)
    number = to.strip()[4:].partition(";")[0] if scheme == "tel" else to
    return _guard_number(number, dial, through_trunk, template)


def _guard_number(text: str, dial: DialSettings, through_trunk: bool, template: str | None) -> Permit | Refusal:
    number = clean(text)
    if not number.digits or not number.plain:
        return Refusal(f"{_shown(text)} is no telephone number; write E.164, such as +6221500123")
    if wrong := _forbidden(number):
        return Refusal(wrong)
    if not through_trunk:
        return Refusal(f"the number {_shown(text)} needs a trunk; name one with --trunk, or dial a SIP URI")
    name = canonical(number)
    dialled = rewrite(template, name)
    home = name.startswith(f"+{HOME}")
    if wrong := _forbidden(clean(dialled), bare_international=not home):
        return Refusal(f"{wrong} (the trunk makes {dialled} of {name})")
    return Permit(dialled, name) if _allowed(name, dial) else _not_allowed(name, dial)


def _guard_uri(uri: str, dial: DialSettings, through_trunk: bool) -> Permit | Refusal:
    if wrong := check_uri(uri):
        return Refusal(wrong)
    match = _URI.fullmatch(uri)
    user = (match["user"] or "") if match else ""
    head, *parameters = re.split(r";|%3[bB]", user)
    values = (parameter.partition("=")[2] for parameter in parameters)
    for part in (user, head, *values):
        if wrong := _forbidden(clean(part)):
            return Refusal(wrong)
    if clean(user).rest.lower() in ("sos", "emergency") or user.lower().startswith("sos."):
        return Refusal("an emergency service is never called by a test")
    if not through_trunk:
        return Permit(uri, uri)
    number = clean(head)
    if "%" in user or parameters or not number.plain or not re.fullmatch(r"\+?[0-9]+", head):
        return Refusal(f"through a trunk only plain numbers are dialled, not {_shown(user)}; write digits alone")
    name = canonical(number)
    return Permit(uri, name) if _allowed(name, dial) else _not_allowed(name, dial)


def _forbidden(number: Dialled, *, bare_international: bool = True) -> str | None:
    digits = number.digits
    found = readings(number)
    if bare_international and not number.plus and len(digits) >= _BARE_INTERNATIONAL and not digits.startswith("0"):
        found |= {digits}
    if digits in EMERGENCY or any(_is_emergency(reading) for reading in found):
        return f"{digits} is an emergency number: never called by a test, even when allowed"
    if any(reading.startswith(PREMIUM + SATELLITE) for reading in found):
        return f"{digits} is a premium or satellite number: never called by a test, even when allowed"
    return None


def _is_emergency(reading: str) -> bool:
    """An emergency number behind a country code, or behind an Indonesian area code (021-110)."""
    national = reading[len(country_of(reading)) :]
    behind_area = national[-3:] if reading.startswith(HOME) and re.fullmatch(r"[2-79]\d{4,5}", national) else ""
    zeros = len(national) - len(national.lstrip("0"))
    without_zeros = {national[count:] for count in range(zeros + 1)}  # one by one: 000 is itself a number
    return bool(EMERGENCY & {reading, behind_area, *without_zeros})


def _allowed(name: str, dial: DialSettings) -> bool:
    return any(_pattern(text).fullmatch(name) for text in dial.allow)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """A pattern of ``[dial] allow``: its fixed part is read like a number (``0811*`` is ``+62811*``)."""
    fixed = re.match(r"\+?\d*", text)
    head = fixed.group() if fixed else ""
    tail = text[len(head) :]
    body = head.lstrip("+")
    if not head.startswith("+"):
        if body.startswith("00"):
            head = f"+{body[2:]}"
        elif body.startswith("0"):
            head = f"+{HOME}{body[1:]}"
        elif body.startswith(HOME) and ("*" in tail or len(text) >= _BARE_INTERNATIONAL - 1):
            head = f"+{body}"
    return re.compile(re.escape(head) + tail.replace("?", "[0-9]").replace("*", "[0-9]*"), re.ASCII)


def _not_allowed(name: str, dial: DialSettings) -> Refusal:
    allowed = ", ".join(dial.allow) or "nothing yet"
    return Refusal(f"{name} is not in [dial] allow ({allowed}); add a pattern there if it may be dialled")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:59]}…")
