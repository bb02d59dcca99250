"""``python -m prove [NAME…]``: run campaigns and write their pages. Exit 1 when a promise was not kept."""

from __future__ import annotations

import contextlib
import importlib
import sys
import time
import traceback

from prove import paper
from prove.campaign import Campaign, Result, Room

MODULES = (
    "times",
    "verdicts",
    "capacity",
    "ends",
    "patience",
    "digits",
    "secure",
    "hostile",
    "wrong",
    "fresh",
    "kills",
    "down",
    "two_services",
    "lateness",
    "volume",
    "golden",
    "tamper",
    "planted",
)
"""One module per campaign, in the order they run; each holds a CAMPAIGN of the same name."""


def main(names: list[str]) -> int:
    """Run the named campaigns, or all."""
    unknown = [name for name in names if name not in MODULES]
    if unknown:
        sys.stderr.write(f"no such campaign: {', '.join(unknown)}; there are: {', '.join(MODULES)}\n")
        return 64
    kept = [_prove(importlib.import_module(f"prove.{name}").CAMPAIGN) for name in names or MODULES]
    return 0 if all(kept) else 1


def _prove(campaign: Campaign) -> bool:
    sys.stderr.write(f"prove {campaign.name}: {campaign.promise}\n")
    began = time.monotonic()
    result = _run(campaign)
    page = paper.write(campaign, result, time.monotonic() - began)
    for finding in result.findings:
        sys.stderr.write(f"  {'yes' if finding.good else 'NO '} {finding.what}: {finding.found} ({finding.promised})\n")
    sys.stderr.write(f"  written: {page.relative_to(paper.ROOT)}\n")
    return result.good


def _run(campaign: Campaign) -> Result:
    try:
        with contextlib.ExitStack() as stack:
            return campaign.run(Room(stack))
    except Exception as error:  # noqa: BLE001 a campaign that breaks is a promise not kept: its page must say so
        traceback.print_exc()
        failed = Result()
        failed.add("the campaign itself", "runs to its end", f"{type(error).__name__}: {str(error)[:300]}", False)
        return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
