"""Deletes files of evidence, and folders that are empty then. Never anything outside of the evidence folder."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Final

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def unlink(root: Path, names: Iterable[str]) -> int:
    """Delete files by their path relative to ``root``; returns how many were there.

    A path that leads out of ``root`` (somebody changed a row) is left alone. Raises OSError when one cannot be deleted.
    """
    root, gone, folders = root.resolve(), 0, set[Path]()
    for name in names:
        folder = (root / name).parent.resolve()
        if not folder.is_relative_to(root) or folder == root:
            continue
        with suppress(FileNotFoundError):
            (folder / Path(name).name).unlink()
            gone += 1
        folders.add(folder)
    for folder in folders:
        with suppress(OSError):  # others still have files in it, or it is gone already
            folder.rmdir()
            folder.parent.rmdir()
    return gone


def drop_days(root: Path, before: date) -> int:
    """Delete the folders of whole days before one: what lost runs and broken-off disposals left there."""
    if not root.is_dir():
        return 0
    old = [day for day in root.iterdir() if _DAY.fullmatch(day.name) and day.name < before.isoformat()]
    for day in old:
        if day.is_dir() and not day.is_symlink():
            shutil.rmtree(day)
    return len(old)
