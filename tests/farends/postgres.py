"""A PostgreSQL server of our own, and databases in it that nobody used before."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.farends import ports, processes, programs

_START_WITHIN_S = 30.0
PASSWORD = "rahasia-pg-7351"


class Postgres:
    """One server with its own folder and port, and a context manager. Raises Absent when it is not installed.

    ``durable``: fsync as in production; without it only the loss of the whole machine could lose something.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._bin = programs.postgres()
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self.port = ports.free()
        self._durable = durable
        self._user = _unprivileged()
        self._names = itertools.count(1)
        try:
            self._initialise()
            self.start()
        except BaseException:
            self.close()
            raise

    def _initialise(self) -> None:
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        access = ["-U", "siaga", "-A", "scram-sha-256", f"--pwfile={secret}"]
        self._run(["initdb", "-D", str(self.folder / "data"), *access, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"])

    def start(self) -> None:
        """Start the server, or start it again; returns when it answers."""
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "fsync": "on" if self._durable else "off",
            "max_connections": "60",
            "shared_buffers": "32MB",
        }
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command = [str(self._bin / "postgres"), "-D", str(self.folder / "data"), *settings]
        with (self.folder / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                user=self._user.pw_uid if self._user else None,
                group=self._user.pw_gid if self._user else None,
                extra_groups=[] if self._user else None,
                preexec_fn=processes.die_with_parent,  # noqa: PLW1509 one system call, no locks
            )
        deadline = time.monotonic() + _START_WITHIN_S
        ready = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(ready, check=False).returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {self.log()[-2000:]}")
            time.sleep(0.05)  # nothing announces that a foreign program listens

    def stop(self, *, kindly: bool = True) -> None:
        """End the server: with its connections closed in order, or at once as when the machine loses its power."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT if kindly else signal.SIGQUIT)
            self._process.wait(_START_WITHIN_S)

    def database(self, template: str = "template0", encoding: str = "UTF8") -> str:
        """The address of a new database."""
        name = f"siaga_{os.getpid()}_{next(self._names)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'")
        return f"postgresql://siaga:{PASSWORD}@127.0.0.1:{self.port}/{name}"

    def drop(self, url: str) -> None:
        """Forget a database and whoever is connected to it."""
        self.sql(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Have the server's own client say something; returns what it printed. Raises CalledProcessError."""
        address = f"host=127.0.0.1 port={self.port} user=siaga dbname={database}"
        return subprocess.run(
            [str(self._bin / "psql"), "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", statement, address],
            env={"PGPASSWORD": PASSWORD, "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def log(self) -> str:
        """What the server said."""
        return (self.folder / "log.txt").read_text("utf-8", "replace")

    def close(self) -> None:
        """End it; its folder goes with it."""
        if hasattr(self, "_process"):
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, command: list[str]) -> None:
        subprocess.run(
            [str(self._bin / command[0]), *command[1:]],
            cwd="/",
            env={"LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", "/usr/bin:/bin")},
            user=self._user.pw_uid if self._user else None,
            group=self._user.pw_gid if self._user else None,
            extra_groups=[] if self._user else None,
            stdout=subprocess.DEVNULL,
            check=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _unprivileged() -> pwd.struct_passwd | None:
    """Who runs the server: it refuses root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None
