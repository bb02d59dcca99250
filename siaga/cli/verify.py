"""``siaga verify``: whether the record and its evidence are what was written."""

from __future__ import annotations

from typing import Annotated

import typer

from siaga.cli.options import ConfigOption


def verify(
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per finding, nothing else.")] = False,
) -> int:
    """Check every row of the record and every file of evidence; exit 1 when one was altered or is gone."""
    from probe.words import word
    from siaga.cli import say
    from siaga.cli.exits import Exit
    from siaga.cli.recorded import recorded
    from storage.verify import Tally
    from storage.verify import verify as check

    with recorded(config, reading=True) as found:
        tally, findings = Tally(), 0
        for finding in check(found.database, found.evidence, tally, found.language):
            findings += 1
            if as_json:
                say.out_json({"what": finding.what, "where": finding.where, "sentence": finding.sentence})
            else:
                say.out(f"{finding.where}: {finding.sentence}")
        if findings:
            say.err(word("verify.found", found.language, count=findings))
            return Exit.FOUND
        if not as_json:
            values = {"rows": tally.rows, "files": tally.files, "hash": tally.head[:16]}
            say.out(word("verify.sound", found.language, **values))
    return Exit.DONE
