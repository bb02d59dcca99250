"""The section ``[notify]``: whom siaga tells about trouble of its own. Importable without the HTTP library."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, ValidationInfo

from probe.setting import Secret, Setting
from probe.setting_errors import secret_or

_ALLOWED = 'allowed: "https://HOST/…", { env = "NAME" } or { file = "path" }'


def wrong_address(value: str, *, literal: bool = True) -> str:
    """What is wrong with an address that siaga asks or writes to; empty when nothing is. Never repeats it.

    A name and a password before the host stand only behind a reference, not in a ``literal`` address. Plain http
    leaves nothing secret only where it never leaves this machine.
    """
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return f"not an address; {_ALLOWED}"
    if parts.scheme not in ("http", "https") or not host or port == 0 or not value.isprintable() or " " in value:
        return f"not an address of the web; {_ALLOWED}"
    if literal and (parts.username is not None or parts.password is not None):
        return 'a literal secret is refused; put the whole address behind { env = "NAME" } or { file = "path" }'
    if parts.scheme == "http" and not _is_loopback(host):
        return f"http is refused except to this machine (127.0.0.1, ::1, localhost); {_ALLOWED}"
    return ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return re.fullmatch(r"localhost\.?", host, re.IGNORECASE) is not None


def _to_address(value: object, info: ValidationInfo) -> object:
    return secret_or(value, info, _plain_address, _ALLOWED)


def _plain_address(value: str) -> str:
    if wrong := wrong_address(value):
        raise ValueError(wrong)
    return value


WebAddress = Annotated[str | Secret, BeforeValidator(_to_address)]
"""An address of the web, or where it lies when it is a secret itself."""


def address_of(setting: str | Secret) -> str:
    """The address itself. Raises SecretUnavailableError, and ValueError when what the secret holds is none."""
    literal = isinstance(setting, str)
    value = setting if isinstance(setting, str) else setting.value()
    if wrong := wrong_address(value, literal=literal):
        raise ValueError(wrong)
    return value


class NotifySettings(Setting):
    """``[notify]``: where siaga's own operators are told of its own trouble; the log tells them always."""

    webhook: WebAddress | None = None
