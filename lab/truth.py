"""What really happened, one JSON line per event, for tests that measure against it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path


class Truth:
    """Appends to ``truth.jsonl``: ``mono`` (``time.monotonic()``), ``wall`` (UTC), ``call`` (Call-ID), ``event`` …"""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def log(self, event: str, call: str = "", number: str = "", at: float | None = None, **more: object) -> None:
        """Write one event; ``at`` is its monotonic instant where it was not just now."""
        now = time.monotonic()
        at = now if at is None else at
        wall = datetime.fromtimestamp(time.time() - (now - at), UTC).isoformat(timespec="microseconds")
        line = {
            "mono": round(at, 6),
            "wall": wall.replace("+00:00", "Z"),
            "call": call,
            "number": number,
            "event": event,
        }
        self._file.write(json.dumps(line | more, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()
