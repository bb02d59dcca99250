"""The sections ``[trunk.NAME]`` and what the channel ``sip`` declares. Importable without pjsua2."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from channels.declared import Declared
from probe.setting import ConfigPath, Secret, Setting
from probe.setting_errors import Place, refuse_at

_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
_URI = re.compile(
    r"(?P<scheme>sips?):(?:(?P<user>[A-Za-z0-9_.!~*'()&=+$,;?/%-]+)(?P<password>:[^@]*)?@)?"
    rf"(?P<host>{_HOST})(?::(?P<port>[0-9]{{1,5}}))?(?P<parameters>(?:;[A-Za-z0-9_.!~*'()%+-]+(?:=[A-Za-z0-9_.!~*'()%+:\[\]-]+)?)*)"
)
_NUMBER = re.compile(r"\+?[0-9*#]{2,20}")
_NAME = re.compile(r"\+?[A-Za-z0-9_.-]+")
_REWRITE = re.compile(r"[^{}\s@;:]*\{(?:national|e164|digits)\}[^{}\s@;:]*")

MAX_URI = 512
"""Characters. It stands three times in an INVITE with credentials, and pjsip sends at most 4000 bytes."""
_TRANSPORT = re.compile(r";transport=([^;]*)", re.IGNORECASE)
TRANSPORTS = ("udp", "tcp", "tls")

VERBS = frozenset({"expect", "press", "play", "end"})
EXPECTS = frozenset({"answer", "prompt", "agent", "music", "tone", "silence", "status"})


def check_uri(value: str) -> str | None:
    """What is wrong with a SIP URI, or None. Never repeats a password."""
    if len(value) > MAX_URI:
        return f"a SIP URI of {len(value)} characters does not fit into a call; allowed: at most {MAX_URI}"
    match = _URI.fullmatch(value)
    if match is None or (match["port"] is not None and not 0 < int(match["port"]) < 65536):
        return 'not a SIP URI; allowed: "sip:USER@HOST", with :PORT and ;transport=udp|tcp|tls where needed'
    if match["password"] is not None:
        return "a literal secret is refused: a SIP URI holds no password; use a [trunk.NAME] with username and password"
    transport = _TRANSPORT.search(match["parameters"])
    if transport is not None and transport[1].lower() not in TRANSPORTS:
        return f"transport {transport[1]!r} is not known; allowed: {', '.join(TRANSPORTS)}"
    return _check_host(match["host"])


def _check_host(host: str) -> str | None:
    address = host.strip("[]")
    if host.startswith("[") or re.fullmatch(r"[0-9.]+", host):
        try:
            ipaddress.ip_address(address)
        except ValueError:
            return f"not an address: {address!r}; allowed: a name, an IPv4 address, or an IPv6 address in [ ]"
    return None


def check_target(to: str, through_trunk: bool) -> str | None:
    """What is wrong with the ``to`` of a sip probe, or None."""
    if to.lower().startswith(("sip:", "sips:")):
        return check_uri(to)
    if not _NUMBER.fullmatch(to):
        number = ' or, through a trunk, a number such as "+6221500123" or "1500123"'
        return f'neither a SIP URI nor a number; allowed: "sip:USER@HOST"{number}'
    if not through_trunk:
        return 'a number needs a trunk; set `trunk = "NAME"`, or write a SIP URI "sip:USER@HOST"'
    return None


def check_from(value: str) -> str | None:
    """What is wrong with who we say we are: a SIP URI, or a number or name at the trunk. Never repeats a password."""
    if value.lower().startswith(("sip:", "sips:")):
        return check_uri(value)
    return None if _NAME.fullmatch(value) else 'allowed: a number or name such as "+622150009999", or "sip:USER@HOST"'


def _from(value: str) -> str:
    if wrong := check_from(value):
        raise ValueError(wrong)
    return value


def _uri(value: str) -> str:
    uri = value if value.lower().startswith(("sip:", "sips:")) else f"sip:{value}"
    if wrong := check_uri(uri):
        raise ValueError(wrong.replace("USER@HOST", "HOST"))
    return uri


Uri = Annotated[str, AfterValidator(_uri)]
"""A SIP URI; ``sip:`` may be left out."""


@dataclass(frozen=True, slots=True)
class PortRange:
    """UDP ports from ``first`` to ``last``, both included."""

    first: int
    last: int


def _to_ports(value: object) -> object:
    match = re.fullmatch(r"([0-9]{1,5})-([0-9]{1,5})", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('allowed: "FIRST-LAST", such as "16000-16999"')
    first, last = int(match[1]), int(match[2])
    if not 1024 <= first < last <= 65535 or last - first + 1 < 100:
        raise ValueError("allowed: at least 100 ports between 1024 and 65535, the first below the last")
    return PortRange(first, last)


def _rewrite(value: str) -> str:
    if not _REWRITE.fullmatch(value):
        raise ValueError(
            "allowed: text with one of {national} (81234567), {digits} (6281234567) or {e164} (+6281234567), "
            'such as "0{national}"'
        )
    return value


def _public_address(value: str) -> str:
    if wrong := _check_host(value) if re.fullmatch(_HOST, value.removeprefix("stun:").split(":")[0]) else "wrong form":
        problem = wrong.partition(";")[0]
        raise ValueError(f'{problem}; allowed: an address such as "203.0.113.7", or "stun:HOST" to ask a STUN server')
    return value


def _self_check(value: str) -> str:
    if value != "OPTIONS" and not _NUMBER.fullmatch(value) and check_uri(value):
        raise ValueError('allowed: "OPTIONS" (ask the registrar), or a number or SIP URI that always answers')
    return value


class TrunkSettings(Setting):
    """``[trunk.NAME]``: a line into the telephone network."""

    registrar: Uri | None = None
    proxy: Uri | None = None
    username: Annotated[str, Field(min_length=1)] | None = None
    password: Secret | None = None
    transport: Literal["udp", "tcp", "tls"] = "udp"
    srtp: Literal["off", "optional", "required"] = "off"
    register_: bool = Field(default=True, alias="register")
    from_: Annotated[str, AfterValidator(_from)] | None = Field(default=None, alias="from")
    channels: Annotated[int, Field(ge=1, le=1000)] = 1
    """Calls at once, never exceeded by all processes together."""
    dial: Annotated[str, AfterValidator(_rewrite)] | None = None
    public_address: Annotated[str, AfterValidator(_public_address)] | None = None
    rtp_ports: Annotated[PortRange, BeforeValidator(_to_ports)] | None = None
    self_check: Annotated[str, AfterValidator(_self_check)] = "OPTIONS"
    tls_ca: ConfigPath | None = None
    """Certificates (PEM) of the authority that signed the far end's; absent: those of the system."""

    @model_validator(mode="before")
    @classmethod
    def _register_needs_registrar(cls, value: Any) -> Any:
        if isinstance(value, dict) and "registrar" not in value and "register" not in value:
            return {**value, "register": False}
        return value

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        wrong = []
        if self.registrar is None and self.proxy is None:
            wrong.append(Place((), "needs a `registrar` or a `proxy`: where calls are sent to"))
        if self.register_ and self.registrar is None:
            wrong.append(Place(("register",), "needs a `registrar` to register with"))
        if (self.username is None) != (self.password is None):
            lone, other = ("username", "password") if self.username else ("password", "username")
            wrong.append(Place((lone,), f"needs a `{other}` beside it"))
        refuse_at(wrong)
        return self


DECLARED = Declared(verbs=VERBS, expects=EXPECTS, check_target=check_target, uses_trunk=True)
