"""``python -m tests.farends.install``: puts the far ends on this machine (root, Debian); else says what is missing.

Never fails: a test whose far end is absent skips with a sentence, and pytest's summary counts it.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from pathlib import Path

from tests.farends import programs, recordings
from tests.farends.programs import ASTERISK_TREE, HUMAN_VOICE, Absent, run

PACKAGES = {"mmdebstrap": "mmdebstrap", "sipp": "sip-tester", "chromium": "chromium"}
"""Program → Debian package."""
SUITE = "sid"
"""Debian 12 has no Asterisk; sid has version 22."""
MIRROR = "http://deb.debian.org/debian"
_URI = re.compile(r"^(?:URIs:\s*|deb\s+(?:\[[^]]*\]\s+)?)(?P<uri>\S+/debian)/?(?:\s|$)", re.MULTILINE)


def say(sentence: str) -> None:
    """One line for people, on stderr."""
    sys.stderr.write(f"far ends: {sentence}\n")


def apt_packages() -> None:
    """Install the missing Debian packages. Raises Absent."""
    missing = [package for program, package in PACKAGES.items() if not shutil.which(program)]
    if not any(HUMAN_VOICE.glob("*.wav")):
        missing.append("asterisk-core-sounds-en-wav")
    if not programs.faketime_libraries():
        missing.append("libfaketime")
    if not missing:
        return
    say(f"installing {', '.join(missing)} with apt")
    run(["apt-get", "update", "-q"])
    run(["apt-get", "install", "-q", "-y", "--no-install-recommends", *missing])


def postgres_packages() -> None:
    """Install PostgreSQL without a cluster of its own: the tests make theirs. Raises Absent."""
    try:
        programs.postgres()
    except Absent:
        say("installing postgresql with apt")
        # the package starts a server for the whole machine unless told before
        settings = Path("/etc/postgresql-common/createcluster.conf")
        if not settings.exists():
            settings.parent.mkdir(parents=True, exist_ok=True)
            settings.write_text("create_main_cluster = false\n")
        run(["apt-get", "update", "-q"])
        keep_ours = "Dpkg::Options::=--force-confold"
        run(["apt-get", "install", "-q", "-y", "--no-install-recommends", "-o", keep_ours, "postgresql"])


def human_recordings() -> None:
    """Fetch recordings of people in several languages for the prompts' proof and its tests, 95 MB. Raises Absent."""
    if recordings.fetched():
        return
    began = time.monotonic()
    say(f"fetching recordings of people in {', '.join(recordings.LANGUAGES)} (once, 95 MB)")
    try:
        recordings.of(recordings.LANGUAGES[0])
    except Absent:  # apt may not know its packages yet
        run(["apt-get", "update", "-q"])
    for language in recordings.LANGUAGES:
        recordings.of(language)
    say(f"they are there after {time.monotonic() - began:.0f} s")


def mirror() -> str:
    """The Debian mirror this machine uses, so that its proxy or cache serves Asterisk as well."""
    folder = Path("/etc/apt/sources.list.d")
    files = [Path("/etc/apt/sources.list"), *sorted(folder.glob("*.list")), *sorted(folder.glob("*.sources"))]
    for file in files:
        if file.exists() and (found := _URI.search(file.read_text("utf-8", "replace"))):
            return found["uri"]
    return MIRROR


def apt_options() -> list[str]:
    """The machine's apt settings that matter for a download: proxies, and old mirrors being acceptable."""
    options = ['Acquire::Check-Valid-Until "false"', 'Apt::Install-Recommends "false"', 'Acquire::Retries "3"']
    ours = re.compile(r'Acquire::(https?::(Proxy|Verify|CaInfo)|Check-Date)\b.* "[^"]+";$')
    return options + [line.rstrip(";") for line in run(["apt-config", "dump"]).splitlines() if ours.match(line)]


def asterisk_tree() -> None:
    """Unpack Asterisk into its folder, whole or not at all. Raises Absent."""
    if ASTERISK_TREE.exists():
        return
    began = time.monotonic()
    fresh = ASTERISK_TREE.with_name(f"{ASTERISK_TREE.name}.{os.getpid()}")
    fresh.parent.mkdir(parents=True, exist_ok=True)
    say(f"unpacking Asterisk from Debian {SUITE} into {ASTERISK_TREE} (once, about 30 seconds)")
    options = [f"--aptopt={option}" for option in apt_options()]
    try:
        run(["mmdebstrap", "--variant=extract", *options, "--include=asterisk", SUITE, str(fresh), mirror()])
        fresh.chmod(0o755)
        fresh.rename(ASTERISK_TREE)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    say(f"Asterisk is there after {time.monotonic() - began:.0f} s")


def main() -> int:
    """Install what can be installed; say what cannot."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        for step in (apt_packages, asterisk_tree, postgres_packages, human_recordings):
            try:
                step()
            except Absent as absent:
                say(f"{absent}. The tests that need it will skip.")
    for program in (programs.asterisk, programs.sipp, programs.postgres, programs.faketime):
        try:
            program()
        except Absent as absent:
            say(str(absent))
    return 0


if __name__ == "__main__":
    sys.exit(main())
