"""What must stand in no log: secrets by their value, by their form and by their name; and whole telephone numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, unquote, urlsplit

SECRET_KEY: Final = re.compile(r"pass(word|wd)?$|secret|token|authorization|api_?key|credential", re.IGNORECASE)
SECRET_IN_TEXT: Final = re.compile(
    r"((?:pass(?:word|wd)?|secret|token|api_?key)\s*[=:]\s*|://[^\s/:@]+:)[^\s,;@]+(?=@|\b|$)"
    r"|((?:response|nonce|cnonce|opaque)=)\"[^\"]*\"",
    re.IGNORECASE,
)
NUMBER_IN_TEXT: Final = re.compile(r"(?<!\w)(\+?\d{2})(?:[ -]?\d){4,}(\d{2})(?!\w)")
"""Eight digits and more standing alone: long enough for a subscriber's number; short codes (1500) stay readable."""
HIDDEN: Final = "***"
SHORTEST: Final = 4
"""Characters; a shorter secret would blacken half of every line and is guessed in no time anyway."""

_known: set[str] = set()


def hide(secrets: Iterable[str]) -> None:
    """Never write these values, whole or as the password or the path of an address. Belongs to the process."""
    for secret in secrets:
        _known.update(form for part in _parts(secret) for form in _forms(part) if len(form) >= SHORTEST)


def redacted_text(text: str) -> str:
    """The text without secrets and without whole telephone numbers."""
    hidden = SECRET_IN_TEXT.sub(lambda m: (m[1] or m[2]) + HIDDEN, without_known(text))
    return NUMBER_IN_TEXT.sub(r"\1***\2", hidden)


def without_known(text: str) -> str:
    """The text without the secrets that ``hide`` was told of."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def _parts(secret: str) -> Iterable[str]:
    yield secret
    if "://" not in secret:
        return
    try:
        address = urlsplit(secret)
        password = address.password
    except ValueError:
        return
    if password:
        yield password
    if address.scheme in {"http", "https"}:  # the secret of a webhook may be its user, path or query
        parts = (address.username or "", *address.path.split("/"), address.query)
        yield from (part for part in parts if len(part) >= 2 * SHORTEST)


def _forms(secret: str) -> Iterable[str]:
    yield secret
    yield quote(secret, safe="")
    yield unquote(secret)
    yield repr(secret)[1:-1]
    yield json.dumps(secret)[1:-1]
