"""A trunk, ready to use: its settings with the password resolved, and what becomes of them in an engine."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from channels.voice.uri import SipUri, parse_uri
from channels.voice.wire import Account, Srtp, Transport

USER = "siaga"
"""Our name towards far ends where nothing else is set."""
_LEADS_ELSEWHERE: Final = re.compile(r"[;?&]\s*(?:maddr|route)\b", re.IGNORECASE)
"""A parameter (RFC 3261 § 19.1.1) or header of a URI that overrules its host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """One way to the telephone network. Numbers come to it as it wants them dialled.

    ``registrar`` and ``proxy`` are SIP URIs or hosts; ``rtp_ports`` first and last, both included.
    """

    name: str
    registrar: str = ""
    proxy: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    transport: Transport = "udp"
    srtp: Srtp = "off"
    register: bool = False
    from_: str = ""
    channels: int = 1
    public_address: str = ""
    rtp_ports: tuple[int, int] | None = None
    self_check: str = ""
    tls_ca: str = ""

    @property
    def home(self) -> SipUri:
        """The registrar, or the proxy where there is none: whose names and numbers are dialled. Raises ValueError."""
        return self._uri(self.registrar or self.proxy)

    @property
    def first_hop(self) -> SipUri:
        """Where every packet goes first. Raises ValueError."""
        return self._uri(self.proxy or self.registrar)

    def _uri(self, text: str) -> SipUri:
        uri = parse_uri(text if re.match("sips?:", text, re.IGNORECASE) else f"sip:{text}", self.transport)
        return uri.over(self.transport)


def target_uri(to: str, trunk: Trunk | None) -> SipUri:
    """The URI to dial for a URI, or for a number or extension through a trunk. Raises ValueError.

    A trunk's password answers whoever asks for it, so without a proxy only the trunk's own host may be called.
    """
    if trunk is None:
        return parse_uri(to)
    is_uri = re.match("sips?:", to, re.IGNORECASE) is not None
    uri = parse_uri(to, trunk.transport) if is_uri else trunk.home.with_user(to)
    if trunk.proxy:
        # the URI's own transport is the proxy's business
        return uri
    if _host(uri) != _host(trunk.home) or _LEADS_ELSEWHERE.search(unquote(uri.rest)):
        raise ValueError(
            f"{to!r} does not lead through trunk {trunk.name!r}, whose host is {trunk.home.host}; "
            "dial the number alone, dial the URI without the trunk, or set the trunk's proxy"
        )
    return uri.over(trunk.transport)


def _host(uri: SipUri) -> str:
    return uri.host.casefold().rstrip(".")


def first_hop(target: SipUri, trunk: Trunk | None) -> SipUri:
    """Where the packets of a call go first."""
    return trunk.first_hop if trunk is not None and trunk.proxy else target


def account_key(trunk: Trunk | None, hop: SipUri, local_address: str) -> str:
    """What tells accounts apart inside an engine."""
    return f"{trunk.name if trunk else ''}|{hop.transport}|{local_address}"


def account(trunk: Trunk | None, hop: SipUri, local_address: str, public_address: str, rtp: tuple[int, int]) -> Account:
    """The account of an engine. ``rtp``: first port and number of ports."""
    key = account_key(trunk, hop, local_address)
    first, count = rtp
    if trunk is None:
        host = f"[{local_address}]" if ":" in local_address else local_address
        return Account(
            key=key,
            id_uri=f"sip:{USER}@{host}",
            transport=hop.transport,
            local_address=local_address,
            rtp_port=first,
            rtp_ports=count,
        )
    return Account(
        key=key,
        id_uri=f"sip:{trunk.username or USER}@{trunk.home.host}",
        transport=trunk.transport,
        local_address=local_address,
        registrar=trunk.home.with_user("").text if trunk.register else "",
        proxy=f"{trunk.first_hop.text};lr" if trunk.proxy else "",
        username=trunk.username,
        password=trunk.password,
        register=trunk.register,
        srtp=trunk.srtp,
        public_address=public_address,
        tls_ca=trunk.tls_ca,
        rtp_port=first,
        rtp_ports=count,
    )


def from_uri(name: str, trunk: Trunk | None, local_address: str) -> str:
    """The From of one call: a URI as it is, a number or name at the trunk's home. Empty: the account's own."""
    if not name or re.match("sips?:", name, re.IGNORECASE):
        return name
    if trunk is not None:
        return f"sip:{name}@{trunk.home.host}"
    return f"sip:{name}@[{local_address}]" if ":" in local_address else f"sip:{name}@{local_address}"
