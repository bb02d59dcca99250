"""Point 1: a fresh Debian 12 folder and an ordinary user who types the README's two commands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from prove.campaign import Campaign, Result, Room
from tests.farends import install, programs
from tests.farends.programs import ROOT

PACKAGES = "git,make,python3,python3-venv,ca-certificates"
"""What the README asks for, and the certificates without which nothing can be fetched."""
USER = 1000
DEMO_S, AGAIN_S, TEST_S = 180.0, 30.0, 900.0
_PASSED_ON = re.compile(r"(PIP|UV|SSL|REQUESTS|HTTPS?|NO|ALL)_(?!.*(FIND_LINKS)).*|https?_proxy|no_proxy", re.ASCII)
_CERTIFICATES = Path("etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True)
class Debian:
    """A tree with nothing in it but Debian and an ordinary user's home."""

    tree: Path

    @property
    def home(self) -> Path:
        """The user's home, seen from outside."""
        return self.tree / "home/penguji"

    def run(self, command: str, within_s: float) -> tuple[int, float, str]:
        """Run a shell command as the user in the clone: exit code, seconds, the end of what it said."""
        words = [f"{name}={value}" for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)]
        words += ["HOME=/home/penguji", "PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "TERM=dumb"]
        inside = f"cd /home/penguji/siaga && {command}"
        mounts = f"mount -t proc proc {self.tree}/proc && mount --rbind /dev {self.tree}/dev"
        enter = f'exec chroot --userspec={USER}:{USER} {self.tree} env -i "$@"'
        began = time.monotonic()
        done = subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", f"{mounts} && {enter}", "sh",
             *words, "sh", "-c", inside],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=within_s, check=False,
        )  # fmt: skip
        return done.returncode, time.monotonic() - began, done.stdout.strip()


def bootstrap(tree: Path) -> Debian:
    """Debian 12 by mmdebstrap, with the machine's mirror, name servers and certificates."""
    options = [f"--aptopt={option}" for option in install.apt_options()]
    programs.run(
        ["mmdebstrap", "--variant=minbase", *options, f"--include={PACKAGES}", "bookworm", str(tree), install.mirror()],
        wait_s=600,
    )
    shutil.copy("/etc/resolv.conf", tree / "etc/resolv.conf")
    with (tree / "etc/passwd").open("a", encoding="utf-8") as accounts:
        accounts.write(f"penguji:x:{USER}:{USER}::/home/penguji:/bin/sh\n")
    if (own := Path("/") / _CERTIFICATES).exists():
        shutil.copy(own, tree / _CERTIFICATES)
    return Debian(tree)


def clone(debian: Debian) -> None:
    """What is committed, and nothing else."""
    target = debian.home / "siaga"
    target.parent.mkdir(parents=True)
    subprocess.run(["git", "clone", "--quiet", "--no-local", str(ROOT), str(target)], check=True)
    for path in (debian.home, *debian.home.rglob("*")):
        os.chown(path, USER, USER, follow_symlinks=False)


def run(room: Room) -> Result:
    """Both commands, each twice."""
    debian, result = bootstrap(room.folder / "debian"), Result()
    began = time.monotonic()
    clone(debian)
    code, _, said = debian.run("make demo", 600)
    took_s = time.monotonic() - began
    result.add(
        "make demo, from the clone on",
        "exit 0 within 180 s",
        f"exit {code}, {took_s:.0f} s",
        code == 0 and took_s <= DEMO_S,
    )
    result.notes += _quoted("make demo", said, 30)
    code, took_s, said = debian.run("make test", TEST_S + 60)
    result.add(
        "make test",
        "exit 0 within 15 minutes",
        f"exit {code}, {took_s:.0f} s: {_closing(said)}",
        code == 0 and took_s <= TEST_S,
    )
    result.notes += [f"- {line}" for line in said.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    result.notes += _quoted("make test", said, 25)
    for what, command in (("make demo", "sh tools/setup.sh run"), ("make test", "sh tools/setup.sh dev")):
        code, took_s, _ = debian.run(command, 300)
        result.add(
            f"{what}, second time: set-up", "< 30 s", f"exit {code}, {took_s:.1f} s", code == 0 and took_s < AGAIN_S
        )
    code, took_s, _ = debian.run("make demo", 300)
    result.add("make demo, second time", "exit 0", f"exit {code}, {took_s:.0f} s", code == 0)
    return result


def _closing(said: str) -> str:
    lines = [line for line in said.splitlines() if re.search(r"\d+ (passed|failed|error)", line)]
    return lines[-1].strip("= ") if lines else said[-200:]


def _quoted(what: str, said: str, lines: int) -> list[str]:
    return ["", f"The end of `{what}`:", "", "```", *said.splitlines()[-lines:], "```"]


CAMPAIGN = Campaign(
    "fresh",
    1,
    "Fresh Debian 12 folder (mmdebstrap), ordinary user: `make demo` exit 0; `make test` exit 0; second runs set up in "
    "< 30 s.",
    run,
)
