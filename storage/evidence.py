"""Evidence on disk: a folder per run, files that are complete or absent, and their SHA-256.

``<evidence>/<YYYY-MM-DD>/<run_id>/``: folders 0700, files 0600. What is named in a result was on the disk before it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import stat
from datetime import date
from pathlib import Path
from typing import Final

from probe.outcome import Evidence

_SAFE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
"""A full disk, or a share of it that is used up."""
_BLOCK: Final = 1 << 20


class EvidenceError(Exception):
    """Evidence cannot be kept where it should be; the sentence says what to do."""


def run_folder(root: Path, run_id: str, day: date) -> Path:
    """Make the empty folder of one run; ``day`` is its date at the centre. Raises EvidenceError, FileExistsError."""
    folder = root.absolute() / day.isoformat() / safe_name(run_id)
    try:
        for parent in (root, folder.parent):
            _make_private(parent)
        folder.mkdir(mode=0o700)
        _sync_folder(folder.parent)
    except FileExistsError:
        raise
    except OSError as error:
        raise EvidenceError(
            f"the evidence folder {folder} cannot be made ({_why(error, 'check [storage] evidence and its owner')})"
        ) from error
    return folder


def write(folder: Path, name: str, data: bytes, kind: str) -> Evidence:
    """Write a file as a whole or not at all, durably. Replaces one of the same name. Raises EvidenceError."""
    path = folder / safe_name(name)
    write_whole(path, data)
    return Evidence(kind, path.absolute(), hashlib.sha256(data).hexdigest())


def write_whole(path: Path, data: bytes) -> None:
    """As ``write``, wherever a person wants the file and whatever they call it. Raises EvidenceError."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise EvidenceError(f"{path} cannot be written ({_why(error, 'check the disk and its owner')})") from error


def seal(path: Path, kind: str) -> Evidence:
    """Make a file that someone else has finished durable and private, and take its SHA-256. Raises EvidenceError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise EvidenceError(f"{path} is no ordinary file and therefore no evidence")
            os.fchmod(file.fileno(), 0o600)
            os.fsync(file.fileno())
            digest = hashlib.sha256()
            while block := file.read(_BLOCK):
                digest.update(block)
        _sync_folder(path.absolute().parent)
    except OSError as error:
        raise EvidenceError(f"{path} cannot be sealed ({_why(error, 'it is missing or not ours')})") from error
    return Evidence(kind, path.absolute(), digest.hexdigest())


def intact(evidence: Evidence) -> bool:
    """Whether the file still is what was sealed; False also when it is gone."""
    try:
        return digest(evidence.path) == evidence.sha256
    except OSError:
        return False


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal. Raises OSError, also for what is no ordinary file: we sealed none such."""
    # without O_NONBLOCK a pipe that somebody put there would be waited for
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "no ordinary file", str(path))
        return hashlib.file_digest(file, "sha256").hexdigest()


def safe_name(name: str) -> str:
    """The name itself when it can be one file in one folder. Raises EvidenceError for anything else."""
    if not _SAFE.fullmatch(name):
        raise EvidenceError(f"{name[:60]!r} is no file name; allowed: letters, digits and . _ -, at most 128")
    return name


def _why(error: OSError, advice: str) -> str:
    return "the disk is full; free some space" if error.errno in FULL else f"{error.strerror}; {advice}"


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True)
        _sync_folder(folder.absolute().parent)
    except FileExistsError:
        if not folder.is_dir():
            raise EvidenceError(f"{folder} is no folder; move it away or change [storage] evidence") from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
