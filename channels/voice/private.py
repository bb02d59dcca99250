"""Folders that only we may write to: where another user could pre-place files, ours would be theirs."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def private_folder(folder: Path) -> Path:
    """Make the folder, or check the one that is there. Raises PermissionError when others could write to it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # not followed: a link in the temporary folder could lead anywhere, and be changed later
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise PermissionError(f"{folder} is a link, which could be changed to lead elsewhere; remove it")
    if status.st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to another user, who could change what is in it; remove it")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"others may write to {folder}; remove it, or run: chmod go-w '{folder}'")
    return folder
