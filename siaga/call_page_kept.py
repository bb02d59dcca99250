"""A page beside the recording as soon as a run ends, made in a process of its own.

Sound and templates take 70 MB of libraries that the service itself never needs, and seconds of a core. That process
is told what the configuration in force says of pages: the file may have been changed since, and be wrong by now.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from probe.outcome import Evidence, Record, Timings
from probe.reasons import Verdict
from siaga.call_page_edition import Edition
from storage import evidence

if TYPE_CHECKING:
    from siaga.config import Config

NAME: Final = "page.html"
WITHIN_S: Final = 30.0
"""A page of 15 minutes takes some seconds; until it is there, the run and its target are not let go."""
YIELDS: Final = 10
"""Niceness: calls that still listen go before pages of those that ended."""

log = structlog.get_logger()


def with_page(record: Record, folder: Path, config: Config) -> Record:
    """The run with its page among the evidence, if the policy asks for one; without one when that fails."""
    wanted = config.evidence.pages
    failed = record.outcome.verdict is not Verdict.PASS
    if wanted == "none" or (wanted == "failures" and not failed):
        return record
    order = json.dumps({"folder": str(folder), "edition": asdict(Edition.of(config)), "config": config.fingerprint})
    command = [sys.executable, "-P", "-m", __name__]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, input=order, capture_output=True, encoding="utf-8", timeout=WITHIN_S, check=False
        )
        if done.returncode:
            log.error("the page of a run could not be made", said=done.stderr.strip()[-500:])
            return record
        page = evidence.seal(folder / NAME, "page")
    except (OSError, subprocess.TimeoutExpired, evidence.EvidenceError):  # the run is judged and its evidence is kept
        log.exception("the page of a run could not be made")
        return record
    return replace(record, outcome=replace(record.outcome, evidence=(*record.outcome.evidence, page)))


def main(order: str) -> int:
    """Write the page of the run whose files lie in the folder of the order."""
    from siaga.call_page import Row, made_of
    from storage.rows import figures_of

    os.nice(YIELDS)
    ordered = json.loads(order)
    place = Path(ordered["folder"])
    result = place / "result.json"
    told = json.loads(result.read_text("utf-8"))
    files = [Evidence(item["kind"], Path(item["path"]), item["sha256"]) for item in told["evidence"]]
    files.append(Evidence("result", result, evidence.digest(result)))
    row = Row(
        figures=figures_of(Timings(**told["timings"])), chain="", version=version("siaga"), config=ordered["config"]
    )
    page = made_of(row, told, files, Edition(**ordered["edition"]), place / NAME)
    evidence.write(place, NAME, page.text.encode(), "page")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.stdin.buffer.read().decode("utf-8")))
