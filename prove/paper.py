"""Writes what a campaign found: a page per campaign in ``docs/proof/``, and the table over all of them."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from prove.campaign import Campaign, Finding, Result
from prove.groups import GROUPS, TITLES

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "proof"
_HEAD = "| point | command | figure | commit | machine | date |\n| --- | --- | --- | --- | --- | --- |"
_ROW = re.compile(r"^\| \d+ \|.*\|$", re.MULTILINE)


def write(campaign: Campaign, result: Result, took_s: float) -> Path:
    """Write the campaign's page, true figures included when it failed, and the table over all pages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    verdict = "proved" if result.good else "NOT proved"
    figure = "; ".join(f"{f.what}: {f.found}" for f in result.findings) or "nothing could be measured"
    row = [
        str(campaign.point),
        f"`make prove NAME={campaign.name}`",
        f"{verdict}. {figure}",
        commit(),
        machine(),
        today(),
    ]
    lines = [
        f"# {campaign.name}: point {campaign.point}, {verdict}", "", campaign.promise, "",
        _HEAD, "| " + " | ".join(_cell(part) for part in row) + " |", "",
        "| what | promised | found | |", "| --- | --- | --- | --- |",
        *(_line(finding) for finding in result.findings),
        "", f"Took {took_s:.0f} s.", "", *result.notes,
    ]  # fmt: skip
    page = FOLDER / f"{campaign.name}.md"
    page.write_text("\n".join(lines).rstrip() + "\n", "utf-8")
    _write_table()
    return page


def _write_table() -> None:
    lines = [
        "# What was promised and what was measured",
        "",
        "Each row is written by its campaign; the page says more.",
        "",
    ]
    for group, names in GROUPS.items():
        found = [
            (_ROW.search(page.read_text("utf-8")), page)
            for page in (FOLDER / f"{n}.md" for n in names)
            if page.exists()
        ]
        rows = sorted((int(match.group().split("|")[1]), match.group(), page) for match, page in found if match)
        lines += [f"## {TITLES[group]} (`make prove NAME={group}`)", ""]
        lines += [f"{line} {'---' if '---' in line else 'page'} |" for line in _HEAD.splitlines()]
        lines += [f"{row} [{page.stem}]({page.name}) |" for _, row, page in rows]
        lines += ["", "Not measured yet: " + ", ".join(missing) + ".", ""] if (missing := _missing(names)) else [""]
    (FOLDER / "README.md").write_text("\n".join(lines).rstrip() + "\n", "utf-8")


def _missing(names: tuple[str, ...]) -> list[str]:
    return [name for name in names if not (FOLDER / f"{name}.md").exists()]


def _line(finding: Finding) -> str:
    cells = [*map(_cell, (finding.what, finding.promised, finding.found)), "yes" if finding.good else "NO"]
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def commit() -> str:
    """The commit that was measured; a ``+`` says that there were changes on top of it."""
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ":!docs")
    return (_git("rev-parse", "--short", "HEAD") or "unknown") + ("+" if changed else "")


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def machine() -> str:
    """Cores, memory, system and Python; no names."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    return f"{os.cpu_count()} cores, {memory_gib:.0f} GiB, {system}, Python {platform.python_version()}"


def today() -> str:
    """The day in UTC."""
    return datetime.now(UTC).date().isoformat()
