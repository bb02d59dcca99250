"""Point 9: wrong configurations, one file per mistake, through the installed program."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from prove.campaign import Campaign, Result, Room
from tests.end_to_end.program import Installation, Ran
from tests.farends.programs import ROOT

FOLDER = ROOT / "tests" / "config" / "wrong"
AT_LEAST = 40


def run(room: Room) -> Result:  # noqa: ARG001 every campaign has the same signature
    """``siaga check`` on every file: exit 78, nothing on stdout, exactly the message beside it."""
    files, result = sorted(FOLDER.glob("*.toml")), Result()
    program = Installation(FOLDER, {})

    def check(file: Path) -> Ran:
        return program.run("check", "-c", file.name)

    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(files, pool.map(check, files), strict=True))
    right = [file for file, ran in found.items() if _as_written(file, ran)]
    result.add("files, one mistake each", f"≥ {AT_LEAST}", str(len(files)), len(files) >= AT_LEAST)
    result.add(
        "exit 78, empty stdout, the whole message", "all", f"{len(right)} of {len(files)}", len(right) == len(files)
    )
    result.notes += ["| mistake | told |", "| --- | --- |"]
    for file in files:
        told = file.with_suffix(".txt").read_text("utf-8").splitlines()
        more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
        result.notes.append(f"| {file.stem.replace('_', ' ')} | `{told[0].replace('|', '&#124;')}`{more} |")
    return result


def _as_written(file: Path, ran: Ran) -> bool:
    wanted = file.with_suffix(".txt").read_text("utf-8").strip()
    return ran.exit_code == 78 and not ran.stdout and ran.stderr.strip() == wanted


CAMPAIGN = Campaign(
    "wrong",
    9,
    "Wrong configurations: a table of at least 40, one file per mistake, the full message asserted.",
    run,
)
