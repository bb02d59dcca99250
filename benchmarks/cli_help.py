"""How long ``siaga --help`` takes: ``.venv/bin/python benchmarks/cli_help.py``.

Prints the median of 15 starts and ends with 1 when it is 0.3 s or more.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

SIAGA = Path(sys.executable).with_name("siaga")
STARTS = 15
LIMIT_S = 0.3


def start_s() -> float:
    """Seconds of one start, in a process of its own."""
    began = time.perf_counter()
    subprocess.run([SIAGA, "--help"], stdout=subprocess.DEVNULL, check=True)  # noqa: S603 - our own program
    return time.perf_counter() - began


def main() -> int:
    """Measure after one start that fills the disk cache."""
    start_s()
    times_s = [start_s() for _ in range(STARTS)]
    median_s = statistics.median(times_s)
    sys.stdout.write(
        f"siaga --help: median {median_s:.3f} s of {STARTS} (fastest {min(times_s):.3f}, slowest {max(times_s):.3f})\n"
    )
    return int(median_s >= LIMIT_S)


if __name__ == "__main__":
    raise SystemExit(main())
