"""libfaketime: a wall clock for one process, which a test may set while the process runs."""

from __future__ import annotations

from pathlib import Path

from tests.farends import programs


class WallClock:
    """The wall clock of a process. The monotonic one stays real, as when an administrator sets the time."""

    def __init__(self, folder: Path) -> None:
        """``folder`` holds the file that says how far the clock is off. Raises Absent."""
        self._library = programs.faketime()
        self._file = folder / "wall-clock"
        self.set_by(0)

    @property
    def environment(self) -> dict[str, str]:
        """What the process is to be started with."""
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def set_by(self, seconds: float) -> None:
        """From now on it is so far ahead of the real one; at once, whatever the process does."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{seconds:+.3f}")
        fresh.replace(self._file)
