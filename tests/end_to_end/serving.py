"""A service as systemd runs it: ``siaga serve`` beside a contact centre in a box, with a notification socket."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.end_to_end.program import SIAGA, Installation
from tests.siaga.notify_socket import NotifySocket

PATIENCE_S = 90.0
"""For what a busy machine does at last."""
SHORT = ('{ expect = "answer", within = "6s" }',)
WAITING = (
    '{ expect = "answer", within = "10s" }',
    '{ expect = "prompt:selamat-datang", within = "10s" }',
    '{ expect = "prompt:menu-utama", within = "10s" }',
    '{ press = "1" }',
    '{ expect = "agent", within = "300s" }',
)
"""A script that stays in the queue as long as the far end lets it."""


class Lab:
    """A contact centre in a box of its own, and the diary that only it writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process = subprocess.Popen(
            [SIAGA, "lab", "--folder", folder, "--port", "0"], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        assert ready.startswith("ready sip:"), ready
        self.hostport = ready.strip().removeprefix("ready sip:")

    def events(self, name: str) -> list[dict[str, Any]]:
        """The events of that name, oldest first."""
        try:
            lines = (self.folder / "truth.jsonl").read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [event for event in map(json.loads, lines) if event["event"] == name]

    def calls_up(self) -> set[str]:
        """Call-IDs that were answered and not hung up."""
        return {e["call"] for e in self.events("answered")} - {e["call"] for e in self.events("bye")}

    def close(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=15)


class Service:
    """A running ``siaga serve``."""

    def __init__(
        self,
        installation: Installation,
        *,
        command: Sequence[str] = (),
        words: Sequence[str] = (),
        environment: dict[str, str] | None = None,
    ) -> None:
        self.installation = installation
        self.systemd = NotifySocket(_short_folder(installation.folder))
        self._log = (installation.folder / f"serve-{time.monotonic_ns()}.log").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [*(command or [str(SIAGA), "serve"]), *words],
            cwd=installation.folder,
            env={
                **os.environ,
                **installation.environment,
                "NOTIFY_SOCKET": str(self.systemd.path),
                **(environment or {}),
            },
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )

    def ready(self) -> None:
        """Returns when everything stands."""
        self._hears("READY=1")

    def hears(self, begins: str) -> str:
        """The next line to systemd that begins so."""
        return self._hears(begins)

    def _hears(self, begins: str) -> str:
        try:
            return self.systemd.wait_for(begins, PATIENCE_S)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self.log[-4000:]}") from error

    @property
    def log(self) -> str:
        """Everything it said so far."""
        return Path(self._log.name).read_text("utf-8")

    def events(self, event: str) -> list[dict[str, Any]]:
        """The lines of its log with that event."""
        found = []
        for line in self.log.splitlines():
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
        return [line for line in found if line.get("event") == event]

    def tell(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self, within_s: float = PATIENCE_S) -> int:
        """SIGTERM, and the exit code."""
        self.tell(signal.SIGTERM)
        return self.ended(within_s)

    def ended(self, within_s: float = PATIENCE_S) -> int:
        """The exit code, when it ends."""
        return self.process.wait(within_s)

    def close(self) -> None:
        """End it somehow."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait(30)
        self._log.close()
        self.systemd.close()


@contextlib.contextmanager
def serving(
    installation: Installation,
    *,
    command: Sequence[str] = (),
    words: Sequence[str] = (),
    environment: dict[str, str] | None = None,
) -> Iterator[Service]:
    """A service that stands; killed at the end when the test did not end it. ``command``: instead of siaga serve."""
    service = Service(installation, command=command, words=words, environment=environment)
    try:
        service.ready()
        yield service
    finally:
        service.close()


def probe(lab: Lab, name: str, number: str, steps: Sequence[str], **more: str) -> str:
    """One ``[[probe]]`` to a number of the box; ``more`` are further settings, TOML values."""
    settings = "".join(f"{key} = {value}\n" for key, value in more.items())
    script = "".join(f"  {step},\n" for step in steps)
    return (
        f'[[probe]]\nname = "{name}"\nchannel = "sip"\nto = "sip:{number}@{lab.hostport}"\n'
        f"{settings}script = [\n{script}]\n"
    )


def write(folder: Path, lab: Lab, *parts: str, head: str = "") -> Installation:
    """Write ``siaga.toml`` for a service beside this box."""
    folder.mkdir(exist_ok=True)
    text = f'language = "en"\nprompts = "{lab.folder / "prompts"}"\n{head}\n' + "\n".join(parts)
    (folder / "siaga.toml").write_text(text, "utf-8")
    return Installation(folder, {})


def notes(installation: Installation, kind: str) -> list[dict[str, Any]]:
    """Entries of the journal as they lie on the disk, their bodies read."""
    found = _select(installation, f"SELECT * FROM journal WHERE kind = '{kind}' ORDER BY seq")  # noqa: S608 - our own
    return [{**note, "body": json.loads(note["body"])} for note in found]


def rows(installation: Installation, where: str = "1 = 1") -> list[dict[str, Any]]:
    """Rows of the record as they lie on the disk, oldest first; none before there is a record."""
    return _select(installation, f"SELECT * FROM result WHERE {where} ORDER BY seq")  # noqa: S608 - our own


def _select(installation: Installation, statement: str) -> list[dict[str, Any]]:
    path = installation.folder / "siaga.db"
    if not path.exists():
        return []
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as connection:
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(statement)]
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise


def until(what: Callable[[], Any], named: str, service: Service | None = None, within_s: float = PATIENCE_S) -> Any:
    """Wait until something is true of another process, which announces nothing. Raises TimeoutError."""
    deadline = time.monotonic() + within_s
    while not (found := what()):
        if time.monotonic() > deadline or (service is not None and service.process.poll() is not None):
            raise TimeoutError(f"{named}\n{service.log[-6000:] if service else ''}")
        time.sleep(0.1)
    return found


def _short_folder(folder: Path) -> Path:
    """A path of a socket has 108 bytes at most, and pytest's folders are long."""
    return Path(tempfile.mkdtemp(prefix="notify-", dir=folder if len(str(folder)) < 60 else None))
