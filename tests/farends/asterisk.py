"""A running Asterisk 22 and a handle on it: its numbers, its truth, its channels."""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.farends import asterisk_config, ports, processes, programs
from tests.farends.ami import Event, Manager
from tests.farends.asterisk_config import PASSWORD, Plan, Ports

__all__ = ["PASSWORD", "Asterisk", "Trace"]
_START_WITHIN_S = 20.0


@dataclass(frozen=True)
class Trace:
    """What the dialplan wrote down about one call: ``at`` is Unix time with microseconds."""

    what: str
    number: str
    at: float
    content: str


class Asterisk:
    """One instance with its own folder and ports, and a context manager. Raises Absent when it is not installed."""

    def __init__(self, voices: Path, certificates: Path | None = None, sip_agent: str | None = None) -> None:
        self.voices = voices
        self.folder = Path(tempfile.mkdtemp(prefix="asterisk-"))
        self.ports = Ports(
            sip=ports.free(),
            tls=ports.free(),
            tls_wrong_name=ports.free(),
            tls_expired=ports.free(),
            tls_unknown=ports.free(),
            ami=ports.free(),
            rtp=ports.rtp_range(),
        )
        tree = programs.asterisk()
        plan = Plan(tree, self.folder, voices, self.ports, certificates, sip_agent)
        self._settings = asterisk_config.write(plan)
        self._program = tree.command("usr/sbin/asterisk")
        command = [*self._program, "-f", "-n", "-C", str(self._settings)]
        self._process = processes.start(command, self.folder / "console.txt")
        try:
            self.manager = self._connect()
        except BaseException:
            self.close()
            raise

    def _connect(self) -> Manager:
        deadline = time.monotonic() + _START_WITHIN_S
        while True:
            try:
                manager = Manager(self.ports.ami)
                manager.wait_for(lambda event: event["Event"] == "FullyBooted", deadline - time.monotonic())
            except ConnectionRefusedError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"Asterisk did not start: {self.console()[-2000:]}") from error
                time.sleep(0.02)  # nothing announces that a foreign program listens
            else:
                return manager

    @property
    def pid(self) -> int:
        return self._process.pid

    def uri(self, number: str, transport: str = "udp") -> str:
        """The SIP URI of a number of the dialplan."""
        suffix = "" if transport == "udp" else f";transport={transport}"
        return f"sip:{number}@127.0.0.1:{self.ports.tls if transport == 'tls' else self.ports.sip}{suffix}"

    def console(self) -> str:
        """What Asterisk printed and logged."""
        logs = [self.folder / "console.txt", self.folder / "log" / "full"]
        return "\n".join(log.read_text("utf-8", "replace") for log in logs if log.exists())

    def channels(self) -> list[str]:
        """Names of the channels that are up now."""
        lines = self.manager.command("core show channels concise").splitlines()
        return [line.partition("!")[0] for line in lines if "!" in line]

    def wait_until_idle(self, within_s: float) -> list[str]:
        """Wait until no channel is left; returns those that are, after the time."""
        deadline = time.monotonic() + within_s
        while (left := self.channels()) and time.monotonic() < deadline:
            time.sleep(0.05)  # channels end without one event that says "none left"
        return left

    def traces(self, number: str) -> dict[str, Trace]:
        """What the dialplan wrote about the calls to a number, by the word for the instant; the last one counts."""
        return {trace.what: trace for trace in map(_trace, self.manager.events(_is_trace)) if trace.number == number}

    def wait_for_trace(self, number: str, what: str, within_s: float) -> Trace:
        """The trace of an instant, past or to come. Raises TimeoutError."""
        return _trace(
            self.manager.wait_for(
                lambda e: _is_trace(e) and e.get("Nomor") == number and e.get("Apa") == what,
                within_s,
            )
        )

    def invited_at(self, number: str) -> float:
        """Unix time at which the INVITE for a number became a channel. Raises StopIteration when none came."""
        return next(
            float(e["Timestamp"])
            for e in self.manager.events()
            if e["Event"] == "Newchannel" and e.get("Exten") == number and e["Channel"].startswith("PJSIP/")
        )

    def close(self) -> None:
        """End it; its folder goes with it."""
        if hasattr(self, "manager"):
            self.manager.close()
        processes.stop(self._process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _is_trace(event: Event) -> bool:
    return event["Event"] == "UserEvent" and event.get("UserEvent") == "Jejak"


def _trace(event: Event) -> Trace:
    return Trace(event.get("Apa", ""), event.get("Nomor", ""), float(event["Saat"]), event.get("Isi", ""))
