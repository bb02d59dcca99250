"""Point 7: TLS and SRTP to Asterisk with a private authority; what must be refused is refused, with the reason."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prove import setting
from prove.campaign import Campaign, Result, Room
from tests.end_to_end.program import Installation
from tests.farends import dialplan
from tests.farends.asterisk import Asterisk

MENU = '{ expect = "prompt:menu-tagihan", within = "8s" }'
SCRIPT = (setting.ANSWER, setting.GREETING, setting.PRESS, MENU)
REFUSED = {
    "unknown CA": ("tls_unknown", ("issuer", "authority", "untrusted", "otoritas", "unknown")),
    "wrong name": ("tls_wrong_name", ("name", "identity", "nama")),
    "expired certificate": ("tls_expired", ("expired", "validity", "kedaluwarsa")),
    "TLS 1.0": ("old", ("protocol", "version", "versi")),
}
"""What → port, and words of which one must stand in the reason."""


def run(room: Room) -> Result:
    """One good call in each SRTP mode, and one through every trunk that must be refused."""
    centre, result = room.centre(), Result()
    with _tls_1_0_only(room.ca.parent) as old_port:
        installation = _install(room.scratch("aman"), centre, room.ca, old_port)
        for srtp in ("required", "optional", "off"):
            _good(installation, srtp, result)
        for what, (port, words) in REFUSED.items():
            _refused(installation, what, f"tolak-{port.replace('_', '-')}", words, result)
    return result


def _install(folder: Path, centre: Asterisk, ca: Path, old_port: int) -> Installation:
    trusted = f'tls_ca = "{ca}"'
    parts = [
        setting.trunk("wajib", centre, "cabang-tls", trusted, 'srtp = "required"', transport="tls"),
        setting.trunk("boleh", centre, "cabang-srtp-boleh", trusted, 'srtp = "optional"', transport="tls"),
        setting.trunk("polos", centre, "cabang", trusted, 'srtp = "off"', transport="tls"),
    ]
    ports = {name: old_port if name == "old" else getattr(centre.ports, name) for name, _ in REFUSED.values()}
    for name, port in ports.items():
        lines = setting.trunk(f"tolak-{name.replace('_', '-')}", centre, "cabang-tls", trusted, transport="tls")
        parts.append([line.replace(f':{centre.ports.tls}"', f':{port}"') for line in lines])
    trunks = {"required": "wajib", "optional": "boleh", "off": "polos"}
    probes = [setting.probe(srtp, dialplan.GOOD_MENU, SCRIPT, f'trunk = "{name}"') for srtp, name in trunks.items()]
    for name in ports:
        trunk = f"tolak-{name.replace('_', '-')}"
        probes.append(setting.probe(trunk, dialplan.GOOD_MENU, SCRIPT, f'trunk = "{trunk}"'))
    return setting.install(folder, centre, *parts, *probes)


def _good(installation: Installation, srtp: str, result: Result) -> None:
    record = installation.run("probe", srtp, "--json").record
    said = f"{record['verdict']} {record['reason'] or ''}".strip()
    wanted = "pass" if srtp == "off" else "pass over SRTP"
    found = said + (" over SRTP" if _answered_with_a_key(record) else "")
    result.add(f"TLS with a private CA, srtp = {srtp}", wanted, found, found == wanted)


def _refused(installation: Installation, what: str, probe: str, words: tuple[str, ...], result: Result) -> None:
    record = installation.run("probe", probe, "--json").record
    said = f"{record['verdict']} · {record['stage']} · {record['reason']}: {record['message']}"
    named = any(word in record["message"].lower() for word in words)
    good = record["reason"] == "trunk_down" and record["verdict"] == "inconclusive" and named
    result.add(what, "inconclusive · probe · trunk_down, with the reason", said, good)


def _answered_with_a_key(record: dict[str, Any]) -> bool:
    """Whether the far end's 200 OK chose a key of SDES (RFC 4568): then both sides send SRTP."""
    traces = [Path(item["path"]).read_text("utf-8") for item in record["evidence"] if item["kind"] == "sip_trace"]
    messages = re.split(r"^(?=\S+Z (?:<--|-->) )", "".join(traces), flags=re.MULTILINE)
    return any(" <-- " in m and "SIP/2.0 200" in m and "INVITE" in m and "a=crypto" in m for m in messages)


@contextlib.contextmanager
def _tls_1_0_only(certificates: Path) -> Iterator[int]:
    """A server with a good certificate that speaks nothing newer than TLS 1.0; yields its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    context.load_cert_chain(certificates / "tls.pem", certificates / "tls.key")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_shake_hands, args=(listener, context), daemon=True).start()
        yield listener.getsockname()[1]


def _shake_hands(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(4096)


CAMPAIGN = Campaign(
    "secure",
    7,
    "TLS + SRTP to Asterisk with a private CA works; unknown CA, wrong name, expired certificate and TLS 1.0 are "
    "refused with the reason.",
    run,
)
