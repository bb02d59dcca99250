"""SIPp as a far end: scenarios of this folder, for what Asterisk cannot do."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.farends import ports, processes, programs

SCENARIOS = Path(__file__).with_name("sipp")
_LISTENS_WITHIN_S = 5.0


@contextlib.contextmanager
def serving(scenario: str, words: Mapping[str, str] | None = None, transport: str = "u1") -> Iterator[int]:
    """Run a scenario that answers calls; yields its port on 127.0.0.1. Raises Absent or RuntimeError."""
    port = ports.free()
    with tempfile.TemporaryDirectory(prefix="sipp-") as name:
        folder, log = Path(name), Path(name) / "log.txt"
        process = processes.start(_command(folder, scenario, port, words, transport), log, folder)
        try:
            _wait_until_listening(process, port, transport, log)
            yield port
        finally:
            processes.stop(process)


def call(scenario: str, number: str, port: int, words: Mapping[str, str] | None = None, within_s: float = 60) -> None:
    """Make one call to a port of 127.0.0.1 and wait for its end. Raises Absent; RuntimeError when it went otherwise."""
    with tempfile.TemporaryDirectory(prefix="sipp-") as folder:
        command = _command(Path(folder), scenario, ports.free(), words, "u1")
        done = subprocess.run(
            [*command, "-m", "1", "-s", number, f"127.0.0.1:{port}"],
            cwd=folder, capture_output=True, text=True, timeout=within_s, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"sipp {scenario} ended with {done.returncode}: {done.stderr[-500:]}")


def _command(folder: Path, scenario: str, port: int, words: Mapping[str, str] | None, transport: str) -> list[str]:
    """The command line. ``@word@`` is filled in a copy of the scenario: SIPp's own keywords do not reach everywhere."""
    text = (SCENARIOS / f"{scenario}.xml").read_text("utf-8")
    for word, value in {"from": "penelepon", **(words or {})}.items():
        text = text.replace(f"@{word}@", value)
    filled = folder / f"{scenario}.xml"
    filled.write_text(text, "utf-8")
    return [
        programs.sipp(), "-sf", str(filled), "-i", "127.0.0.1", "-mi", "127.0.0.1", "-p", str(port), "-t", transport,
        "-mp", str(ports.rtp_range()), "-cp", str(ports.free()), "-nostdin",
    ]  # fmt: skip


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, transport: str, log: Path) -> None:
    kind = socket.SOCK_DGRAM if transport.startswith("u") else socket.SOCK_STREAM
    deadline = time.monotonic() + _LISTENS_WITHIN_S
    while ports.is_free(port, kind):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"SIPp does not listen: {log.read_text('utf-8', 'replace')[-500:]}")
        time.sleep(0.01)  # nothing announces that a foreign program listens
