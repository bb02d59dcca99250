"""Services for campaigns: each world has a configuration, a database and evidence of its own; they run side by side."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from prove import audit
from tests.end_to_end.program import SIAGA, Installation
from tests.end_to_end.serving import PATIENCE_S, Service
from tests.farends.asterisk import PASSWORD
from tests.farends.postgres import Postgres
from tests.farends.programs import ROOT

URL = "UJI_BASIS_DATA"
"""The variable that holds the address of the database: it may hold a password."""


@dataclass
class World:
    """An installation with a service that can be started again and again."""

    name: str
    url: str
    folder: Path
    every_ms: dict[str, int]
    """Probe → milliseconds between its slots."""
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def engine(self) -> str:
        """The kind of database."""
        return self.url.partition(":")[0]

    @property
    def installation(self) -> Installation:
        secrets = {URL: self.url, "UJI_SANDI": PASSWORD, "PYTHONPATH": str(ROOT)}
        return Installation(self.folder, {**secrets, **self.environment})

    @property
    def evidence(self) -> Path:
        return self.folder / "evidence"

    def logs(self) -> list[Path]:
        """What each start said."""
        return sorted(self.folder.glob("serve-*.log"))

    def write(self, *lines: str) -> None:
        """Write the configuration; ``lines`` go on with ``[service]``."""
        head = ['language = "en"', "[storage]", f'url = {{ env = "{URL}" }}', "[service]", "drain_s = 1"]
        (self.folder / "siaga.toml").write_text("\n".join([*head, *lines]) + "\n", "utf-8")

    def start(self, *words: str, environment: dict[str, str] | None = None) -> Service:
        """Start a service, without waiting."""
        return Service(self.installation, command=[str(SIAGA), "serve", *words], environment=environment)

    def settle(self, long: str, short: str, active_s: float = 3.0) -> audit.Kept:
        """Have ``long`` calls end at once, like ``short`` ones; stop a last service in order. What was kept then."""
        file = self.folder / "siaga.toml"
        file.write_text(file.read_text("utf-8").replace(long, short), "utf-8")
        service = self.start()
        try:
            ready(service)
            with contextlib.suppress(subprocess.TimeoutExpired):
                service.process.wait(active_s)
            service.stop()
        finally:
            service.close()
        return audit.read(self.url)


def ready(service: Service) -> None:
    """Returns when everything stands. Raises RuntimeError as soon as the service has ended instead."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            service.systemd.wait_for("READY=1", 1.0)
        except TimeoutError:
            if service.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the service does not stand: {service.log[-2000:]}") from None
        else:
            return


def url_of(kind: str, folder: Path, server: Postgres | None) -> str:
    """The address of a new database."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'siaga.db'}"
    assert server is not None
    return server.database()


@contextlib.contextmanager
def box(folder: Path) -> Iterator[tuple[str, Path]]:
    """A contact centre in a box: its host and port, and the folder of its prompts."""
    command = [sys.executable, "-m", "lab", "--folder", str(folder), "serve", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        ready = process.stdout.readline().split()
        assert ready[:1] == ["ready"], f"the lab did not start: {ready}"
        yield ready[1].removeprefix("sip:"), folder / "prompts"
    finally:
        process.terminate()
        process.wait(10)
