"""Folders that only we may write to: where another user could pre-place files, ours would be theirs."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


def shared_folder(name: str) -> Path:
    """Where all processes of this user meet: in the folder for temporary files, which ``siaga`` sets for a service.

    Not ``$XDG_RUNTIME_DIR``: it is there while its user is logged in, so that cron and a terminal would not meet.
    """
    return Path(tempfile.gettempdir()) / f"siaga-{name}-{os.getuid()}"


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
