"""Whether the recordings of every probe can be recognised, asked in a process of its own.

Reading sound takes a hundred megabytes of libraries that the service itself never needs: its engines have them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from siaga.config import Config, ConfigError, Located, load
from siaga.recordings import useless

WITHIN_S: Final = 120.0


def unlistenable(config: Config) -> tuple[Located, ...]:
    """What is wrong with recordings that probes of the configuration need; blocks for about a second."""
    command = [sys.executable, "-P", "-m", __name__, str(config.path)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WITHIN_S, check=False
        )
    except subprocess.TimeoutExpired:
        return (_located(config.path, f"the recordings could not be read within {WITHIN_S:.0f} s"),)
    if done.returncode:
        return (_located(config.path, f"the recordings could not be checked: {done.stderr.strip()[-500:]}"),)
    return tuple(_located(config.path, line) for line in done.stdout.splitlines())


def told(config: Config) -> list[str]:
    """One sentence for each recording that stands in the way of a probe."""
    found = {
        line: None
        for probe in config.probes
        if probe.enabled
        for line in useless(config.prompts_of(probe), probe.script)
    }
    return list(found)


def _located(path: Path, message: str) -> Located:
    return Located(str(path), 0, 0, "prompts", message)


def main(path: str) -> int:
    """Print what ``told`` says, a line each."""
    try:
        lines = told(load(Path(path)))
    except ConfigError as error:
        lines = [str(wrong) for wrong in error.errors]
    for line in lines:
        sys.stdout.write(" ".join(line.split()) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
