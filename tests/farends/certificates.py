"""A private authority and the certificates of the TLS ports: one good, three that must be refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

NAMES = ("localhost", "127.0.0.1", "::1")


def make(folder: Path) -> Path:
    """Write NAME.pem and NAME.key per port of Asterisk, and the authority's ``ca.pem``, whose path is returned."""
    folder.mkdir(parents=True, exist_ok=True)
    ours, stranger = trustme.CA(key_type=trustme.KeyType.RSA), trustme.CA(key_type=trustme.KeyType.RSA)
    past = datetime.now(UTC) - timedelta(days=1)
    certificates = {
        "tls": ours.issue_cert(*NAMES, key_type=trustme.KeyType.RSA),
        "tls_wrong_name": ours.issue_cert("pbx.lain.example", key_type=trustme.KeyType.RSA),
        "tls_expired": ours.issue_cert(*NAMES, not_after=past, key_type=trustme.KeyType.RSA),
        "tls_unknown": stranger.issue_cert(*NAMES, key_type=trustme.KeyType.RSA),
    }
    for name, certificate in certificates.items():
        certificate.private_key_pem.write_to_path(folder / f"{name}.key")
        (folder / f"{name}.pem").write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    ours.cert_pem.write_to_path(folder / "ca.pem")
    return folder / "ca.pem"
