"""``python -m prove [NAME…]``: run campaigns or groups and write their pages. Exit 1 when a promise was not kept."""

from __future__ import annotations

import contextlib
import importlib
import sys
import time
import traceback

from prove import paper
from prove.campaign import Campaign, Result, Room
from prove.groups import GROUPS, campaigns


def main(names: list[str]) -> int:
    """Run the named campaigns or groups, or all."""
    chosen, unknown = campaigns(names)
    if unknown:
        there_are = "; ".join(f"{group}: {', '.join(members)}" for group, members in GROUPS.items())
        sys.stderr.write(f"no such campaign: {', '.join(unknown)}; there are: {there_are}\n")
        return 64
    kept = [_prove(importlib.import_module(f"prove.{name}").CAMPAIGN) for name in chosen]
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
