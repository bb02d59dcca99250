"""Recordings of people in several languages: Debian's packages of Asterisk's sounds, unpacked into ``.cache``."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tests.farends.programs import ROOT, Absent, run

FOLDER = ROOT / ".cache" / "recordings"
LANGUAGES = ("en", "es", "fr", "it", "ru")
"""en and es are the same speaker."""


def fetched() -> bool:
    """Whether all languages are here already: a test does not wait for 95 MB."""
    return all((FOLDER / language).exists() for language in LANGUAGES)


def of(language: str) -> Path:
    """The folder with one language's recordings, fetched at first use; needs apt, not root. Raises Absent."""
    folder = FOLDER / language
    if not folder.exists():
        _fetch(language, folder)
    return next((folder / "usr" / "share" / "asterisk" / "sounds").iterdir())


def _fetch(language: str, folder: Path) -> None:
    for program in ("apt-get", "dpkg-deb"):
        if not shutil.which(program):
            raise Absent(f"recordings in {language} are absent and {program} is not here: run this on Debian")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as scratch:
        # apt leaves its downloads where it is started
        package = f"asterisk-core-sounds-{language}-wav"
        run(["env", "-C", scratch, "apt-get", "download", "-q", package])
        archive = next(Path(scratch).glob("*.deb"))
        run(["dpkg-deb", "--extract", str(archive), f"{scratch}/whole"])
        Path(scratch, "whole").rename(folder)
