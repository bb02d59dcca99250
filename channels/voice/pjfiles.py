"""Files that engines and parent both name."""

from typing import Final

SYSTEM_CA_FILE: Final = "/etc/ssl/certs/ca-certificates.crt"
"""Debian's bundle of certificate authorities; the OpenSSL inside the wheel knows none of its own."""
