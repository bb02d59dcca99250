"""A page beside the recording as soon as a run ends, made in a process of its own.

Sound and templates take 70 MB of libraries that the service itself never needs, and seconds of a core.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from probe.outcome import Evidence, Record, Timings
from probe.reasons import Verdict
from storage import evidence

if TYPE_CHECKING:
    from siaga.config import Config

NAME: Final = "page.html"
WITHIN_S: Final = 120.0
"""A page of 15 minutes takes some seconds; a machine that cannot make it in this time has other troubles."""

log = structlog.get_logger()


def with_page(record: Record, folder: Path, config: Config) -> Record:
    """The run with its page among the evidence, if the policy asks for one; without one when that fails."""
    wanted = config.evidence.pages
    failed = record.outcome.verdict is not Verdict.PASS
    if wanted == "none" or (wanted == "failures" and not failed):
        return record
    command = [sys.executable, "-P", "-m", __name__, str(config.path), str(folder)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WITHIN_S, check=False
        )
        if done.returncode:
            log.error("the page of a run could not be made", said=done.stderr.strip()[-500:])
            return record
        page = evidence.seal(folder / NAME, "page")
    except (OSError, subprocess.TimeoutExpired, evidence.EvidenceError):  # the run is judged and its evidence is kept
        log.exception("the page of a run could not be made")
        return record
    return replace(record, outcome=replace(record.outcome, evidence=(*record.outcome.evidence, page)))


def main(path: str, folder: str) -> int:
    """Write the page of the run whose files lie in the folder."""
    from siaga.call_page import Row, made_of
    from siaga.config import load
    from storage.rows import figures_of

    config, place = load(Path(path)), Path(folder)
    result = place / "result.json"
    told = json.loads(result.read_text("utf-8"))
    files = [Evidence(item["kind"], Path(item["path"]), item["sha256"]) for item in told["evidence"]]
    files.append(Evidence("result", result, evidence.digest(result)))
    row = Row(
        figures=figures_of(Timings(**told["timings"])), chain="", version=version("siaga"), config=config.fingerprint
    )
    page = made_of(row, told, files, config, place / NAME)
    evidence.write(place, NAME, page.encode(), "page")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
