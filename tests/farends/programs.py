"""Where the far ends' programs lie on this machine, or a sentence that says how to get them."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ASTERISK_TREE = Path(os.environ.get("SIAGA_ASTERISK", ROOT / ".cache" / "asterisk"))
"""A folder holding Debian's Asterisk and all its libraries; never installed into the system."""

HUMAN_VOICE = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
"""Recordings of a person: where Debian's asterisk-core-sounds-en-wav puts them."""


class Absent(Exception):
    """A program is not here; the message says how to get it."""


def run(command: list[str], wait_s: float = 300) -> str:
    """Run a command quietly. Raises Absent with the end of its output when it fails."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=wait_s, check=False, env=environment)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Absent(f"`{' '.join(command[:3])} …` did not work: {error}") from error
    if done.returncode:
        last = " / ".join((done.stderr or done.stdout).strip().splitlines()[-3:])
        raise Absent(f"`{' '.join(command[:3])} …` failed ({done.returncode}): {last}")
    return done.stdout


@dataclass(frozen=True)
class Tree:
    """Programs of another Debian, run by their own loader: needs no chroot, no root and no /etc of their own."""

    folder: Path

    @property
    def libraries(self) -> Path:
        return next((self.folder / "usr" / "lib").glob("*-linux-gnu"))

    def command(self, program: str) -> list[str]:
        """The command line that starts ``usr/sbin/asterisk`` and the like."""
        loader = next(self.libraries.glob("ld-linux-*.so.*"))
        return [str(loader), "--library-path", str(self.libraries), str(self.folder / program)]


def asterisk() -> Tree:
    """The tree with Asterisk. Raises Absent."""
    if (ASTERISK_TREE / "usr" / "sbin" / "asterisk").exists():
        return Tree(ASTERISK_TREE)
    raise Absent(
        "Asterisk is absent: run `make test` (or `make farends`) once as root on Debian; it is unpacked into .cache"
    )


def sipp() -> str:
    """The path of SIPp. Raises Absent."""
    if path := shutil.which("sipp"):
        return path
    raise Absent("SIPp is absent: apt install sip-tester (as root), or run `make test` as root on Debian")


def postgres() -> Path:
    """The folder with PostgreSQL's programs, the newest there is. Raises Absent."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    if found := shutil.which("postgres"):
        folders.append(Path(found).resolve().parent)
    for folder in reversed(folders):
        if all((folder / name).exists() for name in ("initdb", "postgres", "psql", "pg_isready")):
            return folder
    raise Absent("PostgreSQL is absent: apt install postgresql (as root), or run `make test` as root on Debian")


def faketime_libraries() -> list[Path]:
    """libfaketime for programs with threads, where Debian puts it."""
    return sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


def faketime() -> Path:
    """The library that gives one process a wall clock of its own. Raises Absent."""
    if found := faketime_libraries():
        return found[0]
    raise Absent("libfaketime is absent: apt install libfaketime (as root), or run `make test` as root on Debian")
