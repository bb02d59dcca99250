"""Whether the recordings of every probe can be recognised, asked in a process of its own.

Reading sound takes a hundred megabytes of libraries that the service itself never needs: its engines have them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import structlog

from siaga.config import Config, ConfigError, Located, load
from siaga.recordings import odd, useless

WITHIN_S: Final = 120.0

log = structlog.get_logger()


def unlistenable(config: Config) -> tuple[Located, ...]:
    """What is wrong with recordings that probes of the configuration need; blocks for about a second.

    What is merely odd about them (silent, known twice, beginning alike, out of date) is logged.
    """
    command = [sys.executable, "-P", "-m", __name__, str(config.path)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WITHIN_S, check=False
        )
    except subprocess.TimeoutExpired:
        return (_located(config.path, f"the recordings could not be read within {WITHIN_S:.0f} s"),)
    if done.returncode:
        return (_located(config.path, f"the recordings could not be checked: {done.stderr.strip()[-500:]}"),)
    said = json.loads(done.stdout)
    for line in said["odd"]:
        log.warning("recordings of prompts", odd=line)
    return tuple(_located(config.path, line) for line in said["wrong"])


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
    """Print what ``told`` says, and what is odd, as one JSON object."""
    strange: list[str] = []
    try:
        config = load(Path(path))
        lines = told(config)
        folders = dict.fromkeys(config.prompts_of(probe) for probe in config.probes if probe.enabled)
        strange = [said for folder in folders for said in odd(folder)]
    except ConfigError as error:
        lines = [str(wrong) for wrong in error.errors]
    json.dump({"wrong": [" ".join(line.split()) for line in lines], "odd": strange}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
