"""Digest credentials of the parent for a dead engine (RFC 8760 over RFC 3261 section 22: MD5, SHA-256, qop auth)."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from typing import Final

from channels.voice.sipmsg import SipMessage

_PARAMETER: Final = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_HASHES: Final[dict[str, Callable[[bytes], str]]] = {
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
}


def authorization(challenge: SipMessage, method: str, uri: str, username: str, password: str) -> str:
    """The header that answers a 401 or 407; empty when there is no challenge that can be answered."""
    proxy = challenge.code == 407
    asked = [v for k, v in challenge.headers if k == ("proxy-authenticate" if proxy else "www-authenticate")]
    for header in asked:
        scheme, _, rest = header.partition(" ")
        values = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(rest)}
        hash_of = _HASHES.get(values.get("algorithm", "MD5").upper())
        if scheme.lower() == "digest" and hash_of is not None and username and "nonce" in values:
            name = "Proxy-Authorization" if proxy else "Authorization"
            return f"{name}: {_digest(values, hash_of, method, uri, (username, password))}"
    return ""


def _digest(
    values: dict[str, str], hash_of: Callable[[bytes], str], method: str, uri: str, login: tuple[str, str]
) -> str:
    realm, nonce = values.get("realm", ""), values["nonce"]
    secret = hash_of(f"{login[0]}:{realm}:{login[1]}".encode())
    request = hash_of(f"{method}:{uri}".encode())
    parts = [f'username="{login[0]}"', f'realm="{realm}"', f'nonce="{nonce}"', f'uri="{uri}"']
    if "auth" in [item.strip() for item in values.get("qop", "").split(",")]:
        client = secrets.token_hex(8)
        response = hash_of(f"{secret}:{nonce}:00000001:{client}:auth:{request}".encode())
        parts += ["qop=auth", "nc=00000001", f'cnonce="{client}"']
    else:
        response = hash_of(f"{secret}:{nonce}:{request}".encode())
    parts += [f'response="{response}"', f"algorithm={values.get('algorithm', 'MD5')}"]
    if "opaque" in values:
        parts.append(f'opaque="{values["opaque"]}"')
    return "Digest " + ", ".join(parts)
